package batch

import (
	"errors"

	caperrors "github.com/capillary-go/capillary/errors"
)

// end gives an item that was out its final outcome. Its key goes on.
func (c *core) end(it *item, outcome caperrors.Outcome, stop caperrors.Stop) {
	c.packer.finish(it)
	if it.job == nil {
		c.live--
		c.weight -= it.weight()
		c.spare.add(it)
		return
	}
	c.deliver(it, outcome, stop)
}

// discard ends an item whose job has its result already.
func (c *core) discard(it *item) { c.end(it, caperrors.Unknown, 0) }

// giveUp ends an item that was out with what is known of it. Unless that is a
// refusal for good, its key is held if the caller wants it. The items of a job
// that has stopped end anyway.
func (c *core) giveUp(it *item, stop caperrors.Stop) {
	j, outcome := it.job, it.known
	if c.onKeyFailure != HoldKey || j == nil || j.stopped || !failed(outcome, it.verdict.Kind, stop) {
		c.end(it, outcome, stop)
		return
	}
	from := holder{it.seq, it.names()}
	c.end(it, outcome, stop)
	c.hold(j, from)
}

// deliver puts the result of an item that the packer no longer holds where its
// job finds it.
func (c *core) deliver(it *item, outcome caperrors.Outcome, stop caperrors.Stop) {
	c.live--
	c.weight -= it.weight()
	it.job.push(it, outcome, stop)
}

// push adds a result. The item is the result's from then on, until the result is
// given back.
func (j *job) push(it *item, outcome caperrors.Outcome, stop caperrors.Stop) {
	s := settled{
		slot: it.slot, index: it.index, it: it,
		outcome:      outcome,
		afterUnknown: it.lost && outcome != caperrors.Unknown,
		unfinished:   j.unfinished(it, outcome, stop),
	}
	if !outcome.Done() {
		s.err = j.itemError(it, outcome, stop)
	}
	if j.order != nil {
		j.results = j.order.release(it.turn, s, j.results)
	} else {
		j.results = append(j.results, s)
	}
	j.keep(it, &s)
	j.open--
	j.progress.count(outcome, it.attempts)
	it.job = nil
	j.core.mu.tell(j)
}

// unfinished reports whether it is the job's end that ends an item: a run that
// resumes can go on with it.
func (j *job) unfinished(it *item, outcome caperrors.Outcome, stop caperrors.Stop) bool {
	switch {
	case outcome.Done(), it.delivers, outcome == caperrors.Unknown && j.core.onUnknown == ReportUnknown:
		return false
	case it.undecided:
		return true
	default:
		return stop == caperrors.ErrContextEnded || stop == caperrors.ErrJobStopped || stop == caperrors.ErrDeadlineTooNear
	}
}

// itemError says why an item is not done.
func (j *job) itemError(it *item, outcome caperrors.Outcome, stop caperrors.Stop) error {
	v := &it.verdict
	e := &caperrors.ItemError{
		Index: it.index, ID: it.id, Outcome: outcome,
		Scope: v.Scope, Code: v.Code, Kind: v.Kind, Message: v.Message, RequestID: v.RequestID,
		Attempts: it.attempts, Stop: stop,
	}
	if v.Code == 0 {
		e.Err = it.err
	}
	switch {
	case j.stop == nil || stop != caperrors.ErrContextEnded && stop != caperrors.ErrJobStopped || errors.Is(e.Err, j.stop):
	case e.Err == nil:
		e.Err = j.stop
	default:
		e.Err = errors.Join(j.stop, e.Err)
	}
	return e
}

// twin returns a copy of an item that is still out, for the result.
func (c *core) twin(it *item) *item {
	twin := c.spare.take()
	*twin = *it
	twin.body, twin.first, twin.more = nil, link{}, nil
	return twin
}
