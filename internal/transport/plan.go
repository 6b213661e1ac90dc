package transport

import (
	"errors"
	"net/http"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// outcome is how one attempt ended.
type outcome struct {
	class      retry.Class       // what a repetition would be; None: the end is final
	effect     caperrors.Outcome // what is known of the effect at the server
	retryAfter time.Duration     // the wait that the server asked for; 0 if none
}

// state is all else that a plan depends on.
type state struct {
	policy     retry.Policy // with its defaults
	repeatable bool
	onlyUnsent bool
	tries      int           // attempts made, without the one after renewed credentials
	elapsed    time.Duration // since the first attempt
	bounded    bool          // whether the context has a deadline
	remaining  time.Duration // until it
	backoff    time.Duration // the wait that the policy drew
	jitter     float64       // drawn from [0, 1)
}

// decision is what to do after an attempt.
type decision struct {
	again bool
	wait  time.Duration  // before the next attempt
	stop  caperrors.Stop // why there is none; 0 if the answer is final by itself
}

// plan decides whether to repeat. It is pure; the budget is asked after it.
func plan(s state, o outcome) decision {
	switch {
	case o.class == retry.None:
		return decision{}
	case o.effect == caperrors.Unknown && !s.repeatable:
		return decision{stop: caperrors.ErrNotRepeatable}
	case o.effect != caperrors.NotSent && s.onlyUnsent:
		return decision{}
	}
	wait := s.backoff
	if o.retryAfter > 0 {
		wait = max(wait, o.retryAfter) + time.Duration(s.jitter*float64(min(o.retryAfter, s.policy.MaxRetryAfter))/10)
	}
	switch {
	case s.tries >= s.policy.MaxAttempts:
		return decision{stop: caperrors.ErrAttemptsExhausted}
	case o.retryAfter > s.policy.MaxRetryAfter:
		return decision{stop: caperrors.ErrRetryAfterTooLong}
	case s.policy.MaxElapsed > 0 && wait >= s.policy.MaxElapsed-s.elapsed:
		return decision{stop: caperrors.ErrRetryTimeExceeded}
	case s.bounded && wait >= s.remaining:
		return decision{stop: caperrors.ErrDeadlineTooNear}
	default:
		return decision{again: true, wait: wait}
	}
}

// classify returns what an answer's error means for repetition.
func classify(err error) (retry.Class, caperrors.Outcome) {
	var (
		request *caperrors.RequestError
		decode  *caperrors.DecodeError
		items   *caperrors.BatchError
	)
	switch {
	case errors.As(err, &request):
		return classifyRequest(request)
	case errors.As(err, &decode):
		return classifyDecode(decode)
	case errors.As(err, &items):
		return retry.None, caperrors.Applied
	default:
		return retry.None, caperrors.Unknown
	}
}

func classifyRequest(re *caperrors.RequestError) (retry.Class, caperrors.Outcome) {
	switch re.Kind {
	case caperrors.ErrTransient:
		switch re.Code {
		case caperrors.CodeCustomerBusy:
			return retry.Conflict, caperrors.Refused
		case caperrors.CodeRateLimited:
			return retry.Throttled, caperrors.Refused
		default:
			return retry.Overload, caperrors.Refused
		}
	case caperrors.ErrUncertain, caperrors.ErrQueued:
		return retry.None, caperrors.Unknown
	default:
		return retry.None, caperrors.Refused
	}
}

// classifyDecode takes any answer that is not the API's for one of its edge,
// which answers so when it sheds load: its 521 is no customer's lock.
func classifyDecode(de *caperrors.DecodeError) (retry.Class, caperrors.Outcome) {
	switch {
	case de.Kind == caperrors.ErrUnsupported: // a redirect, or a format that will not change
		return retry.None, de.Outcome
	case de.HTTPStatus == http.StatusTooManyRequests && de.Kind == caperrors.ErrTransient:
		return retry.Throttled, de.Outcome
	case de.Outcome == caperrors.Unknown, de.Kind == caperrors.ErrTransient:
		return retry.Overload, de.Outcome
	default:
		return retry.None, de.Outcome
	}
}

// worse returns what is known of two attempts together. If one is unknown, a
// refusal of the other proves nothing.
func worse(a, b caperrors.Outcome) caperrors.Outcome {
	if rank(a) >= rank(b) {
		return a
	}
	return b
}

func rank(o caperrors.Outcome) int {
	switch o {
	case caperrors.NotSent:
		return 0
	case caperrors.Refused, caperrors.Duplicate:
		return 1
	case caperrors.Applied:
		return 3
	default:
		return 2
	}
}
