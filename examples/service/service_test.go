package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// shared is a buffer for several goroutines.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// bench is a service and what it wrote.
type bench struct {
	*service

	handler      http.Handler
	logs, result shared
}

func newBench(t *testing.T, change func(*config)) *bench {
	t.Helper()
	cfg, err := parse(nil, func(string) string { return "" }, io.Discard)
	require.NoError(t, err)
	if change != nil {
		change(&cfg)
	}
	b := &bench{}
	b.service, err = newService(cfg, slog.New(slog.NewJSONHandler(&b.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), &b.result)
	require.NoError(t, err)
	b.handler = b.service.handler()
	t.Cleanup(b.close)
	return b
}

func (b *bench) do(t *testing.T, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

func fates(t *testing.T, body []byte) []fate {
	t.Helper()
	var answer struct {
		Results []fate `json:"results"`
	}
	require.NoError(t, json.Unmarshal(body, &answer), string(body))
	return answer.Results
}

// fates returns the outcome of each bill by its number.
func (b *bench) fates(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(b.result.String()) {
		var entry struct{ Number, Outcome string }
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		assert.NotContains(t, out, entry.Number, "one line for each bill")
		out[entry.Number] = entry.Outcome
	}
	return out
}

func sales(prefix string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"number":"%s-%d","customer":"44770%s%04d","amount":10.50}`, prefix, i, prefix, i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestEverySaleHasItsFate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		w := b.do(t, http.MethodPost, "/transactions", `[
			{"number":"A","customer":"447700900001","amount":10.50},
			{"number":"A","customer":"447700900001","amount":10.50},
			{"number":"","customer":"447700900001","amount":1},
			{"number":"B","customer":"447700900002","amount":-1},
			{"number":"C","customer":"447700900003","amount":3}]`)
		assert.Equal(t, http.StatusOK, w.Code)
		got := fates(t, w.Body.Bytes())
		outcomes := make([]string, len(got))
		for i, f := range got {
			outcomes[i] = f.Outcome
		}
		assert.Equal(t, []string{"applied", "duplicate", "refused", "refused", "applied"}, outcomes)
		assert.Equal(t, 604, got[1].Code)
		assert.Equal(t, "amount must be a number, not negative", got[3].Reason)
		b.sim.AssertApplied(t, "A", "C")
		assert.Zero(t, b.queued.Load())
	})
}

func TestRequestsThatAreNoSales(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		tests := map[string]struct {
			method, path, body string
			want               int
		}{
			"no JSON":          {http.MethodPost, "/transactions", `{`, 400},
			"no list":          {http.MethodPost, "/transactions", `{"number":"A"}`, 400},
			"an empty list":    {http.MethodPost, "/transactions", `[]`, 400},
			"too many":         {http.MethodPost, "/transactions", sales("1", maxBills+1), 413},
			"too long":         {http.MethodPost, "/transactions", `[{"number":"` + strings.Repeat("x", maxBytes) + `"}]`, 413},
			"another method":   {http.MethodGet, "/transactions", "", 405},
			"another path":     {http.MethodGet, "/customers", "", 404},
			"an id of dots":    {http.MethodGet, "/customers/%2e%2e", "", 400},
			"no such customer": {http.MethodGet, "/customers/4711", "", 404},
		}
		for name, test := range tests {
			assert.Equal(t, test.want, b.do(t, test.method, test.path, test.body).Code, name)
		}
		assert.Empty(t, b.fates(t))
	})
}

func TestACustomerIsReadThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.sim.Script(
			clienttest.Answer{Body: `{"id":7,"profiles":[{"firstName":"Jane","lastName":"Doe","source":"INSTORE"}],"errors":[],"warnings":[]}`},
			clienttest.Answer{Status: 429, Header: http.Header{"Retry-After": {"7200"}}})
		w := b.do(t, http.MethodGet, "/customers/7", "")
		assert.Equal(t, http.StatusOK, w.Code)
		assert.JSONEq(t, `{"id":7,"profiles":[{"firstName":"Jane","lastName":"Doe"}]}`, w.Body.String())
		w = b.do(t, http.MethodGet, "/customers/7", "")
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, "7200", w.Header().Get("Retry-After"), "what the API asked for")
		b.sim.AssertCalls(t, "GET /v2/customers/7", "GET /v2/customers/7")
	})
}

func TestAFullQueueIsAnsweredWithALaterTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(cfg *config) { cfg.queue, cfg.sim.Latency, cfg.wait = maxBills, 20*time.Second, time.Second })
		w := b.do(t, http.MethodPost, "/transactions", sales("1", 400))
		assert.Equal(t, http.StatusAccepted, w.Code, "nobody waits that long")
		for _, f := range fates(t, w.Body.Bytes()) {
			assert.Equal(t, "pending", f.Outcome)
		}
		w = b.do(t, http.MethodPost, "/transactions", sales("2", 101))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		w = b.do(t, http.MethodPost, "/transactions", sales("3", 100))
		assert.Equal(t, http.StatusAccepted, w.Code, "there is room for a hundred")
		assert.Contains(t, b.do(t, http.MethodGet, "/metrics", "").Body.String(), "service_queue_bills 500\n")
		<-time.After(30 * time.Minute)
		assert.Len(t, b.fates(t), 500)
		assert.Equal(t, http.StatusAccepted, b.do(t, http.MethodPost, "/transactions", sales("2", 101)).Code, "there is room again")
		<-time.After(30 * time.Minute)
		for number, outcome := range b.fates(t) {
			assert.Equal(t, "applied", outcome, number)
		}
	})
}

// pipes is a listener in memory, for virtual time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Callers keep sending while the service is told to end. Whatever it accepted has one line in the log of fates, and the API has exactly
// what that says.
func TestShuttingDownLosesNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		drain time.Duration
		cut   bool // the time for draining does not suffice
	}{
		"in time":     {drain: 5 * time.Minute},
		"not in time": {drain: 200 * time.Millisecond, cut: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(cfg *config) {
					cfg.drain, cfg.wait = test.drain, time.Minute
					cfg.sim.Latency, cfg.sim.BatchLimit = time.Second, 20
					cfg.sim.Faults = clienttest.Faults{SearchBusy: 0.05, ItemBusy: 0.05}
				})
				l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				served := make(chan error, 1)
				go func() { served <- b.serve(ctx, l) }()
				transport := &http.Transport{DialContext: l.dial, MaxIdleConnsPerHost: 30}
				hc := &http.Client{Transport: transport}
				var mu sync.Mutex
				told := map[string]string{}
				refusals := 0
				var wg sync.WaitGroup
				for caller := range 30 {
					wg.Go(func() {
						for round := range 20 {
							resp, err := hc.Post("http://service/transactions", "application/json", strings.NewReader(sales(fmt.Sprintf("%02d%02d", caller, round), 5)))
							if err != nil {
								return // the port is closed, or the time for draining was over
							}
							body, _ := io.ReadAll(resp.Body)
							_ = resp.Body.Close()
							mu.Lock()
							if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted {
								var answer struct{ Results []fate }
								_ = json.Unmarshal(body, &answer)
								for _, f := range answer.Results {
									told[f.Number] = f.Outcome
								}
							} else {
								refusals++
							}
							mu.Unlock()
						}
					})
				}
				<-time.After(30 * time.Second)
				cancel()
				begin := time.Now()
				err := <-served
				wg.Wait()
				transport.CloseIdleConnections()
				assert.LessOrEqual(t, time.Since(begin), test.drain+100*time.Millisecond)
				assert.Equal(t, test.cut, err != nil, err)
				assert.Zero(t, b.queued.Load())

				fates := b.fates(t)
				assert.NotEmpty(t, fates)
				for number, outcome := range told {
					switch {
					case outcome == "pending":
						assert.Contains(t, fates, number)
					case fates[number] != "":
						assert.Equal(t, fates[number], outcome)
					default:
						assert.Equal(t, "not-sent", outcome, "never accepted")
					}
				}
				for _, a := range b.sim.Applied() {
					assert.Contains(t, []string{"applied", "duplicate", "unknown"}, fates[a.Number], a.Number)
				}
				for number, outcome := range fates {
					customer := "44770" + strings.ReplaceAll(number, "-", "000")
					switch outcome {
					case "applied":
						assert.Equal(t, 1, b.sim.Times(number, customer), number)
					case "not-sent", "refused":
						assert.Zero(t, b.sim.Times(number, customer), number)
					}
				}
				if !test.cut {
					for number, outcome := range fates {
						assert.Equal(t, "applied", outcome, number)
					}
				}
				t.Logf("%d told, %d in the log of fates, %d refused", len(told), len(fates), refusals)
			})
		})
	}
}

func TestWhileShuttingDownNothingIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		assert.Equal(t, http.StatusOK, b.do(t, http.MethodGet, "/readyz", "").Code)
		b.draining.Store(true)
		assert.Equal(t, http.StatusServiceUnavailable, b.do(t, http.MethodGet, "/readyz", "").Code)
		assert.Equal(t, http.StatusOK, b.do(t, http.MethodGet, "/healthz", "").Code, "it is not to be killed")
		w := b.do(t, http.MethodPost, "/transactions", sales("1", 1))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, "close", w.Header().Get("Connection"))
	})
}

// A load balancer asks over new connections, and needs a while to send requests elsewhere.
func TestThePortStaysOpenWhileTheQueueIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(cfg *config) { cfg.sim.Latency = 5 * time.Second })
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- b.serve(ctx, l) }()
		send := func(method, path, body string) (int, bool, string) {
			hc := &http.Client{Transport: &http.Transport{DialContext: l.dial, DisableKeepAlives: true}}
			r, err := http.NewRequestWithContext(t.Context(), method, "http://service"+path, strings.NewReader(body))
			var resp *http.Response
			var answer []byte
			if err == nil {
				resp, err = hc.Do(r)
			}
			if err == nil {
				answer, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if err != nil {
				assert.Fail(t, err.Error()) // not in the test's goroutine alone
				return 0, false, ""
			}
			return resp.StatusCode, resp.Close, string(answer)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			status, _, answer := send(http.MethodPost, "/transactions", sales("1", 2))
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, 2, strings.Count(answer, "applied"))
		})
		<-time.After(time.Second)
		cancel()
		<-time.After(time.Second)
		for _, path := range []string{"/readyz", "/healthz"} {
			status, closes, _ := send(http.MethodGet, path, "")
			assert.Equal(t, path == "/readyz", status == http.StatusServiceUnavailable, path)
			assert.True(t, closes, "a connection that is kept would hold up the end")
		}
		status, _, _ := send(http.MethodPost, "/transactions", sales("2", 2))
		assert.Equal(t, http.StatusServiceUnavailable, status)
		wg.Wait()
		require.NoError(t, <-served)
		assert.Len(t, b.fates(t), 2)
	})
}

func TestRefusedCredentialsEndTheProgram(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(cfg *config) { cfg.login = client.WithBasic("service", "yesterday's") })
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- b.serve(t.Context(), l) }()
		w := b.do(t, http.MethodPost, "/transactions", sales("1", 2))
		for _, f := range fates(t, w.Body.Bytes()) {
			assert.NotEqual(t, "applied", f.Outcome)
		}
		err := <-served
		require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
		assert.NotContains(t, err.Error(), "yesterday")
		assert.Equal(t, http.StatusServiceUnavailable, b.do(t, http.MethodGet, "/readyz", "").Code)
	})
}

func TestAPanicEndsItsRequestAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.handler = b.watch(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("with 447700900001 in it")
			}
		}))
		w := b.do(t, http.MethodGet, "/panic", "", "X-Request-Id", "till-7")
		assert.Equal(t, http.StatusInternalServerError, w.Code)
		assert.JSONEq(t, `{"error":"internal error","request_id":"till-7"}`, w.Body.String())
		assert.Contains(t, b.logs.String(), `"msg":"panic","request_id":"till-7"`)
		assert.NotContains(t, b.logs.String(), "447700900001")
		assert.Equal(t, http.StatusOK, b.do(t, http.MethodGet, "/", "").Code)
		assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
			b.watch(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		})
	})
}

func TestRequestIDsAreKeptCheckedAndPassedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(cfg *config) { cfg.sim.KeepRequests = true })
		w := b.do(t, http.MethodGet, "/customers/1", "", headerRequestID, "till-7.42")
		assert.Equal(t, "till-7.42", w.Header().Get(headerRequestID))
		w = b.do(t, http.MethodGet, "/customers/1", "", headerRequestID, "forged\" level=ERROR")
		assert.Len(t, w.Header().Get(headerRequestID), 26, "one of its own")
		calls := b.sim.Calls()
		require.Len(t, calls, 2)
		assert.Equal(t, "till-7.42", calls[0].Header.Get(headerRequestID))
		assert.Equal(t, w.Header().Get(headerRequestID), calls[1].Header.Get(headerRequestID))
	})
}

func TestLogsAndMetricsNameNoCustomer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(cfg *config) { cfg.sim.Faults.ItemBusy = 0.5 })
		const mobile = "447700900001"
		b.do(t, http.MethodPost, "/transactions", `[{"number":"A","customer":"`+mobile+`","amount":1},{"number":"B","customer":"`+mobile+`","amount":1}]`)
		b.do(t, http.MethodGet, "/customers/"+mobile, "")
		b.do(t, http.MethodGet, "/"+mobile+"?q="+mobile, "")
		metrics := b.do(t, http.MethodGet, "/metrics", "").Body.String()
		for _, text := range []string{b.logs.String(), b.result.String(), metrics} {
			assert.NotEmpty(t, text)
			assert.NotContains(t, text, mobile)
		}
		assert.Contains(t, metrics, `service_requests_total{route="GET /customers/{id}",status="404"} 1`)
		assert.Contains(t, metrics, `capillary_items_total{endpoint="v2/transactions/bulk",outcome="applied"} 2`)
		assert.Contains(t, b.logs.String(), `"route":"POST /transactions","status":200`)
	})
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args string
		env  map[string]string
		want int
	}{
		"help":                {args: "-h", want: 0},
		"an argument":         {args: "x", want: 2},
		"a short queue":       {args: "-queue 1", want: 2},
		"no time":             {args: "-drain 0s", want: 2},
		"no credentials":      {env: map[string]string{"CAPILLARY_BASE_URL": "https://api.test"}, want: 2},
		"two kinds":           {env: map[string]string{"CAPILLARY_BASE_URL": "https://api.test", "CAPILLARY_USERNAME": "a", "CAPILLARY_KEY": "b"}, want: 2},
		"no URL":              {env: map[string]string{"CAPILLARY_BASE_URL": "api.test", "CAPILLARY_USERNAME": "a", "CAPILLARY_PASSWORD": "b"}, want: 2},
		"no URL at all":       {env: map[string]string{"CAPILLARY_USERNAME": "a", "CAPILLARY_PASSWORD": "b"}, want: 2},
		"nor with a key":      {env: map[string]string{"CAPILLARY_KEY": "a", "CAPILLARY_SECRET": "b"}, want: 2},
		"an address not ours": {args: "-addr 192.0.2.1:1", want: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command{getenv: func(name string) string { return test.env[name] }, stdout: io.Discard, stderr: io.Discard}
			assert.Equal(t, test.want, c.run(t.Context(), strings.Fields(test.args)))
		})
	}
}

// In real time and over a real port: what main does.
func TestTheProgramServesUntilItIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	addr := make(chan net.Addr, 1)
	status := make(chan int, 1)
	var out shared
	c := command{getenv: func(string) string { return "" }, stdout: &out, stderr: io.Discard, listening: func(a net.Addr) { addr <- a }}
	go func() { status <- c.run(ctx, []string{"-addr", "127.0.0.1:0"}) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+(<-addr).String()+"/transactions", strings.NewReader(sales("1", 3)))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	for _, f := range fates(t, body) {
		assert.Equal(t, "applied", f.Outcome)
	}
	cancel()
	assert.Zero(t, <-status)
	assert.Equal(t, 3, strings.Count(out.String(), "\n"))
}
