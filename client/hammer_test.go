package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// peak keeps the highest of the numbers that it is told.
type peak struct {
	mu      sync.Mutex
	highest int64
}

func (p *peak) tell(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.highest = max(p.highest, n)
}

// lines counts connections: how many are open, and how many at most.
type lines struct {
	open atomic.Int64
	most peak
}

type line struct {
	net.Conn

	lines *lines
	once  sync.Once
}

func (l *lines) dialer(srv *clienttest.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := srv.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		l.most.tell(l.open.Add(1))
		return &line{Conn: conn, lines: l}, nil
	}
}

func (c *line) Close() error {
	c.once.Do(func() { c.lines.open.Add(-1) })
	return c.Conn.Close()
}

// fate is what a caller was told of a bill.
type fate struct {
	number, customer string
	outcome          caperrors.Outcome
}

// hammer is one of many callers of one client.
type hammer struct {
	name   string
	rng    *rand.Rand
	client *client.Client
	bills  int
	fates  []fate
}

func (h *hammer) bill() txn {
	h.bills++
	id := fmt.Sprintf("%s-%d", h.name, h.bills)
	return bill("b-"+id, "c-"+id) // customers of their own: 521 comes by mishap alone
}

func (h *hammer) note(b txn, outcome caperrors.Outcome) {
	h.fates = append(h.fates, fate{b.BillNumber, b.IdentifierValue, outcome})
}

// call makes a call of some kind and notes the fate of each bill in it.
func (h *hammer) call(ctx context.Context) {
	switch h.rng.IntN(4) {
	case 0:
		b := h.bill()
		outcome := caperrors.Applied
		if _, err := h.client.Call(ctx, client.TransactionAdd, client.Request{Body: b}); err != nil {
			outcome = caperrors.OutcomeOf(err)
		}
		h.note(b, outcome)
	case 1:
		_, _ = h.client.Call(ctx, client.CustomerLookup, client.Request{Query: url.Values{"identifierName": {"mobile"}, "identifierValue": {"1"}}})
	case 2:
		items := make([]txn, 2+h.rng.IntN(3)) // the server takes three
		for i := range items {
			items[i] = h.bill()
		}
		b, _ := client.Send(ctx, h.client, client.TransactionsBulk, items)
		for i, v := range b.Verdicts {
			h.note(items[i], v.Outcome)
		}
	default:
		items := []txn{h.bill(), h.bill()}
		bodies := make([][]byte, len(items))
		for i := range items {
			bodies[i] = fmt.Appendf(nil, `{"identifierType":"mobile","identifierValue":%q,"billNumber":%q,"billAmount":1}`,
				items[i].IdentifierValue, items[i].BillNumber)
		}
		verdicts, err := h.client.Bulk(client.TransactionsBulk).Send(ctx, bodies)
		for i := range items {
			var outcome caperrors.Outcome
			if err != nil {
				outcome = caperrors.OutcomeOf(err)
			} else {
				outcome = verdicts[i].Outcome
			}
			h.note(items[i], outcome)
		}
	}
}

// pause waits before the next call. At each half minute all callers are due.
func (h *hammer) pause(begin time.Time, most time.Duration) {
	wait := time.Duration(h.rng.Int64N(int64(most)))
	due := 30*time.Second - time.Since(begin)%(30*time.Second)
	timer := time.NewTimer(min(wait, due))
	<-timer.C
}

// Two hundred callers of one client, ten minutes of virtual time, and every
// mishap that the simulator knows, over the connections that a client has which
// is given none. Tokens live for five minutes; the server forgets them twice.
func TestTwoHundredCallersForTenMinutes(t *testing.T) {
	t.Parallel()
	const (
		callers  = 200
		duration = 10 * time.Minute
		ttl      = 300 * time.Second
	)
	think := 24 * time.Second // between two calls of one caller, at most
	if os.Getenv("CAPILLARY_LONG") != "" {
		think = time.Second
	}
	synctest.Test(t, func(t *testing.T) {
		const p = 0.02
		sim := clienttest.New(clienttest.Options{
			Key: key, Secret: secret, TokenTTL: ttl, Latency: 150 * time.Millisecond, RetryAfter: 2 * time.Second,
			CallsPerMinute: 6000, BatchLimit: 3,
			Faults: clienttest.Faults{
				ItemBusy: p, RateLimited: p, AuthzUnavailable: p, SearchBusy: p, CustomerBusy: p,
				CutBefore: p, CutAfter: p, EdgeHTML: p, Garbled: p,
			},
		})
		srv := sim.InMemory()
		var open lines
		// What a client has that is given none, but for the 45 s after which a
		// connection without a call is closed: only what the server cuts counts.
		_, pool := transport.NewPool()
		pool.DialContext, pool.Proxy, pool.IdleConnTimeout = open.dialer(srv), nil, 0
		defer func() {
			pool.CloseIdleConnections()
			require.NoError(t, srv.Close())
			synctest.Wait()
			assert.Zero(t, open.open.Load(), "every connection was closed")
		}()
		var started, ended, attempts, dropped atomic.Int64
		c, err := client.New(srv.URL, client.WithOAuth(key, secret), client.WithHTTPClient(&http.Client{Transport: pool}),
			client.WithTimeout(10*time.Second), client.WithObserve(func(ctx context.Context, e client.Event) context.Context {
				switch e.Kind {
				case client.CallStarted:
					started.Add(1)
				case client.CallEnded:
					ended.Add(1)
					if e.Endpoint == "v3/oauth/token/generate" && e.Err != nil {
						dropped.Add(1)
					}
				case client.AttemptStarted:
					attempts.Add(1)
				case client.AttemptEnded:
					attempts.Add(-1)
				}
				return ctx
			}))
		require.NoError(t, err)

		hammers := make([]*hammer, callers)
		var late peak // how far past its deadline a call returned
		var wg sync.WaitGroup
		begin := time.Now()
		for i := range hammers {
			h := &hammer{name: fmt.Sprintf("%03d", i), rng: rand.New(rand.NewPCG(uint64(i), 7)), client: c}
			hammers[i] = h
			wg.Go(func() {
				for time.Since(begin) < duration {
					bound := time.Duration(h.rng.Int64N(int64(20 * time.Second)))
					ctx, cancel := context.WithTimeout(t.Context(), bound)
					deadline := time.Now().Add(bound)
					h.call(ctx)
					late.tell(int64(time.Since(deadline)))
					cancel()
					h.pause(begin, think)
				}
			})
		}
		const forgets = 2
		wg.Go(func() {
			for i := range forgets {
				timer := time.NewTimer(duration * time.Duration(1+3*i) / 6)
				<-timer.C
				sim.ExpireTokens()
			}
		})
		wg.Wait()
		took := time.Since(begin)
		stats := sim.Stats()
		t.Logf("%d calls, %d tokens, %d connections, %d at once, %v past the deadline, %+v",
			started.Load(), stats.TokenCalls, srv.Connections(), open.most.highest, time.Duration(late.highest), stats)

		assert.LessOrEqual(t, time.Duration(late.highest), 100*time.Millisecond)
		assert.Equal(t, started.Load(), ended.Load())
		assert.Zero(t, attempts.Load())
		// A token is renewed after four fifths of its life.
		lives := int(took/(ttl*4/5)) + 1
		assert.LessOrEqual(t, stats.TokenCalls, lives+forgets+int(dropped.Load()), "one token for each life, unless all who waited for it left")
		assert.LessOrEqual(t, dropped.Load(), int64(5))
		assert.LessOrEqual(t, open.most.highest, int64(callers+1), "each caller has one connection at most, the token another")
		broken := stats.Faults.CutBefore + stats.Faults.CutAfter + stats.Faults.Abandoned
		assert.LessOrEqual(t, srv.Connections(), callers+1+broken, "only what was cut is replaced")
		for name, n := range map[string]int{
			"busy items": stats.Faults.ItemBusy, "429": stats.Faults.RateLimited, "503": stats.Faults.AuthzUnavailable,
			"461": stats.Faults.SearchBusy, "521": stats.Faults.CustomerBusy, "cut before": stats.Faults.CutBefore,
			"cut after": stats.Faults.CutAfter, "pages": stats.Faults.EdgeHTML, "garbled": stats.Faults.Garbled,
			"abandoned": stats.Faults.Abandoned, "over the rate": stats.OverRate, "oversize": stats.Oversize, "expired": stats.Unauthorized,
		} {
			assert.Positive(t, n, name)
		}
		told := map[caperrors.Outcome]int{}
		for _, h := range hammers {
			for _, f := range h.fates {
				told[f.outcome]++
				times := sim.Times(f.number, f.customer)
				switch f.outcome {
				case caperrors.Applied, caperrors.Duplicate:
					assert.Equal(t, 1, times, f)
				case caperrors.Refused, caperrors.NotSent:
					assert.Zero(t, times, f)
				default:
					assert.LessOrEqual(t, times, 1, f)
				}
			}
		}
		t.Log(told)
		assert.Zero(t, stats.DuplicateApplied)
	})
}
