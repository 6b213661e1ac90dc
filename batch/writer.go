package batch

import (
	"context"
	"errors"
	"sync"

	caperrors "github.com/capillary-go/capillary/errors"
)

// ErrClosed is returned for an item that is added after Close.
var ErrClosed = errors.New("the writer is closed")

// ErrReentrant is returned by a method of a writer that is called with the
// context of its own result function, or one made from it: it would wait for
// itself. With any other context that is not noticed; see [Engine.Writer].
var ErrReentrant = errors.New("called from the writer's own result function")

// Writer takes items one at a time, from any goroutine, for as long as a
// program runs, and hands each result to a function. Make one with
// [Engine.Writer], and close it: until then it holds two goroutines.
type Writer[T any] struct {
	engine   *Engine[T]
	job      *job
	onResult func(context.Context, Result[T])
	ctx      context.Context // of the result function
	end      context.CancelCauseFunc
	over     chan struct{} // closed when the last result was handed out

	values slots[T]

	mu        sync.Mutex // guards what follows
	delivered int        // results handed out
	flushes   []*flush
	panicked  error // what the result function panicked with first
}

// flush is one waiting Flush: left results of those with an index below target
// are still to be handed out.
type flush struct {
	target, left int
	done         chan struct{}
}

// Writer returns a writer. onResult is called for each accepted item, one call
// at a time, in the order in which the results come or, with [Advanced.Ordered],
// in which the items were accepted, without a lock held. Its context carries no
// deadline. A panic in onResult stops the writer, and Close returns it.
//
// onResult must not wait for its own writer. Called with its context, or one
// made from it, the writer's methods return [ErrReentrant] at once. Called with
// another context, they cannot know where they are: Flush then waits until that
// context ends, Add too while the window is full, Close and Stop for ever. What
// is to happen because of a result belongs into a goroutine of its own.
func (e *Engine[T]) Writer(onResult func(context.Context, Result[T])) *Writer[T] {
	ctx, end := context.WithCancelCause(context.Background())
	w := &Writer[T]{
		engine:   e,
		job:      newJob(ctx, e.core),
		onResult: onResult,
		end:      end,
		over:     make(chan struct{}),
		values:   newSlots[T](e.core.window),
	}
	w.ctx = context.WithValue(context.Background(), writerKey{}, w.job)
	w.job.value = w.values.peek
	e.core.join(w.job)
	go w.handOut()
	return w
}

// writerKey marks the context of a result function with its writer's job.
type writerKey struct{}

func (w *Writer[T]) reentrant(ctx context.Context) bool {
	own, _ := ctx.Value(writerKey{}).(*job)
	return own == w.job
}

// Add accepts an item. It waits while the window is full, at the longest until
// ctx ends. If it returns nil, the item gets exactly one result. If it does
// not, the item was not taken: the error is ctx's, [ErrClosed],
// [ErrReentrant], or the reason for which the writer stopped, such as a refusal
// of the credentials.
func (w *Writer[T]) Add(ctx context.Context, item T) error {
	if w.reentrant(ctx) {
		return ErrReentrant
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	enc := w.engine.prepare(item)
	switch {
	case w.job.admit(ctx.Done(), enc, nil, func(slot int) { w.values.put(slot, item) }):
		return nil
	case ctx.Err() != nil:
		return contextError(ctx)
	}
	if err := w.job.err(); err != nil {
		return err
	}
	return ErrClosed
}

// Flush waits until every item accepted before has its result, and the result
// function has returned from it. Items that do not fill a call go out without
// waiting for others to join them. It returns early only with the error of ctx,
// or [ErrReentrant].
func (w *Writer[T]) Flush(ctx context.Context) error {
	if w.reentrant(ctx) {
		return ErrReentrant
	}
	w.mu.Lock()
	target := w.job.hurry(1)
	f := &flush{target: target, left: target - w.delivered, done: make(chan struct{})}
	if f.left > 0 {
		w.flushes = append(w.flushes, f)
	} else {
		close(f.done)
	}
	w.mu.Unlock()
	defer w.job.hurry(-1)
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// Close accepts no more items and waits until all have their results. If ctx
// ends before, what is not in flight is not sent any more, what is in flight
// ends as unknown unless an answer comes at once, and every result is handed
// out all the same. It returns nil if the writer came to its end, else ctx's
// error, or the reason for which the writer stopped. A second Close waits for
// the same end. In the result function, it returns [ErrReentrant] or never; see
// [Engine.Writer].
func (w *Writer[T]) Close(ctx context.Context) error {
	if w.reentrant(ctx) {
		return ErrReentrant
	}
	w.job.closeSource()
	select {
	case <-w.over:
	case <-ctx.Done():
		w.end(contextError(ctx))
		<-w.over
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.job.err()
	switch {
	case w.panicked != nil:
		return w.panicked
	case err != nil && ctx.Err() != nil:
		return contextError(ctx)
	default:
		return err
	}
}

// Stop accepts no more items and sends none: what is in flight is waited for,
// the rest ends with what is known of it, not-sent if it never went out. It is
// for programs whose items are safe in a queue, and returns as [Writer.Close]
// does, also in the result function; ctx bounds the wait in the same way.
func (w *Writer[T]) Stop(ctx context.Context) error {
	if w.reentrant(ctx) {
		return ErrReentrant
	}
	w.job.abandon()
	return w.Close(ctx)
}

// Progress returns a snapshot. It may be called at any time.
func (w *Writer[T]) Progress() Progress { return w.job.snapshot() }

// handOut calls the result function until the last result.
func (w *Writer[T]) handOut() {
	defer close(w.over)
	defer w.end(nil)
	defer w.engine.core.leave(w.job)
	unwatch := context.AfterFunc(w.job.ctx, w.job.canceled)
	defer unwatch()
	var results []settled
	for {
		var more bool
		if results, more = w.job.collect(results); !more {
			return
		}
		for i := range results {
			w.call(newResult(&results[i], w.values.take(results[i].slot)))
			w.handedOut(results[i].index)
		}
	}
}

// call calls the result function. The first panic in it stops the writer.
func (w *Writer[T]) call(r Result[T]) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err := &PanicError{Value: p, Stack: stack()}
		w.mu.Lock()
		if w.panicked == nil {
			w.panicked = err
		}
		w.mu.Unlock()
		w.job.fail(err)
	}()
	w.onResult(w.ctx, r)
}

// handedOut tells the waiting flushes of a result.
func (w *Writer[T]) handedOut(index int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivered++
	waiting := w.flushes[:0]
	for _, f := range w.flushes {
		if index < f.target {
			f.left--
		}
		if f.left > 0 {
			waiting = append(waiting, f)
		} else {
			close(f.done)
		}
	}
	clear(w.flushes[len(waiting):])
	w.flushes = waiting
}

// hurry counts the flushes under way: while there is one, the job's items don't
// wait for others. It returns the number of items brought in so far.
func (j *job) hurry(by int) int {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	j.flushing += by
	j.core.kick()
	return j.index
}

// closeSource ends the admission, unless it has ended already.
func (j *job) closeSource() {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	j.admitting = false
	signal(j.ready)
	signal(j.space)
	j.core.kick()
}

// fail stops the job because of err.
func (j *job) fail(err error) {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	j.core.stopJob(j, caperrors.ErrJobStopped, err)
}
