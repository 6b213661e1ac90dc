package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// AllEndpoints stands for all endpoints together in [WithRate] and
// [WithLimiter].
const AllEndpoints = "*"

// Limiter holds calls back beyond what one client knows, such as a limit that
// several processes share. A *rate.Limiter of golang.org/x/time is one, for the
// clients of one process.
//
// Wait blocks until one call may be made; that call is then made. It returns
// an error if ctx ends first, or if it cannot tell: the call is then not made,
// and fails with that error. It is called before each attempt, not from two
// goroutines at once for one endpoint.
//
// A Wait that would end after the deadline of ctx need not begin. It then returns
// an error that wraps [caperrors.ErrDeadlineTooNear], which is why the call
// stops, as it is with [WithRate]. The error of a *rate.Limiter is taken for one.
// Any other error before the end of ctx is that of a limiter that cannot tell,
// also if it is a time-out: it may be the limiter's own.
//
// For several processes, keep one count or one time of the next call for each
// endpoint in Redis or the like, changed by one script (GCRA is a well-known
// one), and let Wait sleep for the time that the script answers.
type Limiter interface {
	Wait(ctx context.Context) error
}

// paces holds back the calls of a client. It is shared by all that [Client.With]
// returns.
type paces struct {
	rates    map[string]int     // read only
	limiters map[string]Limiter // read only
	all      *pacer             // nil: none for all endpoints together

	mu        sync.RWMutex
	endpoints map[string]*pacer
}

func newPaces(cfg *config) *paces {
	p := &paces{rates: cfg.rates, limiters: cfg.limiters, endpoints: make(map[string]*pacer)}
	if n, limiter := cfg.rates[AllEndpoints], cfg.limiters[AllEndpoints]; n > 0 || limiter != nil {
		p.all = newPacer(n, limiter != nil)
	}
	return p
}

// endpoint returns the pacer of an endpoint. One without a rate has one, too:
// the server may ask for a pace.
func (p *paces) endpoint(name string) *pacer {
	p.mu.RLock()
	found := p.endpoints[name]
	p.mu.RUnlock()
	if found != nil {
		return found
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.endpoints[name] == nil {
		p.endpoints[name] = newPacer(p.rates[name], p.limiters[name] != nil)
	}
	return p.endpoints[name]
}

// pace is what the calls of one endpoint wait for.
type pace struct {
	*pacer
	all      *pacer     // may be nil
	limiters [2]Limiter // the endpoint's and that of all; may be nil
}

func (p *paces) of(endpoint string) pace {
	return pace{
		pacer:    p.endpoint(endpoint),
		all:      p.all,
		limiters: [2]Limiter{p.limiters[endpoint], p.limiters[AllEndpoints]},
	}
}

// wait blocks until the endpoint's next call may go. It is the endpoint's first
// in line that stands in the line of all, so that an endpoint with many callers
// does not hold up the others.
func (p *pace) wait(ctx context.Context) error {
	if p.all == nil && p.limiters == [2]Limiter{} {
		return p.pacer.wait(ctx, nil)
	}
	return p.pacer.wait(ctx, p.rest)
}

func (p *pace) rest(ctx context.Context) error {
	if p.all != nil {
		return p.all.wait(ctx, p.ask)
	}
	return p.ask(ctx)
}

func (p *pace) ask(ctx context.Context) error {
	for _, l := range p.limiters {
		if l == nil {
			continue
		}
		if err := l.Wait(ctx); err != nil {
			return limiterError(ctx, l, err)
		}
	}
	return nil
}

// limiterError returns the error of a limiter, which has the reason in it if the
// wait would have ended too late. The errors of package rate have no type, but
// while the context lasts there are only two: this one, and that a limiter
// without a burst lets nothing through.
func limiterError(ctx context.Context, l Limiter, err error) error {
	known, ok := l.(*rate.Limiter)
	if _, bounded := ctx.Deadline(); !ok || !bounded || ctx.Err() != nil || known.Burst() < 1 {
		return err
	}
	return fmt.Errorf("wait for the limiter: %w: %w", caperrors.ErrDeadlineTooNear, err)
}

// rate returns the calls a second that are allowed now; 0 for any.
func (p *pace) rate() float64 {
	own := p.current()
	if p.all == nil {
		return own
	}
	all := p.all.current()
	if own == 0 || all == 0 {
		return max(own, all)
	}
	return min(own, all)
}

// turn is the pace of one call.
type turn struct {
	pace

	longest time.Duration // that the server may ask for
}

func (c *core) turn(endpoint string) turn {
	return turn{pace: c.paces.of(endpoint), longest: c.policy.MaxRetryAfter}
}

// answered makes the pace follow an answer. A 429 within a body is no limit of
// pace: calls for one-time passwords have it for a daily quota.
func (t *turn) answered(a *transport.Answer) {
	if a.Status == http.StatusTooManyRequests {
		t.refused(time.Now(), a.Sent, min(a.RetryAfter, t.longest))
	}
}
