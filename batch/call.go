package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// group is the items of a call to be made alone.
type group struct {
	items   []*item
	trial   bool    // it decides the doubt
	waits   bool    // until the doubt is decided
	refused bool    // as it is: it is split when it has waited
	halves  *halves // nil: it is no half of a call that was refused as oversize
}

// call is one call in flight.
type call struct {
	items    []*item
	probe    bool    // it carries more items than any accepted so far
	size     int     // items that it was to have; 0 if that was no choice
	weight   int     // bytes of the items
	heavy    bool    // it weighs more than any accepted so far
	group    bool    // made alone, split off from a refused one
	trial    bool    // of a doubt
	halves   *halves // nil: it is no half of a call that was refused as oversize
	started  time.Time
	intents  []intent // what the journals have to know before
	canceled bool     // every job with an item in it has ended
	cancel   context.CancelCauseFunc
	room     *room // nil: it has none, or it is lost
}

// begin takes the items of the next call. It is called with the lock held.
func (c *core) begin(ctx context.Context, next plan) (*call, context.Context) {
	cl := &call{started: time.Now(), group: next.group}
	if next.group {
		at := c.nextGroup()
		g := &c.groups[at]
		cl.items, cl.trial, cl.halves = g.items, g.trial, g.halves
		c.groups = slices.Delete(c.groups, at, at+1)
	} else {
		cl.size = next.fit
		cl.items = c.packer.take(load{n: next.n, bytes: next.bytes}, c.patience(next.fit),
			make([]*item, 0, min(next.fit, c.packer.available())))
	}
	for _, it := range cl.items {
		it.attempts++
		cl.weight += it.weight()
	}
	if c.journals > 0 {
		cl.intents = intents(cl.items)
	}
	cl.heavy = c.limits.weights.began(cl.weight)
	cl.probe = c.limits.began(len(cl.items))
	c.gate.begin(len(c.calls))
	c.waitSince = time.Time{}
	c.poison.calls++
	callCtx, cancel := context.WithCancelCause(ctx)
	cl.cancel = cancel
	cl.room = c.takeRoom()
	c.calls[cl] = struct{}{}
	for j := range c.jobs {
		j.progress.Calls++
	}
	c.reportHotKey(cl.started)
	c.event(Event{Kind: CallStarted, At: cl.started, Items: len(cl.items), InFlight: len(c.calls)})
	return cl, callCtx
}

// run makes one call and settles its items. ctx also ends when every job with
// an item in the call has ended.
func (c *core) run(ctx context.Context, cl *call) {
	var verdicts []caperrors.Verdict
	err := errNoReturn
	// Deferred, because the sender may end the goroutine: a test's FailNow does.
	defer func() { //nolint:contextcheck // what happened is told whatever ended
		cl.cancel(nil)
		c.settle(cl, verdicts, err)
		if len(cl.intents) > 0 {
			c.kick() // the next call need not wait for what the journals are told
		}
		for _, in := range cl.intents {
			_ = in.job.tell() // a failure stops the job
		}
		c.flush()
		c.kick()
	}()
	if unkept := announce(ctx, cl.intents); unkept != nil {
		err = unkept
		return
	}
	verdicts, err = c.send(ctx, cl)
}

// errNoReturn is a call whose sender ended its goroutine.
var errNoReturn = errors.New("the sender did not return")

// send calls the sender. A panic in it is an unknown outcome, not the end of
// the program.
func (c *core) send(ctx context.Context, cl *call) (verdicts []caperrors.Verdict, err error) {
	defer func() {
		if p := recover(); p != nil {
			verdicts, err = nil, &PanicError{Value: p, Stack: stack()}
		}
	}()
	if c.appender != nil {
		verdicts, err = c.sendAppend(ctx, cl)
	} else {
		bodies := make([][]byte, len(cl.items))
		for i, it := range cl.items {
			bodies[i] = it.body
		}
		verdicts, err = c.sender.Send(ctx, bodies)
	}
	if err == nil && len(verdicts) != len(cl.items) {
		return nil, fmt.Errorf("sender returned %d verdicts for %d items", len(verdicts), len(cl.items))
	}
	return verdicts, err
}

// callErrorOf returns the outcome and the kind of a call that came to nothing.
func callErrorOf(err error) (caperrors.Outcome, caperrors.Kind) {
	var failed *caperrors.CallError
	if errors.As(err, &failed) {
		return failed.Outcome, failed.Kind()
	}
	return caperrors.OutcomeOf(err), 0
}
