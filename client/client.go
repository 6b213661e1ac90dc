package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"github.com/capillary-go/capillary/internal/transport"
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
	attribution Attribution
	basic       *basicAuth
	tokens      *tokenSource // nil with Basic
	secrets     *secrets
	paces       *paces
	transport   *transport.Transport
	policy      retry.Policy
	budget      *retry.Budget
	observers   observers
	logger      *slog.Logger // nil: none

	mu     sync.Mutex
	shared map[string]any // by endpoint name
}

// New returns a client for a base URL such as
// "https://eu.api.capillarytech.com". Credentials are required: [WithBasic] or
// [WithOAuth]. All faults come back in one error, each as an ArgumentError that
// names the option. New sends nothing.
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
	policy := cfg.policy.WithDefaults()
	budget := retry.NewBudget(0)
	c := &core{
		base:      base,
		host:      host,
		header:    cfg.baseHeader("application/json"),
		headerXML: cfg.baseHeader("application/xml"),
		basic:     cfg.basic,
		secrets:   newSecrets(cfg),
		paces:     newPaces(cfg),
		policy:    policy,
		budget:    budget,
		observers: newObservers(cfg),
		logger:    cfg.logger,
		shared:    make(map[string]any),
		transport: transport.New(transport.Config{
			HTTPClient: cfg.httpClient,
			Timeout:    cfg.timeout,
			Policy:     policy,
			Budget:     budget,
			MaxBody:    cfg.maxBody,
			Logger:     cfg.logger,
		}),
	}
	if cfg.attribution != nil {
		c.attribution = *cfg.attribution
	}
	if cfg.oauth != nil {
		c.tokens = newTokenSource(c, *cfg.oauth)
	}
	return c.client(), nil
}

func (c *core) client() *Client { return &Client{core: c} }

// validate notes the faults that no option can see alone.
func (cfg *config) validate() {
	switch {
	case cfg.basic == nil && cfg.oauth == nil:
		cfg.fault("credentials", "are missing: use WithBasic or WithOAuth")
	case cfg.basic != nil && cfg.oauth != nil:
		cfg.fault("credentials", "must be one of WithBasic and WithOAuth, not both")
	}
	if err := cfg.policy.Validate(); err != nil {
		cfg.fault("WithRetry", err.Error())
	}
	if cfg.attribution != nil {
		if err := cfg.attribution.validate(cfg.oauth != nil); err != nil {
			cfg.faults = append(cfg.faults, fmt.Errorf("WithAttribution: %w", err))
		}
	}
}

// baseHeader is what every call sends, credentials apart.
func (cfg *config) baseHeader(format string) http.Header {
	header := cfg.header.Clone()
	header.Set("Accept", format)
	header.Set("Content-Type", format)
	agent := userAgent
	if cfg.userAgent != "" {
		agent = cfg.userAgent + " " + agent
	}
	header.Set("User-Agent", agent)
	if cfg.attribution != nil {
		cfg.attribution.set(header)
	}
	return header
}

// authorize returns what puts the credentials into the attempts of one call.
func (c *core) authorize() func(context.Context, http.Header, bool) error {
	if c.tokens == nil {
		return c.basic.authorize
	}
	var last string // the token this call used last
	return func(ctx context.Context, header http.Header, renew bool) error {
		refused := ""
		if renew {
			refused = last
		}
		token, err := c.tokens.get(ctx, refused)
		if err != nil {
			return err
		}
		last = token
		header.Set(headerToken, token)
		return nil
	}
}

// check guards against a Client that New did not make.
func (c *Client) check() error {
	if c == nil || c.core == nil {
		return argument("Client", "must be made by New")
	}
	return nil
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
