package transport

import (
	"net/http"
	"net/url"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// PlanState and PlanOutcome are what Plan takes.
type (
	PlanState struct {
		Policy                 retry.Policy
		Repeatable, OnlyUnsent bool
		Tries                  int
		Elapsed                time.Duration
		Bounded                bool
		Remaining, Backoff     time.Duration
		Jitter                 float64
	}
	PlanOutcome struct {
		Class      retry.Class
		Effect     caperrors.Outcome
		RetryAfter time.Duration
	}
)

// Plan is the pure decision after an attempt.
func Plan(s PlanState, o PlanOutcome) (again bool, wait time.Duration, stop caperrors.Stop) {
	d := plan(state{
		policy: s.Policy.WithDefaults(), repeatable: s.Repeatable, onlyUnsent: s.OnlyUnsent, tries: s.Tries,
		elapsed: s.Elapsed, bounded: s.Bounded, remaining: s.Remaining, backoff: s.Backoff, jitter: s.Jitter,
	}, outcome{class: o.Class, effect: o.Effect, retryAfter: o.RetryAfter})
	return d.again, d.wait, d.stop
}

// Classify, PlainCause, and the pool that New makes.
func Classify(err error) (retry.Class, caperrors.Outcome) { return classify(err) }
func PlainCause(err error) error                          { return plainCause(err) }
func QuietProxy(p func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return quietProxy(p)
}
func Pool(t *Transport) *http.Transport  { return t.owned }
func Timeout(t *Transport) time.Duration { return t.timeout }

// Quotes is what tells a page that quotes the request.
func Quotes(text string, body []byte) bool { return quotes(text, body) }
