package transport_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

const ms = time.Millisecond

func TestPlan(t *testing.T) {
	t.Parallel()
	type (
		state   = transport.PlanState
		outcome = transport.PlanOutcome
	)
	refused := outcome{Class: retry.Overload, Effect: caperrors.Refused}
	unknown := outcome{Class: retry.Transport, Effect: caperrors.Unknown}
	unsent := outcome{Class: retry.Transport, Effect: caperrors.NotSent}
	asked := func(d time.Duration) outcome {
		return outcome{Class: retry.Overload, Effect: caperrors.Refused, RetryAfter: d}
	}
	tests := map[string]struct {
		state   state
		outcome outcome
		again   bool
		wait    time.Duration
		stop    caperrors.Stop
	}{
		"a transient answer is repeated after the drawn wait":    {state{Tries: 1, Backoff: 7 * ms}, refused, true, 7 * ms, 0},
		"a final answer stops without a reason":                  {state{Tries: 1}, outcome{Effect: caperrors.Refused}, false, 0, 0},
		"an unknown write is not repeated":                       {state{Tries: 1}, unknown, false, 0, caperrors.ErrNotRepeatable},
		"an unknown read is repeated":                            {state{Tries: 1, Repeatable: true, Backoff: ms}, unknown, true, ms, 0},
		"what was not sent is repeated":                          {state{Tries: 1, Backoff: ms}, unsent, true, ms, 0},
		"an engine gets a transient answer back":                 {state{Tries: 1, OnlyUnsent: true}, refused, false, 0, 0},
		"an engine gets an unknown write back with its reason":   {state{Tries: 1, OnlyUnsent: true}, unknown, false, 0, caperrors.ErrNotRepeatable},
		"an engine gets an unknown read back":                    {state{Tries: 1, OnlyUnsent: true, Repeatable: true}, unknown, false, 0, 0},
		"an engine does not see what was not sent":               {state{Tries: 1, OnlyUnsent: true, Backoff: ms}, unsent, true, ms, 0},
		"the last attempt":                                       {state{Tries: 4}, refused, false, 0, caperrors.ErrAttemptsExhausted},
		"the last but one":                                       {state{Tries: 3, Backoff: ms}, refused, true, ms, 0},
		"one attempt is never repeated":                          {state{Policy: retry.Policy{MaxAttempts: 1}, Tries: 1}, unsent, false, 0, caperrors.ErrAttemptsExhausted},
		"the server's wait counts if longer":                     {state{Tries: 1, Backoff: ms}, asked(1500 * ms), true, 1500 * ms, 0},
		"the own wait counts if longer":                          {state{Tries: 1, Backoff: 5 * time.Second}, asked(time.Second), true, 5 * time.Second, 0},
		"callers are spread by up to a tenth of the wait":        {state{Tries: 1, Jitter: 1}, asked(10 * time.Second), true, 11 * time.Second, 0},
		"without a wait of the server there is no spread":        {state{Tries: 1, Jitter: 1, Backoff: ms}, refused, true, ms, 0},
		"the longest wait that the server may ask for":           {state{Tries: 1}, asked(time.Minute), true, time.Minute, 0},
		"a longer one ends the call":                             {state{Tries: 1}, asked(time.Minute + 1), false, 0, caperrors.ErrRetryAfterTooLong},
		"the longest of all does not overflow":                   {state{Tries: 1, Jitter: 1}, asked(math.MaxInt64), false, 0, caperrors.ErrRetryAfterTooLong},
		"a wait within the elapsed time":                         {state{Policy: retry.Policy{MaxElapsed: 10}, Tries: 1, Elapsed: 4, Backoff: 5}, refused, true, 5, 0},
		"a wait that ends with the elapsed time":                 {state{Policy: retry.Policy{MaxElapsed: 10}, Tries: 1, Elapsed: 5, Backoff: 5}, refused, false, 0, caperrors.ErrRetryTimeExceeded},
		"elapsed time is over":                                   {state{Policy: retry.Policy{MaxElapsed: 10}, Tries: 1, Elapsed: 50}, refused, false, 0, caperrors.ErrRetryTimeExceeded},
		"a wait that ends before the deadline":                   {state{Tries: 1, Bounded: true, Remaining: 6, Backoff: 5}, refused, true, 5, 0},
		"a wait that ends at the deadline is not begun":          {state{Tries: 1, Bounded: true, Remaining: 5, Backoff: 5}, refused, false, 0, caperrors.ErrDeadlineTooNear},
		"the server's wait past the deadline is not begun":       {state{Tries: 1, Bounded: true, Remaining: time.Second}, asked(2 * time.Second), false, 0, caperrors.ErrDeadlineTooNear},
		"without a deadline the remaining time is not looked at": {state{Tries: 1, Remaining: -1, Backoff: 5}, refused, true, 5, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again, wait, stop := transport.Plan(test.state, test.outcome)
			assert.Equal(t, test.again, again)
			assert.Equal(t, test.wait, wait)
			assert.Equal(t, test.stop, stop)
		})
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	request := func(code caperrors.Code, kind caperrors.Kind) error {
		return &caperrors.RequestError{Code: code, Kind: kind}
	}
	decode := func(status int, kind caperrors.Kind, outcome caperrors.Outcome) error {
		return &caperrors.DecodeError{HTTPStatus: status, Kind: kind, Outcome: outcome}
	}
	items := caperrors.NewBatchError("op", 2, []*caperrors.ItemError{{Index: 1}})
	tests := map[string]struct {
		err    error
		class  retry.Class
		effect caperrors.Outcome
	}{
		"461 is overload":                           {request(461, caperrors.ErrTransient), retry.Overload, caperrors.Refused},
		"503 is overload":                           {request(503, caperrors.ErrTransient), retry.Overload, caperrors.Refused},
		"429 is throttled":                          {request(429, caperrors.ErrTransient), retry.Throttled, caperrors.Refused},
		"the edge's 429 is throttled":               {decode(429, caperrors.ErrTransient, caperrors.Refused), retry.Throttled, caperrors.Refused},
		"521 is one customer's lock":                {request(521, caperrors.ErrTransient), retry.Conflict, caperrors.Refused},
		"400 is final":                              {request(400, caperrors.ErrInvalid), retry.None, caperrors.Refused},
		"500 is final":                              {request(500, caperrors.ErrPartial), retry.None, caperrors.Refused},
		"1060 is final here":                        {request(1060, caperrors.ErrOversize), retry.None, caperrors.Refused},
		"an unlisted number is final":               {request(9999, caperrors.ErrUnrecognised), retry.None, caperrors.Refused},
		"the server itself does not know":           {request(748, caperrors.ErrUncertain), retry.None, caperrors.Unknown},
		"accepted for later":                        {request(1100, caperrors.ErrQueued), retry.None, caperrors.Unknown},
		"the edge's 503 is overload":                {decode(503, caperrors.ErrTransient, caperrors.Refused), retry.Overload, caperrors.Refused},
		"the edge's 521 is no lock":                 {decode(521, caperrors.ErrTransient, caperrors.Refused), retry.Overload, caperrors.Refused},
		"the edge's 502 is unknown":                 {decode(502, 0, caperrors.Unknown), retry.Overload, caperrors.Unknown},
		"a page under 404 is final":                 {decode(404, 0, caperrors.Refused), retry.None, caperrors.Refused},
		"a redirect is final":                       {decode(302, caperrors.ErrUnsupported, caperrors.Unknown), retry.None, caperrors.Unknown},
		"failed items are final, the call was done": {items, retry.None, caperrors.Applied},
		"an error of another kind is final":         {errors.New("other"), retry.None, caperrors.Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			class, effect := transport.Classify(test.err)
			assert.Equal(t, test.class, class)
			assert.Equal(t, test.effect, effect)
		})
	}
}
