package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// What a call borrowed goes on to the next one. Neither the caller of the one
// before nor its clock reaches that.
func TestTheEndOfACallDoesNotReachTheNext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before time.Duration // how long the server takes for the first call
		cancel time.Duration // when its caller gives up
	}{
		"the caller gives up after the call":                  {cancel: 1500 * ms},
		"the caller gives up when the call is answered":       {before: 200 * ms, cancel: 200 * ms},
		"the caller gives up during the call":                 {before: 500 * ms, cancel: 200 * ms},
		"the call's time is up":                               {before: 1500 * ms, cancel: time.Hour},
		"the time of an answered call is up during the next":  {before: 900 * ms, cancel: time.Hour},
		"the call's time is up when it is answered":           {before: time.Second, cancel: time.Hour},
		"the caller gives up when the next call has answered": {cancel: 1900 * ms},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
					<-time.After(test.before)
					ok(w, r)
				}, func(w http.ResponseWriter, r *http.Request) {
					<-time.After(900 * ms)
					ok(w, r)
				})
				tr := transport.New(transport.Config{HTTPClient: m.client, Timeout: time.Second, Policy: retry.Policy{MaxAttempts: 1}})
				start := time.Now()
				ctx, cancel := context.WithCancel(t.Context())
				giveUp := time.AfterFunc(test.cancel, cancel)
				defer giveUp.Stop()
				_, _ = tr.Do(ctx, write())
				<-time.After(time.Until(start.Add(time.Second)))
				_, err := tr.Do(t.Context(), write())
				require.NoError(t, err)
				assert.Equal(t, 1900*ms, time.Since(start))
				cancel()
			})
		})
	}
}

// An attempt still ends with its caller, or with its time, if another one ran
// in what it borrowed.
func TestTheSecondCallEndsByItself(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		callers, want time.Duration
		timedOut      bool
		seen          error // by whoever has the attempt's context
	}{
		"the caller gives up": {callers: 300 * ms, want: 300 * ms, seen: context.DeadlineExceeded},
		"its time is up":      {callers: time.Hour, want: time.Second, timedOut: true, seen: context.Canceled},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, _ := serve(t, ok, silent)
				var attempt context.Context
				base := &http.Transport{DialContext: m.dial, Proxy: func(r *http.Request) (*url.URL, error) {
					attempt = r.Context()
					return nil, nil
				}}
				t.Cleanup(base.CloseIdleConnections)
				tr := transport.New(transport.Config{
					HTTPClient: &http.Client{Transport: base}, Timeout: time.Second, Policy: retry.Policy{MaxAttempts: 1},
				})
				_, err := tr.Do(t.Context(), write())
				require.NoError(t, err)
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), test.callers)
				defer cancel()
				_, err = tr.Do(ctx, write())
				ce := callError(t, err)
				assert.Equal(t, test.want, time.Since(start))
				assert.Equal(t, test.timedOut, ce.Context == nil)
				<-attempt.Done()
				assert.Equal(t, test.seen, attempt.Err())
			})
		})
	}
}

// counted is a caller's context that counts what hangs on it.
type counted struct {
	context.Context

	done chan struct{}
	tied atomic.Int32
}

func (c *counted) Done() <-chan struct{} { return c.done }

func (c *counted) AfterFunc(func()) func() bool {
	c.tied.Add(1)
	return func() bool { return c.tied.Add(-1) >= 0 }
}

// A caller's context may live as long as the program. Nothing of a call stays
// with it.
func TestNothingStaysWithTheCallersContext(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]http.HandlerFunc{
		"an answer": ok, "a refusal": answer(200, "400"), "a refusal for now": busy, "no body": answer(200, ""),
		"a cut": cut, "no answer in time": silent, "a body larger than the most": answer(200, strings.Repeat("x", 1000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, ok, second, second, ok)
				tr := transport.New(transport.Config{HTTPClient: m.client, Timeout: time.Second, MaxBody: 100})
				ctx := &counted{Context: t.Context(), done: make(chan struct{})}
				for range 4 {
					_, _ = tr.Do(ctx, write())
					assert.Zero(t, ctx.tied.Load())
				}
				assert.GreaterOrEqual(t, got.count(), 4)
			})
		})
	}
}

type nameKey struct{}

// A connection that is being dialed for one call may be ready long after it: by
// then the call has another connection. Its dialer asks for the values of the
// caller that it dials for.
func TestALateDialerSeesItsOwnCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			<-time.After(time.Second)
			ok(w, r)
		})
		gate, seen := make(chan struct{}), make(chan string, 1)
		base := &http.Transport{MaxIdleConnsPerHost: 8, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if ctx.Value(nameKey{}) == "late" {
				<-gate
				name, _ := ctx.Value(nameKey{}).(string)
				seen <- name
			}
			return m.dial(ctx, network, address)
		}}
		t.Cleanup(base.CloseIdleConnections)
		tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: base}})
		do := func(name string) error {
			_, err := tr.Do(context.WithValue(t.Context(), nameKey{}, name), write())
			return err
		}
		first, late := make(chan error, 1), make(chan error, 1)
		go func() { first <- do("first") }()
		synctest.Wait() // it has a connection
		go func() { late <- do("late") }()
		require.NoError(t, <-first)
		require.NoError(t, <-late) // over the connection of the first
		for range 3 {
			require.NoError(t, do("next"))
		}
		close(gate)
		assert.Equal(t, "late", <-seen)
	})
}

// Calls that end well run among others that are given up, cut or refused, and
// each gets its own answer.
func TestCallsAmongThoseThatAreGivenUp(t *testing.T) {
	t.Parallel()
	for version, protocol := range map[int]string{1: "HTTP/1.1", 2: "HTTP/2"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			server, _ := listening(t, version, func(w http.ResponseWriter, r *http.Request) {
				switch r.Header.Get("X-Kind") {
				case "silent":
					silent(w, r)
				case "cut":
					cut(w, r)
				case "large":
					_, _ = io.WriteString(w, strings.Repeat("x", 4000))
				case "half":
					stall(200)(w, r)
				default:
					_, _ = io.WriteString(w, "echo "+r.Header.Get("X-Call"))
				}
			})
			tr := transport.New(transport.Config{
				HTTPClient: server.Client(), Timeout: 200 * ms, MaxBody: 2000, Policy: retry.Policy{MaxAttempts: 1},
			})
			kinds := []string{"", "silent", "", "", "cut", "", "cancelled", "", "large", "", "half", "", "over"}
			var wg sync.WaitGroup
			for g := range 6 {
				wg.Go(func() {
					for i := range 60 {
						kind := kinds[(g+i)%len(kinds)]
						name := strconv.Itoa(g) + "-" + strconv.Itoa(i)
						ctx, cancel := context.WithCancel(t.Context())
						if kind == "cancelled" {
							time.AfterFunc(time.Duration(i)*10*time.Microsecond, cancel)
						}
						req := lent(name)
						req.URL = server.URL
						req.Header = http.Header{"X-Call": {name}, "X-Kind": {kind}}
						result, err := send(ctx, tr, req)
						if kind == "over" {
							cancel()
						}
						if good := kind == "" || kind == "over"; good && err != nil && result.Elapsed < 200*ms { // else the machine is slow
							t.Error(name, err)
						}
						if err == nil {
							assert.Equal(t, "echo "+name, string(result.Answer.Body))
						}
						cancel()
					}
				})
			}
			wg.Wait()
		})
	}
}

// signed is a request whose header was made beforehand.
func signed() *transport.Request {
	req := write()
	req.Judge = accept
	req.Header = http.Header{"X-Own": {"1"}}
	req.Whole = http.Header{"X-Own": {"1"}, "Authorization": {"token"}}
	req.Authorize = func(_ context.Context, header http.Header, _ bool) error {
		header.Set("Authorization", "token")
		return nil
	}
	return req
}

// Whoever may write into a request's header gets one of its own.
func TestAHeaderMadeBeforehandIsNotChanged(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	for name, change := range map[string]func(*http.Client, *transport.Config){
		"nobody else": func(*http.Client, *transport.Config) {},
		"a cookie jar": func(hc *http.Client, _ *transport.Config) {
			hc.Jar = jar
		},
		"a CheckRedirect": func(hc *http.Client, _ *transport.Config) {
			hc.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
				via[0].Header.Set("X-Added", "1")
				return nil
			}
		},
		"a Proxy": func(hc *http.Client, _ *transport.Config) {
			base, _ := hc.Transport.(*http.Transport)
			base = base.Clone()
			base.Proxy = func(r *http.Request) (*url.URL, error) {
				r.Header.Set("X-Added", "1")
				return nil, nil
			}
			t.Cleanup(base.CloseIdleConnections)
			hc.Transport = base
		},
		"a middleware": func(_ *http.Client, cfg *transport.Config) {
			cfg.Middleware = []transport.Middleware{func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					assert.NotContains(t, r.Header, "Authorization")
					r.Header.Set("X-Added", "1")
					return next.RoundTrip(r)
				})
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, got := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v2/read" {
					w.Header().Set("Location", "/v2/there")
					w.WriteHeader(http.StatusFound)
					return
				}
				w.Header().Set("Set-Cookie", "a=1")
				ok(w, r)
			})
			hc := *m.client
			cfg := transport.Config{HTTPClient: &hc}
			change(&hc, &cfg)
			tr := transport.New(cfg)
			req := signed()
			req.Method, req.URL, req.Body, req.Repeatable = http.MethodGet, "http://api.test/v2/read", nil, true
			posted := signed()
			for range 3 {
				_, err := tr.Do(t.Context(), req)
				require.NoError(t, err)
				_, err = tr.Do(t.Context(), posted)
				require.NoError(t, err)
			}
			assert.Equal(t, signed().Whole, req.Whole)
			assert.Equal(t, signed().Header, req.Header)
			assert.Equal(t, signed().Whole, posted.Whole)
			for _, sent := range got.all() {
				assert.Equal(t, []string{"token"}, sent.header["Authorization"])
				assert.Equal(t, []string{"1"}, sent.header["X-Own"])
				assert.LessOrEqual(t, len(sent.header["Cookie"]), 1)
			}
		})
	}
}

// Each attempt has the header, and renewed credentials are asked for.
func TestAHeaderMadeBeforehandIsOfEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy, busy, ok)
		req := signed()
		req.Judge = judge
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, 3, got.count())
		for _, sent := range got.all() {
			assert.Equal(t, "token", sent.header.Get("Authorization"))
			assert.Equal(t, "1", sent.header.Get("X-Own"))
			assert.Equal(t, "body", sent.body)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "401"), ok)
		req := signed()
		req.Judge = judge
		req.Authorize = func(_ context.Context, header http.Header, renew bool) error {
			assert.True(t, renew)
			header.Set("Authorization", "renewed")
			return nil
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, "renewed", got.all()[1].header.Get("Authorization"))
	})
}

// An address parsed beforehand makes the same request as its text.
func TestAnAddressParsedBeforehand(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]*transport.Request{"a write": write(), "a read": read()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, got := serve(t, ok)
			tr := transport.New(transport.Config{HTTPClient: m.client})
			_, err := tr.Do(t.Context(), req)
			require.NoError(t, err)
			parsed := *req
			parsed.URL = ""
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, req.URL, http.NoBody)
			require.NoError(t, err)
			parsed.Address = r.URL
			_, err = tr.Do(t.Context(), &parsed)
			require.NoError(t, err)
			sent := got.all()
			require.Len(t, sent, 2)
			sent[0].at, sent[1].at = time.Time{}, time.Time{}
			assert.Equal(t, sent[0], sent[1])
		})
	}
}
