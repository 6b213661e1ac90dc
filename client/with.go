package client

import (
	"errors"
	"fmt"
)

// With returns a client for which some options are others, such as for one
// call:
//
//	resp, err := c.With(client.WithTimeout(5*time.Second)).Call(ctx, ep, req)
//
// or for one of several tills, which then has its own credentials. It shares
// all else with c: connections, pace, budget for retries, and what engines of
// package batch have learned. It costs little; keep the one of a till, though,
// since with it go its tokens.
//
// The options may be [WithTimeout], [WithRetry], [WithBasic], [WithOAuth],
// [WithCredentials], [WithAttribution], [WithHeader] and [WithUserAgent].
// Faults come back from every call, as from [New], and nothing is then sent.
func (c *Client) With(opts ...Option) *Client {
	if err := c.check(); err != nil {
		return failing(err)
	}
	var cfg config
	cfg.apply(opts)
	cfg.onlyForNew()
	cfg.validateCredentials()
	d := *c.core
	if cfg.attribution != nil {
		d.attribution = *cfg.attribution
	}
	basic := cfg.basic != nil || d.basic != nil && !cfg.hasCredentials()
	if err := d.attribution.validate(!basic); err != nil {
		cfg.faults = append(cfg.faults, fmt.Errorf("WithAttribution: %w", err))
	}
	cfg.validatePolicy()
	if len(cfg.faults) > 0 {
		return failing(fmt.Errorf("client: %w", errors.Join(cfg.faults...)))
	}
	if cfg.policy != nil {
		d.policy = cfg.policy.WithDefaults()
	}
	d.transport = d.transport.With(d.policy, cfg.timeout)
	d.header, d.headerXML = cfg.extend(d.header), cfg.extend(d.headerXML)
	if cfg.hasCredentials() {
		d.setCredentials(&cfg)
	} else if len(cfg.header) > 0 {
		d.secrets = deriveSecrets(d.secrets)
		d.secrets.addHeader(cfg.header)
	}
	d.signHeaders()
	return d.client()
}

// failing returns a client whose calls return err.
func failing(err error) *Client { return &Client{core: &core{fault: err}} }

// onlyForNew notes the options that change what clients share.
func (cfg *config) onlyForNew() {
	for option, given := range map[string]bool{
		"WithHTTPClient": cfg.httpClient != nil,
		"WithLogger":     cfg.logger != nil,
		"WithObserve":    len(cfg.observers) > 0,
		"WithRate":       len(cfg.rates) > 0,
		"WithLimiter":    len(cfg.limiters) > 0,
		"WithMaxBody":    cfg.maxBody != 0,
		"WithMiddleware": len(cfg.middleware) > 0,
		"WithPlainHTTP":  cfg.plainHTTP,
	} {
		if given {
			cfg.fault(option, "is for New alone")
		}
	}
}
