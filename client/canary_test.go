package client_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/retry"
)

// What is told to a client in confidence, beside its credentials.
const (
	queryCanary  = "query-canary-4711"
	bodyCanary   = "body-canary-4711"
	headerCanary = "header-canary-4711"
	proxyCanary  = "proxy-canary-4711"
	infoCanary   = "userinfo-canary-4711"
	tillCanary   = "till-canary-4711"
)

// confidences are the credentials, as given and as sent, and headers of the
// caller's own, which often are keys.
func confidences() []string {
	return append([]string{key, headerCanary, tillCanary, proxyCanary, infoCanary}, secrets...)
}

// canaryCall is one way to call with a canary in body or query.
type canaryCall func(ctx context.Context, c *client.Client) (shown []any, err error)

func canaryCalls(t *testing.T) map[string]canaryCall {
	t.Helper()
	item := map[string]any{"identifierType": "mobile", "identifierValue": "c-1", "billNumber": "b-1", "note": bodyCanary}
	inXML := client.V1TransactionAdd
	inXML.XML = true
	return map[string]canaryCall{
		"Call that writes": func(ctx context.Context, c *client.Client) ([]any, error) {
			resp, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: item, Query: url.Values{"source": {queryCanary}}})
			return shownOf(resp), err
		},
		"Call that reads": func(ctx context.Context, c *client.Client) ([]any, error) {
			resp, err := c.Call(ctx, client.CustomerByID, client.Request{
				Path: map[string]string{"id": "1"}, Query: url.Values{"source": {queryCanary}},
			})
			return shownOf(resp), err
		},
		"Send": func(ctx context.Context, c *client.Client) ([]any, error) {
			b, err := client.Send(ctx, c, client.TransactionsBulk, []any{item, item})
			if b == nil {
				return nil, err
			}
			form, _ := json.Marshal(b)
			shown := []any{b.Diagnostics, string(form)}
			for _, v := range b.Verdicts {
				shown = append(shown, v.Message, v.Warnings, v.Diagnostic)
			}
			return shown, err
		},
		"Send in XML": func(ctx context.Context, c *client.Client) ([]any, error) {
			_, err := client.Send(ctx, c, inXML, []any{item})
			return nil, err
		},
		"Bulk": func(ctx context.Context, c *client.Client) ([]any, error) {
			_, err := c.Bulk(client.TransactionsBulk).Send(ctx, [][]byte{encoded(t, item)})
			return nil, err
		},
	}
}

// shownOf returns the parts of a response that a program may log. Raw is the
// server's answer, and known to be.
func shownOf(resp *client.Response) []any {
	if resp == nil {
		return nil
	}
	form, _ := json.Marshal(resp)
	return []any{resp.Message, resp.Warnings, resp.Diagnostics, string(form)}
}

// quotes returns the credentials that a request brought, key and secret in a
// body included.
func quotes(r *http.Request) string {
	b := &strings.Builder{}
	for name, values := range r.Header {
		if name == "Authorization" || strings.HasPrefix(strings.ToUpper(name), "X-") {
			b.WriteString(" " + strings.Join(values, " "))
		}
	}
	if strings.HasSuffix(r.URL.Path, "/oauth/token/generate") {
		body, _ := io.ReadAll(r.Body)
		var sent struct{ Key, Secret string }
		_ = json.Unmarshal(body, &sent)
		b.WriteString(" " + sent.Key + " " + sent.Secret)
	}
	_, hash, _ := r.BasicAuth()
	return b.String() + " " + hash
}

// reply is a hostile server's answer to a request whose credentials it quotes.
type reply func(quoted string) (status int, header map[string]string, body string)

func hostileReplies() map[string]reply {
	page := func(status int, kind, format string) reply {
		return func(quoted string) (int, map[string]string, string) {
			return status, map[string]string{"Content-Type": kind}, fmt.Sprintf(format, quoted)
		}
	}
	inHeader := func(status int, names ...string) reply {
		return func(quoted string) (int, map[string]string, string) {
			header := map[string]string{}
			for word := range strings.FieldsSeq(quoted) { // the last one stands
				for _, name := range names {
					header[name] = word
				}
			}
			return status, header, `{"errors":[{"code":400,"message":"no"}]}`
		}
	}
	const json, html, xml = "application/json", "text/html", "application/xml"
	return map[string]reply{
		"a message":                page(400, json, `{"errors":[{"status":false,"code":400,"message":"no %s"}]}`),
		"a busy message":           page(200, json, `{"errors":[{"status":false,"code":461,"message":"busy %s"}]}`),
		"a message on credentials": page(401, json, `{"errors":[{"status":false,"code":401,"message":"bad %s"}]}`),
		"an expired token":         page(200, json, `{"success":"true","errors":[{"code":498,"message":"old %s"}]}`),
		"an item's message":        page(200, json, `{"response":[{"errors":[{"code":8015,"message":"no %[1]s"}]},{"errors":[{"code":8015,"message":"no %[1]s"}]}]}`),
		"an item's warning":        page(200, json, `{"response":[{"entityId":1,"errors":[],"warnings":[{"code":1,"message":"odd %s"}]}]}`),
		"a warning of one":         page(200, json, `{"createdId":1,"errors":[],"warnings":[{"code":1,"message":"odd %s"}]}`),
		"a status of v1.1":         page(200, json, `{"response":{"status":{"success":"false","code":500,"message":"no %s"}}}`),
		"a status of v1.1 in XML":  page(200, xml, `<response><status><success>false</success><code>500</code><message>no %s</message></status></response>`),
		"a member's name":          page(200, json, `{"%[1]s":{"%[1]s":[]},"errors":[{"%[1]s":1}]}`),
		"an id":                    page(200, json, `{"response":[{"entityId":"%[1]s","billNumber":"%[1]s","errors":[]}],"totalCount":"%[1]s"}`),
		"a code":                   page(200, json, `{"errors":[{"code":"%[1]s","message":"%[1]s"}]}`),
		"a page":                   page(200, html, `<html>%s`),
		"a page of a gateway":      page(502, html, `<html>%s`),
		"a plain text":             page(503, "text/plain", `%s`),
		"JSON that breaks off":     page(200, json, `{"errors":[{"code":400,"message":"%s`),
		"XML that breaks off":      page(200, xml, `<response><status><message>%s`),
		"a token in an odd form":   page(200, json, `{"data":{"accessToken":"%s\n","ttlSeconds":"%[1]s"}}`),
		"the request's id":         inHeader(400, "X-Cap-Requestid"),
		"the media type":           inHeader(502, "Content-Type"),
		"when to come back":        inHeader(503, "Retry-After", "Date"),
		"a redirect":               inHeader(307, "Location"),
		"an encoding":              inHeader(200, "Content-Encoding"),
	}
}

// A gateway's page quotes the address that was asked for.
func TestNoQueryIsToldByAPageThatQuotesTheAddress(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{
		"in full":      `<html>You don't have permission to access "%s" on this server.`,
		"as a link":    `<html><a href='%s'>back</a>`,
		"as the end":   `no service for %s`,
		"as a request": "<html>GET %s HTTP/1.1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.intercept = func(r *http.Request) *http.Response {
				resp := answer(http.StatusForbidden, fmt.Sprintf(page, r.URL))
				resp.Header.Set("Content-Type", "text/html")
				return resp
			}
			_, err := w.client(t).Call(t.Context(), client.CustomerLookup, client.Request{
				Query: url.Values{"identifierName": {"externalId"}, "identifierValue": {queryCanary}},
			})
			require.Error(t, err)
			assert.Contains(t, err.Error(), "/v2/customers/lookup?***")
			for _, text := range everyForm(err) {
				assert.NotContains(t, text, queryCanary)
			}
		})
	}
}

// rawReplies are what a server may write that is not HTTP.
func rawReplies() map[string]string {
	return map[string]string{
		"a status line":          "%s\r\n\r\n",
		"a status":               "HTTP/1.1 %s\r\n\r\n",
		"a header line":          "HTTP/1.1 200 OK\r\n%s\r\n\r\n",
		"a header's name":        "HTTP/1.1 200 OK\r\nX %s: 1\r\n\r\n",
		"a length":               "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"a transfer encoding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
		"a chunk":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
		"a compressed body":      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n%s",
		"a second answer":        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 %s\r\n\r\n",
		"an answer to the proxy": "HTTP/1.1 407 %s\r\nProxy-Authenticate: %[1]s\r\nContent-Length: 0\r\n\r\n",
	}
}

// canary checks all that a program gets to see of one failed call.
func canary(t *testing.T, call canaryCall, quotesInput bool, newClient func(...client.Option) (*client.Client, error)) {
	t.Helper()
	var text, encodedLog bytes.Buffer
	var rec recorder
	debug := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	opts := []client.Option{
		client.WithRetry(retry.Policy{MaxAttempts: 2}), client.WithTimeout(time.Minute), client.WithHeader("X-Api-Key", headerCanary),
		client.WithLogger(slog.New(both{slog.NewTextHandler(&text, debug), slog.NewJSONHandler(&encodedLog, debug)})), client.WithObserve(rec.observe),
	}
	c, err := newClient(opts...)
	require.NoError(t, err)
	c = c.With(client.WithHeader("X-Till-Key", tillCanary))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	shown, err := call(ctx, c)
	logs := []string{text.String(), encodedLog.String()}
	require.NotEmpty(t, logs[0])
	said := append([]string(nil), logs...)
	for _, v := range append(shown, err) {
		said = append(said, fmt.Sprintf("%v", v))
	}
	for ; err != nil; err = errors.Unwrap(err) {
		said = append(said, everyForm(err)...)
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			for _, inner := range several.Unwrap() {
				said = append(said, everyForm(inner)...)
			}
		}
	}
	for _, e := range rec.all() { // their errors are most of what they print
		form, err := json.Marshal(e)
		require.NoError(t, err)
		said = append(said, fmt.Sprintf("%v %+v %#v", e, e, &e), string(form))
	}
	hidden := confidences()
	for _, line := range said {
		for _, h := range hidden {
			require.NotContains(t, line, h)
		}
		require.NotContains(t, line, "eyJ", "a token")
		if !quotesInput {
			require.NotContains(t, line, queryCanary)
			require.NotContains(t, line, bodyCanary)
		}
	}
	for _, line := range logs {
		require.NotContains(t, line, queryCanary)
		require.NotContains(t, line, bodyCanary)
	}
}

// both hands records to two handlers.
type both [2]slog.Handler

func (b both) Enabled(ctx context.Context, l slog.Level) bool { return b[0].Enabled(ctx, l) }

func (b both) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b[0].Handle(ctx, r.Clone()), b[1].Handle(ctx, r))
}

func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(attrs), b[1].WithAttrs(attrs)}
}

func (b both) WithGroup(name string) slog.Handler {
	return both{b[0].WithGroup(name), b[1].WithGroup(name)}
}

// eachCanary runs a check for every way to call and both kinds of credentials.
func eachCanary(t *testing.T, quotesInput bool, world func(t *testing.T) (url string, hc *http.Client)) {
	t.Helper()
	given := func(c client.Credentials) client.Option {
		return client.WithCredentials(func(context.Context) (client.Credentials, error) { return c, nil })
	}
	kinds := map[string]client.Option{
		"Basic":               client.WithBasic(till, password),
		"OAuth":               client.WithOAuth(key, secret),
		"Basic of a function": given(client.Credentials{Username: till, Password: password}),
		"OAuth of a function": given(client.Credentials{Key: key, Secret: secret}),
	}
	for name, call := range canaryCalls(t) {
		for kind, credentials := range kinds {
			if strings.Contains(kind, "function") && name != "Call that writes" {
				continue // what follows is the same
			}
			t.Run(name+" with "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					address, hc := world(t)
					canary(t, call, quotesInput, func(opts ...client.Option) (*client.Client, error) {
						return client.New(address, append(opts, credentials, client.WithHTTPClient(hc))...)
					})
				})
			})
		}
	}
}

func TestNoSecretIsToldWhateverTheSimulatorDoes(t *testing.T) {
	t.Parallel()
	credentials := clienttest.Options{Username: till, Password: password, Key: key, Secret: secret}
	with := func(change func(*clienttest.Options)) clienttest.Options {
		o := credentials
		change(&o)
		return o
	}
	tests := map[string]clienttest.Options{
		"nothing":               credentials,
		"other credentials":     with(func(o *clienttest.Options) { o.Password, o.Secret = "x", "x" }),
		"a token of short life": with(func(o *clienttest.Options) { o.TokenTTL = time.Nanosecond; o.Username = "" }),
		"a batch limit":         with(func(o *clienttest.Options) { o.BatchLimit = 1 }),
		"a rate":                with(func(o *clienttest.Options) { o.CallsPerMinute = 1; o.RetryAfter = time.Hour }),
		"latency":               with(func(o *clienttest.Options) { o.Latency = 2 * time.Minute }),
		"an item busy":          with(func(o *clienttest.Options) { o.Faults.ItemBusy = 1 }),
		"rate limited":          with(func(o *clienttest.Options) { o.Faults.RateLimited = 1 }),
		"authz unavailable":     with(func(o *clienttest.Options) { o.Faults.AuthzUnavailable = 1 }),
		"search busy":           with(func(o *clienttest.Options) { o.Faults.SearchBusy = 1 }),
		"customer busy":         with(func(o *clienttest.Options) { o.Faults.CustomerBusy = 1 }),
		"cut before":            with(func(o *clienttest.Options) { o.Faults.CutBefore = 1 }),
		"cut after":             with(func(o *clienttest.Options) { o.Faults.CutAfter = 1 }),
		"a page of the edge":    with(func(o *clienttest.Options) { o.Faults.EdgeHTML = 1 }),
		"garbled":               with(func(o *clienttest.Options) { o.Faults.Garbled = 1 }),
	}
	for name, opts := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachCanary(t, false, func(t *testing.T) (string, *http.Client) {
				t.Helper()
				srv := clienttest.New(opts).InMemory()
				t.Cleanup(func() { _ = srv.Close() })
				return srv.URL, srv.HTTPClient()
			})
		})
	}
}

func TestNoSecretIsToldWhateverAHostileServerQuotes(t *testing.T) {
	t.Parallel()
	for name, reply := range hostileReplies() {
		for _, tokenToo := range []bool{false, true} {
			t.Run(name+" token too "+strconv.FormatBool(tokenToo), func(t *testing.T) {
				t.Parallel()
				eachCanary(t, true, func(t *testing.T) (string, *http.Client) {
					t.Helper()
					srv := clienttest.New(clienttest.Options{Key: key, Secret: secret}).InMemory()
					t.Cleanup(func() { _ = srv.Close() })
					return "https://api.test", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
						if !tokenToo && strings.HasSuffix(r.URL.Path, "/oauth/token/generate") {
							return srv.HTTPClient().Transport.RoundTrip(inMemory(r))
						}
						status, header, body := reply(quotes(r))
						resp := answer(status, body)
						for name, value := range header {
							resp.Header.Set(name, value)
						}
						resp.Request = r
						return resp, nil
					})}
				})
			})
		}
	}
}

// escapes are the ways in which a page may quote what it was sent.
func escapes() map[string]func(string) string {
	inJSON := func(s string) string { return strconv.Quote(s) }
	return map[string]func(string) string{
		"as it is":            func(s string) string { return s },
		"in HTML":             html.EscapeString,
		"in HTML, twice":      func(s string) string { return html.EscapeString(html.EscapeString(s)) },
		"as a text of JSON":   inJSON,
		"as a text in a text": func(s string) string { return inJSON(inJSON(s)) },
		"in a URL":            url.QueryEscape,
		"in a path":           url.PathEscape,
		"in capitals":         strings.ToUpper,
		"from the middle on":  func(s string) string { return s[len(s)/2:] },
		"one text of it": func(s string) string {
			if !strings.Contains(s, bodyCanary) {
				return ""
			}
			return "Note is not allowed: " + bodyCanary
		},
		"behind some of its own": func(s string) string { return strings.Repeat("<p>We are sorry.</p>", 8) + s },
	}
}

// A gateway's page quotes the body that it does not like.
func TestNoBodyIsToldByAPageThatQuotesIt(t *testing.T) {
	t.Parallel()
	for name, escape := range escapes() {
		for _, page := range []struct {
			status int
			format string
		}{{502, "<html><h1>Bad gateway</h1>%s"}, {403, "Request rejected: %s"}, {200, "<!doctype html>%s"}} {
			t.Run(fmt.Sprintf("%s, %d", name, page.status), func(t *testing.T) {
				t.Parallel()
				eachCanary(t, false, func(t *testing.T) (string, *http.Client) {
					t.Helper()
					srv := clienttest.New(clienttest.Options{Key: key, Secret: secret}).InMemory()
					t.Cleanup(func() { _ = srv.Close() })
					return "https://api.test", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
						if strings.HasSuffix(r.URL.Path, "/oauth/token/generate") {
							return srv.HTTPClient().Transport.RoundTrip(inMemory(r))
						}
						var body []byte
						if r.Body != nil {
							body, _ = io.ReadAll(r.Body)
						}
						resp := answer(page.status, fmt.Sprintf(page.format, escape(string(body))))
						resp.Header.Set("Content-Type", "text/html")
						resp.Request = r
						return resp, nil
					})}
				})
			})
		}
	}
}

// What says nothing of the request stays, to be read.
func TestAPageThatQuotesNothingIsExcerpted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.intercept = func(*http.Request) *http.Response {
		resp := answer(http.StatusBadGateway, "<html><h1>Bad gateway</h1>of today, 2026-11-22")
		resp.Header.Set("Content-Type", "text/html")
		return resp
	}
	_, err := w.client(t).Call(t.Context(), client.TransactionAdd, client.Request{Body: map[string]any{
		"note": bodyCanary, "source": "INSTORE", "billingDate": "2026-11-22",
	}})
	require.ErrorContains(t, err, "<h1>Bad gateway</h1>of today, 2026-11-22")
}

// inMemory returns the request for a server of the simulator.
func inMemory(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", "localhost"
	return r
}

func TestNoSecretIsToldIfTheServerSpeaksNoHTTP(t *testing.T) {
	t.Parallel()
	for name, raw := range rawReplies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachCanary(t, true, func(t *testing.T) (string, *http.Client) {
				t.Helper()
				var served sync.WaitGroup
				transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					served.Go(func() { serveRaw(far, raw) })
					return near, nil
				}}
				t.Cleanup(func() {
					transport.CloseIdleConnections()
					served.Wait()
				})
				return "http://localhost", &http.Client{Transport: transport}
			})
		})
	}
}

// serveRaw answers one request by a text that quotes its credentials.
func serveRaw(conn net.Conn, raw string) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	quoted := quotes(r)
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = fmt.Fprintf(conn, raw, quoted)
}

func TestNoBodyIsToldIfTheServerSpeaksNoHTTP(t *testing.T) {
	t.Parallel()
	for name, raw := range rawReplies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachCanary(t, false, func(t *testing.T) (string, *http.Client) {
				t.Helper()
				var served sync.WaitGroup
				transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					served.Go(func() {
						defer far.Close()
						r, err := http.ReadRequest(bufio.NewReader(far))
						if err != nil {
							return
						}
						body, _ := io.ReadAll(r.Body)
						_, _ = fmt.Fprintf(far, raw, body)
					})
					return near, nil
				}}
				t.Cleanup(func() {
					transport.CloseIdleConnections()
					served.Wait()
				})
				return "http://localhost", &http.Client{Transport: transport}
			})
		})
	}
}

func TestNoSecretIsToldByAFailingConnection(t *testing.T) {
	t.Parallel()
	proxy := &url.URL{Scheme: "http", User: url.UserPassword(infoCanary, proxyCanary), Host: "proxy.test:3128"}
	tests := map[string]func(r *http.Request) error{
		"the URL": func(r *http.Request) error {
			return &url.Error{Op: "Post", URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
		},
		"the URL in words": func(r *http.Request) error { return fmt.Errorf("dial for %s failed", r.URL) },
		"the proxy":        func(*http.Request) error { return fmt.Errorf("proxyconnect %s: %w", proxy, io.EOF) },
		"the proxy's user": func(*http.Request) error { return fmt.Errorf("login as %s:%s@proxy refused", infoCanary, proxyCanary) },
		"the credentials":  func(r *http.Request) error { return errors.New("refused: " + quotes(r)) },
		"the header":       func(r *http.Request) error { return fmt.Errorf("bad header %v", r.Header) },
	}
	for name, fail := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachCanary(t, false, func(t *testing.T) (string, *http.Client) {
				t.Helper()
				return "https://api.test", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) { return nil, fail(r) })}
			})
		})
	}
	t.Run("a proxy that cannot be reached", func(t *testing.T) {
		t.Parallel()
		eachCanary(t, false, func(t *testing.T) (string, *http.Client) {
			t.Helper()
			return "https://api.test", &http.Client{Transport: &http.Transport{
				Proxy: http.ProxyURL(proxy),
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
				},
			}}
		})
	})
}

func TestNoSecretIsToldByFaultyOptions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		base string
		opts []client.Option
	}{
		"userinfo in the URL":   {base: "https://" + infoCanary + ":" + proxyCanary + "@api.test"},
		"a query in the URL":    {base: "https://api.test?key=" + infoCanary},
		"a URL that is none":    {base: "https://api.test/%zz" + infoCanary},
		"a password with lines": {base: "https://api.test", opts: []client.Option{client.WithBasic(till+"\n", password)}},
		"a colon in the user":   {base: "https://api.test", opts: []client.Option{client.WithBasic(till+":", password)}},
		"two kinds":             {base: "https://api.test", opts: []client.Option{client.WithBasic(till, password), client.WithOAuth(key, secret)}},
		"a header with lines":   {base: "https://api.test", opts: []client.Option{client.WithHeader("X-Key", headerCanary+"\r\nX: y")}},
		"a header of ours":      {base: "https://api.test", opts: []client.Option{client.WithHeader("Authorization", headerCanary)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.New(test.base, test.opts...)
			require.Error(t, err)
			for _, line := range everyForm(err) {
				for _, hidden := range confidences() {
					assert.NotContains(t, line, hidden)
				}
			}
		})
	}
}

// What a server says must not look like a record of its own.
func TestAServerCannotForgeALogRecord(t *testing.T) {
	t.Parallel()
	const forged = `\r\nlevel=ERROR msg=forged\u001b[31m\u2028\u0000`
	unquoted, err := strconv.Unquote(`"` + strings.ReplaceAll(forged, `\u0000`, `\x00`) + `"`)
	require.NoError(t, err)
	tests := map[string]*http.Response{
		"a message":        answer(400, `{"errors":[{"code":400,"message":"no`+forged+`"}]}`),
		"an item":          answer(200, `{"response":[{"errors":[{"code":8015,"message":"no`+forged+`"}]}]}`),
		"a page":           answer(502, "<html>"+unquoted),
		"the request's id": answer(400, `{"errors":[{"code":400}]}`),
		"the media type":   answer(502, "x"),
	}
	tests["the request's id"].Header.Set("X-Cap-Requestid", unquoted)
	tests["the media type"].Header.Set("Content-Type", unquoted)
	for name, resp := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.intercept = func(*http.Request) *http.Response { return resp }
			var log bytes.Buffer
			c := w.client(t, client.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			_, err := client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill("1", "c-1")})
			require.Error(t, err)
			for line := range strings.Lines(log.String()) {
				assert.True(t, strings.HasPrefix(line, "time="), line)
			}
			for _, text := range []string{log.String(), err.Error()} {
				assert.NotContains(t, text, "\x1b")
				assert.NotContains(t, text, "\u2028")
				assert.NotContains(t, text, "\x00")
			}
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}
