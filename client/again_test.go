package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

const ownTime = 300 * time.Millisecond

// kept is a call and what its caller holds of it.
type kept struct {
	bill, kind string
	resp       *client.Response
	err        error
}

// check compares what a caller holds with what the server said of the bill.
func (k *kept) check(t *testing.T) {
	t.Helper()
	name := k.kind + " " + k.bill
	var call *caperrors.CallError
	var sending *caperrors.TransportError
	if errors.As(k.err, &call) && errors.As(call.Err, &sending) && sending.TimedOut && call.Elapsed >= ownTime {
		return // its own time was up: the machine is slow
	}
	switch k.kind {
	case "done":
		if assert.NoError(t, k.err, name) {
			assert.Equal(t, caperrors.Applied, k.resp.Outcome, name)
			assert.JSONEq(t, `{"createdId":1,"bill":"`+k.bill+`","warnings":[{"status":true,"code":7,"message":"`+k.bill+`"}],"errors":[]}`, string(k.resp.Raw), name)
			assert.Len(t, k.resp.Warnings, 1, name)
			assert.Equal(t, k.bill, k.resp.Warnings[0].Message, name)
			assert.Equal(t, "id-"+k.bill, k.resp.RequestID, name)
		}
	case "refused":
		var re *caperrors.RequestError
		if assert.ErrorAs(t, k.err, &re, name) {
			assert.Equal(t, k.bill, re.Message, name)
			assert.Equal(t, k.bill, k.resp.Message, name)
			assert.Equal(t, caperrors.Refused, caperrors.OutcomeOf(k.err), name)
			assert.Equal(t, "id-"+k.bill, caperrors.RequestIDOf(k.err), name)
		}
	case "page":
		var de *caperrors.DecodeError
		if assert.ErrorAs(t, k.err, &de, name) {
			assert.Equal(t, "id-"+k.bill, de.RequestID, name)
			assert.Equal(t, caperrors.Unknown, k.resp.Outcome, name)
		}
	default: // given up, or cut
		if k.err != nil {
			assert.Nil(t, k.resp, name)
			assert.Contains(t, []caperrors.Outcome{caperrors.Unknown, caperrors.NotSent}, caperrors.OutcomeOf(k.err), name)
		}
	}
}

// What a caller holds of its call stays as it is, whatever later calls of the
// client bring, and no call sees anything of another one.
func TestCallsThatShareMemoryKeepApart(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ BillNumber, Note string }
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &sent) != nil {
			return
		}
		w.Header().Set("X-Cap-Requestid", "id-"+sent.BillNumber)
		switch sent.Note {
		case "done":
			_, _ = io.WriteString(w, `{"createdId":1,"bill":"`+sent.BillNumber+
				`","warnings":[{"status":true,"code":7,"message":"`+sent.BillNumber+`"}],"errors":[]}`)
		case "refused":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"errors":[{"status":false,"code":4,"message":"`+sent.BillNumber+`"}],"warnings":[]}`)
		case "page":
			_, _ = io.WriteString(w, "<html>"+sent.BillNumber+"</html>")
		case "cut":
			panic(http.ErrAbortHandler)
		default:
			<-r.Context().Done()
		}
	}))
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL, client.WithBasic(till, password), client.WithTimeout(ownTime), client.WithRetry(retry.Policy{MaxAttempts: 1}))
	require.NoError(t, err)
	kinds := []string{"done", "done", "refused", "slow", "done", "page", "given up", "done", "cut"}
	var mu sync.Mutex
	var calls []*kept
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 54 {
				k := &kept{bill: strconv.Itoa(g) + "-" + strings.Repeat("x", i), kind: kinds[(g+i)%len(kinds)]}
				ctx, cancel := context.WithCancel(t.Context())
				if k.kind == "given up" {
					time.AfterFunc(time.Duration(i)*10*time.Microsecond, cancel)
				}
				k.resp, k.err = c.Call(ctx, client.TransactionAdd, client.Request{
					Body: json.RawMessage(`{"billNumber":"` + k.bill + `","note":"` + k.kind + `"}`),
				})
				cancel()
				mu.Lock()
				calls = append(calls, k)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, k := range calls {
		k.check(t)
	}
}

// The header is the same whether it was made beforehand or for the call, and
// whichever client it is of.
func TestTheHeaderOfACallIsTheSameEveryWay(t *testing.T) {
	t.Parallel()
	xml := client.V1TransactionAdd
	xml.XML = true
	own := client.Request{Body: json.RawMessage(`{"number":"1"}`)}
	lookup := own
	lookup.Attribution = &client.Attribution{LookupType: "MOBILE_TRIGGER", Lookup: "till7"}
	for name, test := range map[string]struct {
		ep   client.Endpoint
		req  client.Request
		opts []client.Option // of New
		with []client.Option
	}{
		"as it is":                     {ep: client.TransactionAdd, req: own},
		"in XML":                       {ep: xml, req: own},
		"with headers of one's own":    {ep: client.TransactionAdd, req: own, opts: []client.Option{client.WithHeader("X-Own", "1"), client.WithUserAgent("me")}},
		"with an attribution":          {ep: client.TransactionAdd, req: own, opts: []client.Option{client.WithAttribution(*lookup.Attribution)}},
		"with the call's attribution":  {ep: client.TransactionAdd, req: lookup},
		"of another till":              {ep: client.TransactionAdd, req: own, with: []client.Option{client.WithBasic("other", "secret")}},
		"of another till in XML":       {ep: xml, req: own, with: []client.Option{client.WithBasic("other", "secret")}},
		"of a client with a header":    {ep: client.TransactionAdd, req: own, with: []client.Option{client.WithHeader("X-Own", "2")}},
		"of a till that a func names":  {ep: client.TransactionAdd, req: own, with: []client.Option{client.WithCredentials(otherTill)}},
		"with a header for each other": {ep: client.TransactionAdd, req: own, opts: []client.Option{client.WithHeader("X-Own", "1")}, with: []client.Option{client.WithHeader("X-Own", "2")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []http.Header
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent = append(sent, r.Header)
				_, _ = io.WriteString(w, `{"createdId":1,"warnings":[],"errors":[]}`)
			}))
			t.Cleanup(srv.Close)
			for _, way := range [][]client.Option{
				nil,
				{client.WithHTTPClient(&http.Client{Transport: roundTrip(srv.Client().Transport.RoundTrip)})},
				{client.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { return next })},
			} {
				c, err := client.New(srv.URL, append(append([]client.Option{client.WithBasic(till, password)}, test.opts...), way...)...)
				require.NoError(t, err)
				if test.with != nil {
					c = c.With(test.with...)
				}
				for range 2 {
					_, _ = c.Call(t.Context(), test.ep, test.req)
				}
			}
			require.Len(t, sent, 6)
			assert.NotEmpty(t, sent[0].Get("Authorization"))
			for _, header := range sent {
				assert.Equal(t, sent[len(sent)-1], header)
			}
		})
	}
}

func otherTill(context.Context) (client.Credentials, error) {
	return client.Credentials{Username: "other", Password: "secret"}, nil
}

// Whoever stands between the client and net/http may look at a request for
// longer than its call.
func TestALateReaderSeesTheBodyOfItsCall(t *testing.T) {
	t.Parallel()
	var late []func() (io.ReadCloser, error)
	hc := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		late = append(late, r.GetBody)
		return answer(http.StatusOK, `{"createdId":1,"warnings":[],"errors":[]}`), nil
	})}
	c, err := client.New("https://api.test", client.WithBasic(till, password), client.WithHTTPClient(hc))
	require.NoError(t, err)
	for _, body := range []string{`{"a":1}`, `{"a":2}`} {
		_, err = c.Call(t.Context(), client.TransactionAdd, client.Request{Body: json.RawMessage(body)})
		require.NoError(t, err)
	}
	for i, want := range []string{`{"a":1}`, `{"a":2}`} {
		body, err := late[i]()
		require.NoError(t, err)
		read, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, want, string(read))
	}
}
