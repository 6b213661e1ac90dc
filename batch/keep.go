package batch

import (
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// keep notes a result for the journal, and what a checkpoint would lose of it.
func (j *job) keep(it *item, s *settled) {
	if s.unfinished && j.tracked && (it.attempts > 0 || it.known != caperrors.NotSent) {
		j.leftover = append(j.leftover, it.entry())
	}
	switch {
	case j.journal == nil:
	case s.unfinished:
		j.entries = append(j.entries, it.entry())
	default:
		j.entries = append(j.entries, s.entry())
	}
}

// redeliver gives an item the result that it had in an earlier run.
func (c *core) redeliver(it *item, e *Entry) {
	j, keys := it.job, it.names()
	it.delivers = true
	c.deliver(it, e.Outcome, e.Stop)
	if c.onKeyFailure == HoldKey && e.Failed() {
		c.hold(j, holder{c.packer.seq, keys})
	}
}

// makeRoom makes room for what the journals will be told of a call that came
// back.
func (cl *call) makeRoom() {
	for _, in := range cl.intents {
		in.job.entries = slices.Grow(in.job.entries, len(in.items))
	}
}

// keepOpen notes for the journals which items of a call that came back go out
// again. Items that have their result have no job any more.
func keepOpen(items []*item) {
	for _, it := range items {
		if it.job != nil && it.job.journal != nil {
			it.job.entries = append(it.job.entries, it.entry())
		}
	}
}

// breakLocked stops a job whose journal failed. The journal is told no more.
func (j *job) breakLocked(err error) {
	if j.journalErr == nil {
		j.journalErr = err
	}
	j.core.stopJob(j, caperrors.ErrJobStopped, err)
}

// unkept settles a call that was not made because a journal could not take it.
// Items of other jobs go back to where they came from.
func (c *core) unkept(cl *call, failure *journalError) {
	c.probeEnded(cl)
	for j := range c.jobs {
		j.progress.Calls = max(0, j.progress.Calls-1)
	}
	c.poison.calls--
	if !failure.job.ended {
		failure.job.breakLocked(failure.err)
	}
	for _, it := range slices.Backward(cl.items) {
		it.attempts--
		switch {
		case it.job == nil:
			c.discard(it)
		case it.job.stopped:
			if it.job == failure.job {
				it.err = failure
			}
			c.giveUp(it, it.job.reason)
		default:
			c.packer.giveBack(it)
		}
	}
}
