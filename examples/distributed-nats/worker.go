package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// workerOptions are what each worker may set for itself.
type workerOptions struct {
	name        string // of the process, for people; need not be unique
	rpm         int    // calls a minute of all workers; 0: no limit
	concurrency int
	maxAttempts int
	rounds      int // times that the engine may give an item up before it is a dead letter
	again       time.Duration
	onUnknown   batch.OnUnknown
	grace       time.Duration // for what is in flight, when the worker is told to stop
	logger      *slog.Logger
}

func (o *workerOptions) withDefaults() workerOptions {
	d := *o
	d.name = orDefault(d.name, "worker")
	d.concurrency = orDefault(d.concurrency, 4)
	d.maxAttempts = orDefault(d.maxAttempts, 8)
	d.rounds = orDefault(d.rounds, 4)
	d.again = orDefault(d.again, 5*time.Second)
	d.grace = orDefault(d.grace, 20*time.Second)
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	return d
}

func orDefault[T comparable](value, byDefault T) T {
	var zero T
	if value == zero {
		return byDefault
	}
	return value
}

// worker loads the items of its partitions.
type worker struct {
	workerOptions

	job     *job
	id      string
	share   *share
	inbox   *inbox
	members *members
	writer  *batch.Writer[json.RawMessage]
	settler *settler

	mu    sync.Mutex // guards terms
	terms map[int]*term

	arrived atomic.Int64 // when the last message was delivered, in Unix nanoseconds

	fail context.CancelCauseFunc // stops the worker for a reason
}

// work runs a worker until ctx ends, or it cannot go on: the credentials were refused, say. What is in flight then is waited for, and
// every message that is not settled goes back to the stream.
func work(ctx context.Context, j *job, bulk *client.Bulk, opts workerOptions) error {
	w := &worker{
		workerOptions: opts.withDefaults(),
		job:           j,
		inbox:         &inbox{of: make(map[*byte]*delivery)},
		share:         newShare(opts.rpm, j.Partitions),
		terms:         make(map[int]*term),
	}
	w.id = w.name + "-" + nuid.Next() // a worker that is started again is another one
	w.members = newMembers(j, w.id, w.progress, w.taken)
	engine, err := batch.New(&fence{
		Bulk: bulk, inbox: w.inbox, share: w.share, bound: j.longestSend(), fresh: j.longestSend() / 2,
	}, batch.Config[json.RawMessage]{
		Key:            func(body json.RawMessage) string { return w.inbox.get(body).key() },
		MaxConcurrency: w.concurrency,
		MaxAttempts:    w.maxAttempts,
		OnUnknown:      w.onUnknown,
		Advanced: batch.Advanced{
			// Room for all that can be pending, so that a full writer never stops the pulls: a worker that does not pull loses its pin.
			Window:       j.Partitions * j.maxPending(),
			OnKeyFailure: batch.HoldKey,
		},
	})
	if err != nil {
		return err
	}
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	w.fail = fail
	w.settler = newSettler(w) //nolint:contextcheck // what was answered is settled after ctx ended, too
	w.writer = engine.Writer(w.settler.result)
	return w.run(running)
}

// run keeps the parts running, and ends them in the order in which they need one another.
func (w *worker) run(ctx context.Context) error {
	alive, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	var others, partitions sync.WaitGroup
	others.Go(func() {
		if err := w.members.run(alive); err != nil {
			w.fail(err)
		}
	})
	others.Go(func() { w.beat(alive) })
	others.Go(func() { w.hurry(ctx) })
	for p := range w.job.Partitions {
		partitions.Go(func() {
			if err := w.partition(ctx, p); err != nil {
				w.fail(fmt.Errorf("partition %d: %w", p, err))
			}
		})
	}
	<-ctx.Done()
	closing, cancel := context.WithTimeout(alive, w.grace)
	defer cancel()
	err := w.writer.Stop(closing) // what is in flight has its answer, the rest goes back
	w.settler.close()             // every result has its place
	partitions.Wait()             // and every partition is released
	leave()
	others.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// taken hears of a partition's new owner.
func (w *worker) taken(partition int, by record) {
	w.mu.Lock()
	t := w.terms[partition]
	w.mu.Unlock()
	if t != nil && by.Term != t.id && by.Owner != "" && by.Owner != w.id {
		t.lose()
	}
}

// beat tells the server that the messages with the writer are still being worked on.
func (w *worker) beat(ctx context.Context) {
	ticker := time.NewTicker(w.job.beat())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		w.mu.Lock()
		var held []jetstream.Msg
		for _, t := range w.terms {
			held = append(held, t.messages()...)
		}
		w.mu.Unlock()
		for _, msg := range held {
			_ = msg.InProgress() // a lost one is made up for by the next
		}
	}
}

// hurry keeps calls that are not full from waiting for items to join them once no more come: at the end of a load, when the last ones
// are those of a few customers.
func (w *worker) hurry(ctx context.Context) {
	ticker := time.NewTicker(pullWait / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if now.UnixNano()-w.arrived.Load() > int64(pullWait) {
				soon, cancel := context.WithTimeout(ctx, pullWait)
				_ = w.writer.Flush(soon) // that it takes longer is no error
				cancel()
			}
		}
	}
}

// progress is what a worker says of itself to the others.
func (w *worker) progress() any {
	w.mu.Lock()
	partitions := len(w.terms)
	w.mu.Unlock()
	p := w.writer.Progress()
	return workerProgress{Name: w.name, Partitions: partitions, Items: p.Done(), Calls: p.Calls, Wasted: p.Wasted, Attempts: p.Attempts}
}

type workerProgress struct {
	Name       string `json:"name"`
	Partitions int    `json:"partitions"`
	Items      int    `json:"items"` // results of the engine, those that go again included
	Calls      int    `json:"calls"`
	Wasted     int    `json:"wasted"`
	Attempts   int    `json:"attempts"`
}
