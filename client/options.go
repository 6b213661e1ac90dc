package client

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/capillary-go/capillary/retry"
)

const (
	defaultTimeout = 30 * time.Second
	defaultMaxBody = 32 << 20
)

// Option sets something of a [Client]. Options are checked by [New], all at
// once. Of an option given twice the later one holds.
type Option func(*config)

// config is what the options fill in.
type config struct {
	baseURL     string
	plainHTTP   bool
	basic       *basicAuth
	oauth       *oauthKeys
	ask         func(context.Context) (Credentials, error)
	timeout     time.Duration
	policy      *retry.Policy
	httpClient  *http.Client
	logger      *slog.Logger
	observers   []func(context.Context, Event) context.Context
	userAgent   string
	header      http.Header
	attribution *Attribution
	rates       map[string]int
	limiters    map[string]Limiter
	maxBody     int64
	middleware  []func(http.RoundTripper) http.RoundTripper
	faults      []error
}

func newConfig(baseURL string, opts []Option) *config {
	cfg := &config{baseURL: baseURL, timeout: defaultTimeout, maxBody: defaultMaxBody}
	cfg.apply(opts)
	return cfg
}

func (cfg *config) apply(opts []Option) {
	cfg.header = make(http.Header)
	cfg.rates, cfg.limiters = make(map[string]int), make(map[string]Limiter)
	for _, opt := range opts {
		if opt != nil {
			opt(cfg)
		}
	}
}

// fault notes what is wrong with an option. Reasons never quote a secret.
func (cfg *config) fault(option, reason string) {
	cfg.faults = append(cfg.faults, argument(option, reason))
}

// WithBasic sets the credentials of a till: its name and its plain password.
// What goes over the wire is the lower-case hex MD5 of the password, as the API
// wants it. A client needs one of this, [WithOAuth] and [WithCredentials].
func WithBasic(user, password string) Option {
	return func(cfg *config) {
		cfg.basic = newBasicAuth(user, password)
		if reason := checkBasic(user, password); reason != "" {
			cfg.fault("WithBasic", reason)
		}
	}
}

// WithOAuth sets the key and secret of an API client. Tokens are fetched when
// first needed, shared by all calls, renewed before their life is over, and
// renewed once more if the server refuses one. While a renewal fails, the token
// serves until its life is over.
func WithOAuth(key, secret string) Option {
	return func(cfg *config) {
		cfg.oauth = &oauthKeys{key: key, secret: secret}
		if key == "" || secret == "" {
			cfg.fault("WithOAuth", "key and secret must not be empty")
		}
	}
}

// WithCredentials lets a function give the credentials, for those that stand in a
// vault or change. It is called when they are first needed, with OAuth before
// each token call, when they expire, and once more in a call that the server
// refuses with 401 or 498. All calls share what it returns; it is never called
// twice at once. It may take 30 s, and must return soon after its context ends,
// which is when nobody waits for it any more. If it fails, calls fail with a
// [caperrors.CredentialsError] and are not sent; its error's text is not shown.
// If it returns the till that was just refused, that is not sent again.
func WithCredentials(ask func(ctx context.Context) (Credentials, error)) Option {
	return func(cfg *config) {
		cfg.ask = ask
		if ask == nil {
			cfg.fault("WithCredentials", "must not be nil")
		}
	}
}

// WithTimeout bounds one attempt, from dialing to the last byte of the answer.
// It must be positive. The default is 30s. The time of a whole call is bounded
// by its context and by the retry policy.
func WithTimeout(d time.Duration) Option {
	return func(cfg *config) {
		cfg.timeout = d
		if d <= 0 {
			cfg.fault("WithTimeout", "must be positive")
		}
	}
}

// WithRetry sets how often and how long a call is tried. Fields that are zero
// have the defaults of [retry.Policy].
//
// There is no circuit breaker, which counts failures and then refuses all calls
// for a time. The budget does what is wanted of it without its price: in an
// outage repetition dies out (when half of the attempts fail, to 1.07 requests a
// call; when all fail, to one), while first attempts go on, so that the client
// sees at once when the service is back, and one bad endpoint does not close the
// others. Answers with status 429 cost the budget less, as in the AWS SDKs (1.2
// requests a call if half of them were refused so), since the pace follows them:
// see [WithRate]. Where a
// program must stop calling altogether, put a breaker around its own calls, such
// as github.com/sony/gobreaker: it sees what a call came to, and
// [caperrors.ErrTransient] tells it what to count. Within [WithMiddleware] it
// would see HTTP alone, whose status is no verdict here.
func WithRetry(policy retry.Policy) Option {
	return func(cfg *config) { cfg.policy = &policy }
}

// WithHTTPClient sets the HTTP client, for a transport of your own. It is
// copied and never changed. Its transport must not repeat requests by itself,
// and bounds what goes on at once: with the default of [http.Transport] two
// connections outlast their call.
//
// Without it, or if its Transport is nil, the client has a pool of its own: TLS
// 1.2 or later, HTTP/2 where the server has it, the proxy of the environment,
// 256 connections that are kept for 45 s without a call, and no bound on those
// in use. Each holds some 70 KiB with HTTP/1.1.
func WithHTTPClient(hc *http.Client) Option {
	return func(cfg *config) {
		if hc == nil {
			cfg.fault("WithHTTPClient", "must not be nil")
		}
		cfg.httpClient = hc
	}
}

// WithUserAgent names the calling program, such as "till-sync/2.1". It stands
// before this module's own name in the User-Agent header.
func WithUserAgent(name string) Option {
	return func(cfg *config) {
		cfg.userAgent = name
		if reason := checkHeaderValue(name); reason != "" {
			cfg.fault("WithUserAgent", reason)
		}
	}
}

// WithHeader sets a header of every call. Headers that the client sets itself,
// such as Authorization or Content-Type, are refused. The value may be a key: if
// it has 8 characters or more, texts of the server that quote it are blanked.
func WithHeader(name, value string) Option {
	return func(cfg *config) {
		cfg.header.Set(name, value)
		if reason := checkHeaderName(name); reason != "" {
			cfg.fault("WithHeader", reason)
		}
		if reason := checkHeaderValue(value); reason != "" {
			cfg.fault("WithHeader", name+": "+reason)
		}
	}
}

// WithAttribution sets for whom calls act, unless a [Request] says otherwise.
func WithAttribution(a Attribution) Option {
	return func(cfg *config) { cfg.attribution = &a }
}

// WithRate paces the calls of one endpoint, named as in [Endpoint.Name], or of
// [AllEndpoints]: all calls of this client to it together, attempts and token
// calls counted, evenly spread, first come first served. A call waits for both
// its endpoint's turn and that of all. The number must be positive. Without it
// there is no pace; the documented figures stand in [Endpoint.Rates].
//
// An answer with HTTP status 429 slows its endpoint down, with or without a
// rate: to half of the calls of the last second, and up again by 5 % for each
// second without one, until the rate is reached, or without a rate what was too
// much; with a Retry-After nothing goes out until then. A wait that cannot end
// before a call's deadline is not begun: [caperrors.ErrDeadlineTooNear].
func WithRate(endpoint string, callsPerMinute int) Option {
	return func(cfg *config) {
		cfg.rates[endpoint] = callsPerMinute
		if endpoint == "" {
			cfg.fault("WithRate", "endpoint must not be empty")
		}
		if callsPerMinute <= 0 {
			cfg.fault("WithRate", "calls per minute must be positive")
		}
	}
}

// WithLimiter holds back the calls of one endpoint, or of [AllEndpoints], by a
// limiter of your own, such as one that several processes share. It is asked
// after the client's own pace, before each attempt. A job of package batch
// stops with its error. [Limiter] tells which errors mean that a call's deadline
// is too near.
func WithLimiter(endpoint string, limiter Limiter) Option {
	return func(cfg *config) {
		cfg.limiters[endpoint] = limiter
		if endpoint == "" {
			cfg.fault("WithLimiter", "endpoint must not be empty")
		}
		if limiter == nil {
			cfg.fault("WithLimiter", "limiter must not be nil")
		}
	}
}

// WithMiddleware wraps what sends an attempt, for headers, signatures or a cache
// of your own. It is called once, by [New]; given several times the first one
// is the outermost. What it returns sees every attempt of every call, after the
// client has made the request, and the answer before the client reads it, which
// it may do from several goroutines at once. It keeps the contract of
// [http.RoundTripper], and:
//
//   - It returns a round tripper; nil leaves next as it is.
//   - It changes a clone of the request, never the request itself.
//   - It calls next at most once, with the context of the request and the host
//     it was given; otherwise the attempt fails. Repetition is the client's
//     business, which counts what is sent.
//   - If it returns an error without calling next, nothing was sent, and the
//     call is not tried again.
//   - It does not see credentials: they are added behind it. The calls for
//     OAuth tokens, which have them in the body, do not pass through it. What
//     must see them goes below, into the transport of [WithHTTPClient].
//
// Time-outs, the bound on bodies and the rule on redirects hold for what it
// returns, too.
func WithMiddleware(wrap func(next http.RoundTripper) http.RoundTripper) Option {
	return func(cfg *config) {
		cfg.middleware = append(cfg.middleware, wrap)
		if wrap == nil {
			cfg.fault("WithMiddleware", "must not be nil")
		}
	}
}

// WithMaxBody bounds the size of an answer in bytes, after decompression. It
// must be positive. The default is 32 MiB. A longer answer is an error of
// unknown outcome.
func WithMaxBody(bytes int64) Option {
	return func(cfg *config) {
		cfg.maxBody = bytes
		if bytes <= 0 {
			cfg.fault("WithMaxBody", "must be positive")
		}
	}
}

// WithPlainHTTP allows a base URL that begins with http:// on any host.
// Credentials then travel in the clear. Without it only loopback hosts may.
func WithPlainHTTP() Option {
	return func(cfg *config) { cfg.plainHTTP = true }
}
