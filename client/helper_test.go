package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

const (
	till     = "store.server"
	password = "server123"
	key      = "key-4711"
	secret   = "s3cr3t-canary"
)

// txn is an item of v2/transactions/bulk and v2/transactions.
type txn struct {
	IdentifierType  string `json:"identifierType,omitempty"`
	IdentifierValue string `json:"identifierValue,omitempty"`
	BillNumber      string `json:"billNumber"`
	BillAmount      int    `json:"billAmount"`
}

func bill(number, customer string) txn {
	return txn{IdentifierType: "mobile", IdentifierValue: customer, BillNumber: number, BillAmount: 100}
}

// world is a simulator, its server, and what went over the wire to it.
type world struct {
	sim *clienttest.Simulator
	srv *clienttest.Server
	hc  *http.Client

	bills atomic.Int64

	mu   sync.Mutex
	sent []*http.Request
	// intercept, unless nil, may answer in place of the simulator; fail, unless
	// nil, may break the attempt before it; hang, unless nil, may hold it.
	intercept func(*http.Request) *http.Response
	fail      func(attempt int) error
	hang      func(r *http.Request, attempt int)
}

func newWorld(t *testing.T, opts clienttest.Options) *world {
	t.Helper()
	w := &world{sim: clienttest.New(opts)}
	w.srv = w.sim.InMemory()
	t.Cleanup(func() { _ = w.srv.Close() })
	t.Cleanup(func() {
		if n := w.sim.Unused(); n != 0 {
			t.Errorf("%d scripted answers were never asked for", n)
		}
	})
	w.hc = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		w.mu.Lock()
		w.sent = append(w.sent, r)
		attempt := len(w.sent)
		w.mu.Unlock()
		if w.hang != nil {
			w.hang(r, attempt)
		}
		if w.fail != nil {
			if err := w.fail(attempt); err != nil {
				return nil, err
			}
		}
		if w.intercept != nil {
			if resp := w.intercept(r); resp != nil {
				_ = r.Body.Close()
				resp.Request = r
				return resp, nil
			}
		}
		return w.srv.HTTPClient().Transport.RoundTrip(r)
	})}
	return w
}

// requests returns what was sent so far, token calls included.
func (w *world) requests() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*http.Request(nil), w.sent...)
}

// add makes a call that needs credentials and nothing else: a bill of its own
// for a customer of its own.
func (w *world) add(ctx context.Context, c *client.Client) error {
	n := strconv.FormatInt(w.bills.Add(1), 10)
	_, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: bill("bill-"+n, "customer-"+n)})
	return err
}

// client returns a client with Basic credentials, unless the options bring OAuth.
func (w *world) client(t *testing.T, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(w.srv.URL, append([]client.Option{client.WithHTTPClient(w.hc), client.WithBasic(till, password)}, opts...)...)
	require.NoError(t, err)
	return c
}

func (w *world) oauthClient(t *testing.T, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(w.srv.URL, append([]client.Option{client.WithHTTPClient(w.hc), client.WithOAuth(key, secret)}, opts...)...)
	require.NoError(t, err)
	return c
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
}

// v2Error is the body of a refusal on v2.
func v2Error(code string) string {
	return `{"errors":[{"status":false,"code":` + code + `,"message":"told by a script"}],"warnings":[]}`
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	require.NoError(t, err)
	return body
}
