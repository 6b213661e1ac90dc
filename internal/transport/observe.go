package transport

import (
	"context"
	"log/slog"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Observer is told of the attempts of one call, in the goroutine of the call.
// Every attempt that started ends, unless the round tripper panics. It must not
// panic.
type Observer interface {
	// AttemptStarted is called right before an attempt. The values of the
	// context that it returns are those of the attempt.
	AttemptStarted(ctx context.Context, a Attempt) context.Context
	// AttemptEnded is called with that context, before any wait.
	AttemptEnded(ctx context.Context, a Attempt)
}

// Attempt is what an [Observer] is told.
type Attempt struct {
	Number int // from 1

	// Wait is how long the attempt waited since the call began or the attempt
	// before it ended: delay, pace and credentials. When it has ended, it is
	// the delay planned before the next one.
	Wait time.Duration

	// Err is, when the attempt starts, why the one before it was not the last;
	// when it ends, what it says itself.
	Err error

	// The rest is known when it has ended.

	Again     bool // another one follows, unless the context ends the wait
	Took      time.Duration
	Outcome   caperrors.Outcome
	Status    int    // of the answer; 0 if there is none
	RequestID string // of the answer
	Received  int    // bytes of its body, after decompression
}

// attempt is what a call notes of its last attempt, for logs and observers.
type attempt struct {
	ctx     context.Context // with the observer's values
	started time.Time
	ended   time.Time
	answer  *Answer // nil if it has none
	err     error   // nil for a success
	effect  caperrors.Outcome
}

// attemptStarts notes that an attempt begins.
func (c *call) attemptStarts() {
	now := time.Now()
	if c.attempts == 1 {
		c.started = now
	}
	ctx := c.ctx
	if c.req.Observer != nil {
		since := c.began
		if c.attempts > 1 {
			since = c.last.ended
		}
		ctx = c.req.Observer.AttemptStarted(ctx, Attempt{Number: c.attempts, Wait: now.Sub(since), Err: c.last.err})
	}
	c.last = attempt{ctx: ctx, started: now}
}

// attemptEnds tells of the attempt that ended. Before it the next one is
// planned, and nothing has been waited for.
func (c *call) attemptEnds(again bool) {
	if c.req.Observer == nil && !c.t.logger.Enabled(c.last.ctx, slog.LevelDebug) {
		return
	}
	c.last.ended = time.Now()
	a := Attempt{
		Number:  c.attempts,
		Err:     c.last.err,
		Again:   again,
		Took:    c.last.ended.Sub(c.last.started),
		Outcome: c.last.effect,
	}
	if answer := c.last.answer; answer != nil {
		a.Status, a.RequestID, a.Received = answer.Status, answer.RequestID, len(answer.Body)
	}
	if again {
		a.Wait = c.wait
	}
	c.logAttempt(&a)
	if c.req.Observer != nil {
		c.req.Observer.AttemptEnded(c.last.ctx, a)
	}
}
