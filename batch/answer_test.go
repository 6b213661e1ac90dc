package batch_test

import (
	"context"
	"errors"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// kindOf is the kind of a request-level code in the tests.
func kindOf(code caperrors.Code) caperrors.Kind {
	switch code {
	case 429, 461, 503, 521:
		return caperrors.ErrTransient
	case 400:
		return caperrors.ErrInvalid
	case 401:
		return caperrors.ErrUnauthenticated
	case 403:
		return caperrors.ErrPermission
	case 404:
		return caperrors.ErrNotFound
	case 405, 415:
		return caperrors.ErrUnsupported
	case 1061, 1062, 1064:
		return caperrors.ErrMisconfigured
	case 1060:
		return caperrors.ErrOversize
	default:
		return caperrors.ErrUnrecognised
	}
}

// refuseCall refuses a call as a whole.
func refuseCall(code caperrors.Code) answer {
	return refuseCallFor(code, 0)
}

// refuseCallFor refuses a call as a whole and asks for a wait.
func refuseCallFor(code caperrors.Code, wait time.Duration) answer {
	return func(ctx context.Context, s *server, _ []bill) ([]caperrors.Verdict, error) {
		if err := s.travel(ctx, s.latency); err != nil {
			return nil, err
		}
		return nil, &caperrors.CallError{Outcome: caperrors.Refused, RequestID: "r1", Err: &caperrors.RequestError{
			Code: code, Kind: kindOf(code), Message: "no", RequestID: "r1", RetryAfter: wait,
		}}
	}
}

// failCall ends a call with an error at once.
func failCall(err error) answer {
	return func(context.Context, *server, []bill) ([]caperrors.Verdict, error) { return nil, err }
}

// notSent is a call of which no byte left.
func notSent() answer {
	return func(_ context.Context, s *server, bills []bill) ([]caperrors.Verdict, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, b := range bills {
			s.sends[b.ID]--
		}
		return nil, &caperrors.CallError{
			Outcome: caperrors.NotSent, Stop: caperrors.ErrAttemptsExhausted, Err: &caperrors.TransportError{NotSent: true, Err: errors.New("connection refused")},
		}
	}
}

// late times out, and does the work only after it: at nine tenths of as long
// again.
func late(after time.Duration) answer {
	return func(ctx context.Context, s *server, bills []bill) ([]caperrors.Verdict, error) {
		go func() {
			nap(after * 19 / 10)
			_, _ = s.take(bills) // nobody hears of it
		}()
		if err := s.travel(ctx, after); err != nil {
			return nil, err
		}
		return nil, &caperrors.CallError{
			Outcome: caperrors.Unknown, Err: &caperrors.TransportError{TimedOut: true, Err: errors.New("no answer")},
		}
	}
}

// lose does the work and loses the answer: after the latency, or by a time-out.
func lose(after time.Duration) answer {
	return func(ctx context.Context, s *server, bills []bill) ([]caperrors.Verdict, error) {
		if _, err := s.take(bills); err != nil {
			return nil, err
		}
		if err := s.travel(ctx, max(after, s.latency)); err != nil {
			return nil, err
		}
		return nil, &caperrors.CallError{
			Outcome: caperrors.Unknown, Err: &caperrors.TransportError{TimedOut: after > 0, Err: errors.New("no answer")},
		}
	}
}

// stuck never answers and does not look at its context. It is let go at the
// end of the test, since a bubble waits for its goroutines.
func stuck(release <-chan struct{}) answer {
	return func(context.Context, *server, []bill) ([]caperrors.Verdict, error) {
		<-release
		return nil, errors.New("too late")
	}
}

// slowly does the usual work with another latency.
func slowly(latency time.Duration) answer {
	return func(ctx context.Context, s *server, bills []bill) ([]caperrors.Verdict, error) {
		if err := s.travel(ctx, latency); err != nil {
			return nil, err
		}
		return s.take(bills)
	}
}

func refusedNow(code caperrors.Code) caperrors.Verdict {
	return caperrors.Verdict{Outcome: caperrors.Refused, Code: code, Kind: kindOf(code)}
}
