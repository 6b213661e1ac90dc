package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Credentials are what the function of [WithCredentials] returns: either a
// till's Username and plain Password, or an API client's Key and Secret. They
// are never printed.
type Credentials struct {
	Username, Password string // Basic, as in [WithBasic]
	Key, Secret        string // OAuth, as in [WithOAuth]

	// Expires is when to ask for the next ones. Zero: not before the server
	// refuses these.
	Expires time.Time
}

// String returns "credentials(hidden)".
func (Credentials) String() string { return "credentials(hidden)" }

// GoString returns what String does.
func (c Credentials) GoString() string { return c.String() }

// Format prints what String returns, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns what String does.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText returns what String does.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// check returns what is wrong, without quoting anything.
func (c Credentials) check() string {
	basic, oauth := c.Username != "" || c.Password != "", c.Key != "" || c.Secret != ""
	switch {
	case basic == oauth:
		return "must be either Username and Password or Key and Secret"
	case basic:
		return checkBasic(c.Username, c.Password)
	case c.Key == "" || c.Secret == "":
		return "Key and Secret must not be empty"
	default:
		return ""
	}
}

// vault asks the caller's function, never twice at once.
type vault struct {
	ask     func(context.Context) (Credentials, error)
	timeout time.Duration
	busy    chan struct{} // full while the function runs
}

func newVault(ask func(context.Context) (Credentials, error), timeout time.Duration) *vault {
	return &vault{ask: ask, timeout: timeout, busy: make(chan struct{}, 1)}
}

var errAskedTooLong = errors.New("the function took too long")

// credentials asks the function. One that does not return when its context ends
// is not waited for; until it returns there is no other.
func (v *vault) credentials(ctx context.Context) (Credentials, error) {
	bounded, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	late := func() error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &caperrors.CredentialsError{TimedOut: true, Err: errAskedTooLong}
	}
	select {
	case v.busy <- struct{}{}:
	case <-bounded.Done():
		return Credentials{}, late()
	}
	type answer struct {
		credentials Credentials
		err         error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: errPanicked}
		defer func() {
			if recover() != nil { // its value may hold a secret
				a = answer{err: errPanicked}
			}
			answers <- a
			<-v.busy
		}()
		a.credentials, a.err = v.ask(bounded)
	}()
	select {
	case a := <-answers:
		return a.credentials, v.failure(ctx, a.credentials, a.err)
	case <-bounded.Done():
		return Credentials{}, late()
	}
}

var errPanicked = errors.New("the function did not return")

// failure returns what is wrong with an answer of the function, or nil.
func (v *vault) failure(ctx context.Context, c Credentials, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &caperrors.CredentialsError{TimedOut: errors.Is(err, context.DeadlineExceeded), Err: err}
	}
	if reason := c.check(); reason != "" {
		return &caperrors.CredentialsError{Err: argument("Credentials", reason)}
	}
	return nil
}

// grant asks for credentials, and with OAuth for a token.
func (v *vault) grant(ctx context.Context, c *core) (grant, error) {
	got, err := v.credentials(ctx)
	if err != nil {
		return grant{}, err
	}
	if got.Key == "" {
		basic := newBasicAuth(got.Username, got.Password)
		c.secrets.learn(basic.secrets...)
		return grant{login: login{headerBasic, basic.value}, until: got.Expires}, nil
	}
	c.secrets.learn(got.Secret, got.Key)
	g, err := c.fetchToken(ctx, oauthKeys{key: got.Key, secret: got.Secret})
	if err == nil && !got.Expires.IsZero() && got.Expires.Before(g.ends) {
		g.ends = got.Expires
		if g.ends.Before(g.until) {
			g.until = g.ends
		}
	}
	return g, err
}
