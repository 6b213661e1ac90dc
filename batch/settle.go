package batch

import (
	"errors"
	"slices"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// settle brings the items of a call that came back to their next place.
func (c *core) settle(cl *call, verdicts []caperrors.Verdict, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	took := now.Sub(cl.started)
	delete(c.calls, cl)
	defer c.giveRoom(cl)
	defer c.reportLimits(now)
	c.event(Event{Kind: CallEnded, At: now, Items: len(cl.items), InFlight: len(c.calls) + 1, Took: took, Err: err})
	if len(cl.intents) > 0 {
		cl.makeRoom()
		defer keepOpen(slices.Clone(cl.items))
		var unkept *journalError
		if errors.As(err, &unkept) {
			c.unkept(cl, unkept)
			return
		}
	}
	if err == nil {
		c.poison.reached = true
		c.gate.observe(now, took)
		c.answered(cl, verdicts, now)
		return
	}
	c.wasted(now)
	outcome, kind := callErrorOf(err)
	c.poison.reached = c.poison.reached || outcome != caperrors.NotSent
	switch {
	case kind == caperrors.ErrUncertain:
		c.unknown(cl, err, now, 0)
	case outcome == caperrors.NotSent:
		c.unsent(cl, err, now)
	case outcome == caperrors.Refused:
		c.gate.observe(now, took)
		c.refused(cl, kind, err, now)
	default:
		c.unknown(cl, err, now, givenUp(cl, err, took))
	}
}

// givenUp returns how long the server may still be at work on a call that was
// given up, for its time or because its jobs ended: as long again.
func givenUp(cl *call, err error, took time.Duration) time.Duration {
	var failed *caperrors.TransportError
	if cl.canceled || errors.As(err, &failed) && failed.Timeout() {
		return took
	}
	return 0
}

// answered settles a call that was answered item by item.
func (c *core) answered(cl *call, verdicts []caperrors.Verdict, now time.Time) {
	oversize := 0
	for i, it := range cl.items {
		it.verdict, it.err = verdicts[i], nil
		if v := &it.verdict; v.Outcome == caperrors.Refused {
			it.known = refusedOr(it.known)
			if v.Kind == caperrors.ErrOversize {
				oversize++
			}
		}
	}
	if oversize == len(cl.items) {
		c.wasted(now)
		c.oversize(cl, 0, nil)
		return
	}
	c.gate.accepted(cl.started)
	c.poison.accepted = true
	c.refund()
	c.limits.weights.accepted(cl.weight, cl.heavy)
	c.upheld(cl)
	c.limits.accepted(len(cl.items), cl.probe)
	if j := cl.items[0].job; j != nil { // of which mostly all are
		j.results = slices.Grow(j.results, len(cl.items))
	}
	settled := 0
	for _, it := range cl.items {
		switch v := &it.verdict; {
		case v.Outcome.Done():
			c.end(it, v.Outcome, 0)
			settled++
		case v.Outcome == caperrors.Unknown:
			c.unknownItem(cl, it, now, 0)
		case v.Kind == caperrors.ErrTransient:
			c.transient(it, now)
		case v.Kind == caperrors.ErrOversize:
			c.bounce(it)
		default:
			c.end(it, caperrors.Refused, 0)
			settled++
		}
	}
	if settled == 0 {
		c.wasted(now)
	}
}

// wasted counts a call that settled no item.
func (c *core) wasted(now time.Time) {
	c.event(Event{Kind: CallWasted, At: now, InFlight: len(c.calls)})
	for j := range c.jobs {
		j.progress.Wasted++
	}
}

// refusedOr keeps an unknown outcome: a refusal of a later send does not tell
// what became of the earlier one.
func refusedOr(known caperrors.Outcome) caperrors.Outcome {
	if known == caperrors.Unknown {
		return known
	}
	return caperrors.Refused
}

// unknown settles a call that ended without an answer. The server may be at
// work on it for as long as busyFor, so that its keys stay closed.
func (c *core) unknown(cl *call, err error, now time.Time, busyFor time.Duration) {
	c.probeEnded(cl)
	if cl.size > 0 && cl.tooLate(err) {
		c.limits.timedOut(len(cl.items), cl.size)
	}
	var outage error
	if !cl.canceled {
		// A server that is stuck would else take the whole input, call by call.
		outage = c.busy(cl, err, now)
	}
	for _, it := range cl.items {
		it.verdict, it.err = caperrors.Verdict{RequestID: caperrors.RequestIDOf(err)}, err
		c.unknownItem(cl, it, now, busyFor)
	}
	if outage != nil {
		c.stopLocked(outage)
	}
}

func (c *core) unknownItem(cl *call, it *item, now time.Time, busyFor time.Duration) {
	it.known, it.lost = caperrors.Unknown, true
	if busyFor > 0 {
		c.packer.closeKeys(it, now.Add(busyFor))
		c.recall(it)
	}
	switch {
	case it.job == nil:
		c.discard(it)
	case it.job.ended:
		c.giveUp(it, it.job.reason)
	case c.onUnknown == ResendUnknown:
		if it.strikes++; it.strikes >= c.maxAttempts {
			c.giveUp(it, caperrors.ErrAttemptsExhausted)
			return
		}
		c.delay(it, now, busyFor+c.policy.Delay(retry.Transport, it.strikes-1))
	case c.onUnknown == ReconcileUnknown && it.job.stopped:
		c.giveUp(it, it.job.reason)
	case c.onUnknown == ReconcileUnknown:
		it.strikes++
		c.askLater(cl, it, now.Add(busyFor))
	default:
		c.giveUp(it, 0)
	}
}

// unsent settles a call of which no byte left: the service is out of reach, or
// the job has ended.
func (c *core) unsent(cl *call, err error, now time.Time) {
	c.probeEnded(cl)
	for _, it := range cl.items {
		it.attempts--
		it.err = err
	}
	var argument *caperrors.ArgumentError
	if errors.As(err, &argument) || errors.Is(err, caperrors.ErrRefreshFailed) || errors.Is(err, caperrors.ErrUnauthenticated) {
		c.fail(cl, err)
		return
	}
	if !c.poison.reached && !cl.canceled && lasting(err) {
		c.fail(cl, err)
		return
	}
	c.sendBack(cl, retry.Transport, err, now)
}

// lasting reports whether the sender itself gave up on reaching the server
// without a second try: an unknown host, a certificate that is not trusted.
func lasting(err error) bool {
	var failed *caperrors.CallError
	var sending *caperrors.TransportError
	return errors.As(err, &failed) && failed.Stop == 0 && errors.As(err, &sending) && sending.NotSent
}
