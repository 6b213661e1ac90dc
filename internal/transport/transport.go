package transport

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/capillary-go/capillary/retry"
)

// Defaults of a [Config].
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 32 << 20
)

// Config is what a [Transport] is made of. Its zero value works.
type Config struct {
	// HTTPClient gives the round tripper, the cookie jar and a say in
	// redirects. It is copied, never changed. Nil, or one without a Transport,
	// gets a connection pool of its own: TLS 1.2 or later, verified, and the
	// proxy of the environment. Its Timeout, if shorter, bounds each attempt.
	HTTPClient *http.Client

	// Timeout bounds one attempt, from dialing to the last byte of the body.
	// Zero means 30 s.
	Timeout time.Duration

	Policy retry.Policy  // must be valid
	Budget *retry.Budget // nil means an own one of 500 tokens

	// MaxBody bounds the body of an answer in bytes, after decompression. Zero
	// means 32 MiB.
	MaxBody int64

	// Middleware wraps each attempt, below the loop and above the round tripper.
	// It does not see what Authorize sets.
	Middleware []Middleware

	// Logger gets a debug record for each attempt and a warning for each call
	// that is given up. Nil means none.
	Logger *slog.Logger
}

// Transport sends requests. It may be used from several goroutines at once.
type Transport struct {
	base     http.RoundTripper
	wrapped  http.RoundTripper // base behind the middleware; nil without any
	traced   bool              // base is known to report its connections
	alone    bool              // and no function or jar of the caller's sees a request; middleware apart
	owned    *http.Transport   // the pool made here; nil if it is the caller's
	jar      http.CookieJar
	redirect func(*http.Request, []*http.Request) error // the caller's; may be nil
	none     http.Header                                // empty, and never written

	timeout time.Duration
	policy  retry.Policy
	budget  *retry.Budget
	maxBody int64
	logger  *slog.Logger
	rigs    *sync.Pool // of *rig; they know nothing of policy and timeout
}

// New returns a Transport. The configuration must have been validated; what is
// zero gets its default.
func New(cfg Config) *Transport {
	t := &Transport{
		timeout: cfg.Timeout,
		policy:  cfg.Policy.WithDefaults(),
		budget:  cfg.Budget,
		maxBody: cfg.MaxBody,
		logger:  cfg.Logger,
		rigs:    new(sync.Pool),
		none:    make(http.Header),
	}
	if t.timeout <= 0 {
		t.timeout = DefaultTimeout
	}
	if t.budget == nil {
		t.budget = retry.NewBudget(0)
	}
	if t.maxBody <= 0 {
		t.maxBody = DefaultMaxBody
	}
	if t.logger == nil {
		t.logger = slog.New(slog.DiscardHandler)
	}
	if hc := cfg.HTTPClient; hc != nil {
		t.base, t.jar, t.redirect = hc.Transport, hc.Jar, hc.CheckRedirect
		// On the copy it would cover the body of one attempt only, but end in an
		// error that looks like the caller's deadline.
		if hc.Timeout > 0 {
			t.timeout = min(t.timeout, hc.Timeout)
		}
	}
	if t.base == nil {
		t.base, t.owned = NewPool()
	}
	pool, traced := t.base.(*http.Transport)
	t.traced = traced
	t.alone = traced && t.jar == nil && t.redirect == nil && (t.owned != nil || pool.Proxy == nil)
	t.wrapped = wrap(t.base, cfg.Middleware)
	return t
}

// With returns a Transport with another policy, and another time for one attempt
// unless that is 0. It shares all else with t.
func (t *Transport) With(policy retry.Policy, timeout time.Duration) *Transport {
	other := *t
	other.policy = policy.WithDefaults()
	if timeout > 0 {
		other.timeout = timeout
	}
	return &other
}

// CloseIdleConnections closes the connections that nobody uses, if the pool was
// made here. A pool of the caller's is left alone.
func (t *Transport) CloseIdleConnections() {
	if t.owned != nil {
		t.owned.CloseIdleConnections()
	}
}
