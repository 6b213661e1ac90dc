package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/internal/wire"
	"github.com/capillary-go/capillary/retry"
)

// userAgent names this module to the service.
const userAgent = "capillary-go/0.1.0 (unofficial)"

// Client calls the API of one organization with one set of credentials. It is
// safe for concurrent use, is meant to be kept for the life of the program, and
// needs no closing. Make it with [New].
type Client struct{ core *core }

// core is behind a pointer so that no way of printing a Client reaches it.
type core struct {
	base        string      // base URL without a trailing slash
	host        string      // scheme and host, for printing
	header      http.Header // of a call in JSON
	headerXML   http.Header // of a call in XML
	signed      *signed     // nil if the logins have to be asked for
	site        *url.URL    // base parsed; nil if it holds escapes
	attribution Attribution
	basic       *basicAuth // nil if the logins have to be asked for
	logins      *logins    // nil with basic
	secrets     *secrets
	paces       *paces
	transport   *transport.Transport
	policy      retry.Policy
	budget      *retry.Budget
	observers   observers
	logger      *slog.Logger // nil: none
	shared      *shared
	fault       error // why nothing can be sent
}

// shared is what all calls of a client share.
type shared struct {
	mu     sync.Mutex
	values map[string]any // by endpoint name

	rooms     sync.Pool // of *wire.Room
	exchanges sync.Pool // of *exchange
}

// room returns memory for reading the answers of one call. Nothing that the
// caller gets lies in it.
func (s *shared) room() *wire.Room {
	if room, ok := s.rooms.Get().(*wire.Room); ok {
		return room
	}
	return new(wire.Room)
}

// New returns a client for a base URL such as
// "https://eu.api.capillarytech.com". Credentials are required: one of
// [WithBasic], [WithOAuth] and [WithCredentials]. All faults come back in one
// error, each as an ArgumentError that names the option. New sends
// nothing.
func New(baseURL string, opts ...Option) (*Client, error) {
	cfg := newConfig(baseURL, opts)
	base, host, reason := parseBaseURL(cfg.baseURL, cfg.plainHTTP)
	if reason != "" {
		cfg.fault("baseURL", reason)
	}
	cfg.validate()
	if len(cfg.faults) > 0 {
		return nil, fmt.Errorf("client: %w", errors.Join(cfg.faults...))
	}
	var policy retry.Policy
	if cfg.policy != nil {
		policy = *cfg.policy
	}
	policy = policy.WithDefaults()
	budget := retry.NewBudget(0)
	c := &core{
		base:      base,
		host:      host,
		site:      siteOf(base),
		header:    cfg.baseHeader("application/json"),
		headerXML: cfg.baseHeader("application/xml"),
		paces:     newPaces(cfg),
		policy:    policy,
		budget:    budget,
		observers: newObservers(cfg),
		logger:    cfg.logger,
		shared:    &shared{values: make(map[string]any)},
		transport: transport.New(transport.Config{
			HTTPClient: cfg.httpClient,
			Timeout:    cfg.timeout,
			Policy:     policy,
			Budget:     budget,
			MaxBody:    cfg.maxBody,
			Middleware: cfg.middleware,
			Logger:     cfg.logger,
		}),
	}
	if cfg.attribution != nil {
		c.attribution = *cfg.attribution
	}
	c.setCredentials(cfg)
	c.signHeaders()
	return c.client(), nil
}

// setCredentials makes the client one of the configuration's credentials. A
// token call goes out as the client is now.
func (c *core) setCredentials(cfg *config) {
	c.basic, c.logins, c.secrets = cfg.basic, nil, newSecrets(cfg, c.header)
	caller := *c
	switch {
	case cfg.oauth != nil:
		keys := *cfg.oauth
		c.logins = &logins{fetch: func(ctx context.Context) (grant, error) { return caller.fetchToken(ctx, keys) }}
	case cfg.ask != nil:
		v := newVault(cfg.ask, defaultTimeout)
		c.logins = &logins{fetch: func(ctx context.Context) (grant, error) { return v.grant(ctx, &caller) }}
	}
}

func (c *core) client() *Client { return &Client{core: c} }

// validate notes the faults that no option can see alone.
func (cfg *config) validate() {
	if !cfg.hasCredentials() {
		cfg.fault("credentials", "are missing: use WithBasic, WithOAuth or WithCredentials")
	}
	cfg.validateCredentials()
	cfg.validatePolicy()
	if cfg.attribution != nil {
		if err := cfg.attribution.validate(cfg.basic == nil); err != nil {
			cfg.faults = append(cfg.faults, fmt.Errorf("WithAttribution: %w", err))
		}
	}
}

func (cfg *config) hasCredentials() bool {
	return cfg.basic != nil || cfg.oauth != nil || cfg.ask != nil
}

func (cfg *config) validateCredentials() {
	if cfg.basic != nil && cfg.oauth != nil || cfg.ask != nil && (cfg.basic != nil || cfg.oauth != nil) {
		cfg.fault("credentials", "must be one of WithBasic, WithOAuth and WithCredentials")
	}
}

func (cfg *config) validatePolicy() {
	if cfg.policy == nil {
		return
	}
	if err := cfg.policy.Validate(); err != nil {
		cfg.fault("WithRetry", err.Error())
	}
}

// check guards against a Client that New did not make.
func (c *Client) check() error {
	if c == nil || c.core == nil {
		return argument("Client", "must be made by New")
	}
	return c.core.fault
}

// String returns "client(https://host)".
func (c Client) String() string {
	if c.core == nil {
		return "client()"
	}
	return "client(" + c.core.host + ")"
}

// GoString returns what String does.
func (c Client) GoString() string { return c.String() }

// Format prints what String returns, whatever the verb.
func (c Client) Format(f fmt.State, verb rune) {
	text := c.String()
	if verb == 'q' {
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text)
}

// LogValue returns what String does.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
