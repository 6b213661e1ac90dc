package batch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/capillary-go/capillary/retry"
)

// core is the engine without its item type. Every field below mu is guarded by
// it; no user code runs under it.
//
// One goroutine, the loop, decides what goes out; it lives while a job does.
// Each call has a goroutine of its own, which settles the call's items when it
// comes back.
type core struct {
	settings
	sender    Sender
	appender  Appender                                                 // the sender; nil if it is none
	knowsIDs  bool                                                     // an item's id is what the sender's Inspect returned
	resources Resources                                                // nil if the sender has none
	reconcile func(ctx context.Context, values []any) ([]Found, error) // nil if nobody is asked
	policy    retry.Policy
	budget    *retry.Budget // nil if the sender has none
	limits    *limits

	observing sync.Mutex // held while events are handed out, never with mu taken first

	mu        lock
	packer    *packer
	asks      []*inquiry // to be made, and under way
	groups    []group    // calls to be made alone, split off from refused ones
	gate      *gate
	jobs      map[*job]struct{}
	calls     map[*call]struct{}
	journals  int       // jobs that have a journal
	live      int       // items accepted and not final
	weight    int       // bytes of them
	waitSince time.Time // when the loop began to wait for a call to fill; zero if it does not
	wanted    int       // items available that the loop waits for
	unpaid    unpaid
	taken     []int // costs of repeated calls, to be given back when one succeeds
	poison    poison
	doubt     doubt
	trouble   error // why the last call came to nothing that was busy or out of reach
	spare     spares
	events    []Event
	hot       bool    // a hot key was reported
	toldItems int     // limit that was reported
	toldBytes int     // the same in bytes
	rooms     []*room // memory of calls that came back
	stopLoop  context.CancelFunc
	loopEnd   chan struct{} // closed when the loop has ended
	wake      chan struct{}
}

func newCore(s settings, sender Sender) *core {
	c := &core{
		settings: s,
		sender:   sender,
		packer:   newPacker(s.sameKey),
		gate:     newGate(s.maxConcurrency),
		jobs:     make(map[*job]struct{}),
		calls:    make(map[*call]struct{}),
		wake:     make(chan struct{}, 1),
	}
	if a, ok := sender.(Appender); ok && a.Same(sender) {
		c.appender = a
	}
	c.limits = newLimits()
	if r, ok := sender.(Resources); ok {
		c.resources = r
		c.policy = r.Policy()
		c.budget = r.Budget()
		if shared, is := r.Shared(func() any { return newLimits() }).(*limits); is {
			c.limits = shared
		}
	}
	c.policy = c.policy.WithDefaults()
	return c
}

// join adds a job and sees to it that the loop runs.
func (c *core) join(j *job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jobs[j] = struct{}{}
	if j.journal != nil {
		c.journals++
	}
	if c.stopLoop == nil {
		// What an earlier job met says nothing about this one.
		c.poison, c.unpaid = poison{}, unpaid{}
		c.gate.refusals = 0
		// The loop serves every job, so it ends with the last, not with the
		// context of the first; that one lends its values alone.
		ctx, stop := context.WithCancel(context.WithoutCancel(j.ctx))
		c.stopLoop = stop
		c.loopEnd = make(chan struct{})
		go c.loop(ctx, c.loopEnd)
	}
}

// leave removes a job that has no item left. The last one ends the loop and
// waits for it. Every event of the job has then been handed out.
func (c *core) leave(j *job) {
	c.mu.Lock()
	delete(c.jobs, j)
	if j.journal != nil {
		c.journals--
	}
	if j.grace != nil {
		j.grace.Stop()
	}
	var end chan struct{}
	if len(c.jobs) == 0 && c.stopLoop != nil {
		c.stopLoop()
		end = c.loopEnd
		c.stopLoop, c.loopEnd = nil, nil
		c.rooms = nil
		c.hot = false
		c.waitSince = time.Time{}
	}
	c.mu.Unlock()
	if end != nil {
		<-end
	}
	c.flush()
}

// kick makes the loop look again.
func (c *core) kick() { signal(c.wake) }

// loop sends what can be sent until ctx ends.
func (c *core) loop(ctx context.Context, end chan<- struct{}) {
	defer close(end)
	// A wake-up that this loop took may have been meant for the next one.
	defer c.kick()
	timer := time.NewTimer(0)
	defer timer.Stop()
	permit := c.resources == nil
	for {
		pace := c.pace()
		c.mu.Lock()
		if ctx.Err() != nil {
			// The last job left; the next one has a loop of its own.
			c.mu.Unlock()
			return
		}
		now := time.Now()
		asked := c.ask(ctx, now)
		next := c.plan(now, pace)
		next.wakeAt = earlier(next.wakeAt, asked)
		switch {
		case !next.send:
			c.mu.Unlock()
		case permit:
			cl, callCtx := c.begin(ctx, next)
			c.mu.Unlock()
			c.flush()
			go c.run(callCtx, cl)
			permit = c.resources == nil
			continue
		default:
			c.mu.Unlock()
			if err := c.resources.Wait(ctx); err == nil {
				permit = true
			} else if ctx.Err() == nil {
				c.stopAll(fmt.Errorf("wait for the pace: %w", err))
			}
			continue
		}
		timer.Stop()
		if !next.wakeAt.IsZero() {
			timer.Reset(time.Until(next.wakeAt))
		}
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-timer.C:
		}
	}
}

// pace returns the calls a second that the sender allows; 0 if it sets no pace.
// It asks the sender, so the lock must not be held.
func (c *core) pace() float64 {
	if c.resources == nil {
		return 0
	}
	return c.resources.Rate()
}
