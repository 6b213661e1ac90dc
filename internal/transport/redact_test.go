package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// One secret in every place of a request. However the call fails, no verb, no
// encoder and no log shows it.
func TestNoErrorShowsASecret(t *testing.T) {
	t.Parallel()
	const secret = "CANARY"
	request := func() *transport.Request {
		req := write()
		req.URL = "http://user:" + secret + "@api.test/v2/write?key=" + secret
		req.Body = []byte(secret)
		req.Authorize = func(_ context.Context, header http.Header, _ bool) error {
			header.Set("Authorization", secret)
			return nil
		}
		return req
	}
	urlError := func(inner error) error { return &url.Error{Op: "Post", URL: request().URL, Err: inner} }
	tests := map[string]struct {
		answer http.HandlerFunc
		dial   error
		change func(*transport.Request)
		client func(*http.Client)
	}{
		"refused":                           {answer: answer(200, "400")},
		"attempts used up":                  {answer: busy},
		"a page":                            {answer: answer(502, page)},
		"cut":                               {answer: cut},
		"no answer in time":                 {answer: silent},
		"no HTTP":                           {answer: hijacked("SSH-2.0\r\n")},
		"too large":                         {answer: answer(200, strings.Repeat("x", 5000))},
		"redirected":                        {answer: answer(302, "", "Location", "http://other.test/?key="+secret)},
		"redirected to nowhere":             {answer: answer(302, "", "Location", "http://[bad/?key="+secret)},
		"not connected":                     {dial: errTokens},
		"a URL in the cause":                {dial: urlError(urlError(errTokens))},
		"a URL in the text of the cause":    {dial: errors.New("proxy http://u:" + secret + "@p refused")},
		"a query in the text":               {dial: errors.New("no route to /x?key=" + secret)},
		"an address that is none":           {dial: fmt.Errorf("invalid proxy address %q: %w", "u:a "+secret+"@p", errTokens)},
		"a wrap that prints the URL":        {dial: fmt.Errorf("send: %w", urlError(errTokens))},
		"a proxy address that is not valid": {client: badProxy(secret)},
		"a URL that is none":                {change: func(r *transport.Request) { r.URL = "http://api.test/%zz?key=" + secret }},
		"a URL without a host":              {change: func(r *transport.Request) { r.URL = "/v2?key=" + secret }},
		"a header that is not valid": {change: func(r *transport.Request) {
			r.Authorize = func(_ context.Context, h http.Header, _ bool) error {
				h.Set("Authorization", secret+"\n")
				return nil
			}
		}},
		"credentials that can't be had": {change: func(r *transport.Request) {
			r.Authorize = func(context.Context, http.Header, bool) error { return urlError(errTokens) }
		}},
		"a turn that can't be had": {change: func(r *transport.Request) {
			r.Pace = func(context.Context) error { return urlError(errTokens) }
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first := test.answer
				if first == nil {
					first = ok
				}
				m, _ := serve(t, first)
				m.dialErrs = []error{test.dial, test.dial, test.dial, test.dial}
				if test.client != nil {
					test.client(m.client)
				}
				req := request()
				if test.change != nil {
					test.change(req)
				}
				var logged bytes.Buffer
				tr := transport.New(transport.Config{
					HTTPClient: m.client, MaxBody: 4096,
					Logger: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				_, err := tr.Do(t.Context(), req)
				callError(t, err)
				texts := []string{logged.String()}
				for e := err; e != nil; e = errors.Unwrap(e) {
					texts = append(texts, e.Error())
				}
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					texts = append(texts, fmt.Sprintf(verb, err))
				}
				encoded, encodeErr := json.Marshal(err)
				require.NoError(t, encodeErr)
				texts = append(texts, string(encoded))
				logged.Reset()
				slog.New(slog.NewTextHandler(&logged, nil)).Error("x", "err", err)
				texts = append(texts, logged.String())
				walk(err, func(e error) { texts = append(texts, e.Error(), fmt.Sprintf("%#v", e)) })
				for _, text := range texts {
					assert.NotContains(t, text, secret)
					assert.NotContains(t, text, "retryablehttp")
					assert.NotContains(t, text, "giving up")
				}
			})
		})
	}
}

func badProxy(secret string) func(*http.Client) {
	return func(c *http.Client) {
		c.Transport.(*http.Transport).Proxy = func(*http.Request) (*url.URL, error) {
			return nil, fmt.Errorf("invalid proxy address %q", "u:"+secret+"@p")
		}
	}
}

// walk visits an error and all that it wraps.
func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch e := err.(type) { //nolint:errorlint // a walk over the whole tree
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			walk(inner, visit)
		}
	}
}

func TestPlainCause(t *testing.T) {
	t.Parallel()
	theirs := errors.New("broken pipe")
	ours := &caperrors.DecodeError{Reason: "what? a@b"}
	tests := map[string]struct {
		err  error
		text string
		is   error // still matched
		not  error // not matched
	}{
		"a plain error stays":              {theirs, "broken pipe", theirs, nil},
		"a URL error gives its cause":      {&url.Error{URL: "http://x/?k=1", Err: theirs}, "broken pipe", theirs, nil},
		"of a URL error in another":        {&url.Error{URL: "http://x/?k=1", Err: fmt.Errorf("send: %w", &url.Error{URL: "http://x/?k=1", Err: theirs})}, "broken pipe", theirs, nil},
		"one of ours stays":                {ours, ours.Error(), ours, nil},
		"a URL is replaced":                {errors.New("proxy http://u:p@h refused it"), "proxy *** refused it", nil, nil},
		"what is quoted beside it is gone": {errors.New(`bad "u:p q@h" and "more": refused`), `bad ***: refused`, nil, nil},
		"a deadline of somebody else":      {fmt.Errorf("dial: %w", context.DeadlineExceeded), "dial: context deadline exceeded", nil, context.DeadlineExceeded},
		"a cancel of somebody else":        {context.Canceled, "context canceled", nil, context.Canceled},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := transport.PlainCause(test.err)
			if test.is != nil {
				require.ErrorIs(t, got, test.is)
			}
			if test.not != nil {
				require.NotErrorIs(t, got, test.not)
			}
			assert.Equal(t, test.text, got.Error())
		})
	}
}

func TestQuietProxy(t *testing.T) {
	t.Parallel()
	address := &url.URL{Scheme: "http", Host: "proxy.test"}
	got, err := transport.QuietProxy(func(*http.Request) (*url.URL, error) { return address, nil })(nil)
	require.NoError(t, err)
	assert.Same(t, address, got)
	_, err = transport.QuietProxy(func(*http.Request) (*url.URL, error) { return nil, errors.New("CANARY") })(nil)
	require.EqualError(t, err, "the proxy address in the environment is not valid")
}

func TestRequestsThatHTTPDoesNotAllow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*transport.Request)
		field  string
	}{
		"a URL that is none":       {func(r *transport.Request) { r.URL = "http://api.test/%zz" }, "URL"},
		"a relative URL":           {func(r *transport.Request) { r.URL = "/v2" }, "URL"},
		"a URL without a host":     {func(r *transport.Request) { r.URL = "http:///v2" }, "URL"},
		"a scheme that is no HTTP": {func(r *transport.Request) { r.URL = "ftp://api.test/" }, "URL"},
		"a method that is none":    {func(r *transport.Request) { r.Method = "GE T" }, "Method"},
		"a line break in a value":  {func(r *transport.Request) { r.Header = http.Header{"X-A": {"1\r\nX-B: 2"}} }, "Header X-A"},
		"a NUL in a value":         {func(r *transport.Request) { r.Header = http.Header{"X-A": {"\x00"}} }, "Header X-A"},
		"a blank in a name":        {func(r *transport.Request) { r.Header = http.Header{"X A": {"1"}} }, "Header"},
		"an empty name":            {func(r *transport.Request) { r.Header = http.Header{"": {"1"}} }, "Header"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, ok)
				req := write()
				test.change(req)
				_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
				ce := callError(t, err)
				assert.Equal(t, caperrors.NotSent, ce.Outcome)
				assert.Equal(t, 0, ce.Attempts)
				assert.Zero(t, ce.Stop)
				require.ErrorIs(t, err, caperrors.ErrInvalid)
				var ae *caperrors.ArgumentError
				require.ErrorAs(t, err, &ae)
				assert.Equal(t, test.field, ae.Field)
				assert.Equal(t, 0, got.count())
			})
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, answer(200, "461", "X-Cap-RequestID", "r-1"), cut, ok)
		var logged bytes.Buffer
		tr := transport.New(transport.Config{
			HTTPClient: m.client, Policy: retry.Policy{MaxRetryAfter: time.Second},
			Logger: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		_, err := tr.Do(t.Context(), write())
		require.Error(t, err)
		var records []map[string]any
		for line := range strings.Lines(logged.String()) {
			var record map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &record))
			records = append(records, record)
		}
		require.Len(t, records, 3)

		assert.Equal(t, "DEBUG", records[0]["level"])
		assert.Equal(t, "test/write", records[0]["op"])
		assert.InDelta(t, 1, records[0]["attempt"], 0)
		assert.InDelta(t, 461, records[0]["code"], 0)
		assert.Equal(t, "transient", records[0]["kind"])
		assert.Equal(t, "r-1", records[0]["request_id"])
		assert.Positive(t, records[0]["wait"])

		assert.InDelta(t, 2, records[1]["attempt"], 0)
		assert.NotContains(t, records[1], "request_id", "this attempt had no answer")
		assert.NotContains(t, records[1], "http_status")

		assert.Equal(t, "WARN", records[2]["level"])
		assert.Equal(t, "outcome unknown and not repeatable", records[2]["stop"])
		assert.Equal(t, "unknown", records[2]["outcome"])
		assert.InDelta(t, 2, records[2]["attempts"], 0)

		logged.Reset()
		_, err = tr.Do(t.Context(), write())
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(logged.String(), "\n"), "one line for a call that just works")
	})
}
