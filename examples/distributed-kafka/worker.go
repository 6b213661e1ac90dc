package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/twmb/franz-go/pkg/kgo"
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
	logger      *slog.Logger
}

func (o *workerOptions) withDefaults() workerOptions {
	d := *o
	d.name = orDefault(d.name, "worker")
	d.concurrency = orDefault(d.concurrency, 4)
	d.maxAttempts = orDefault(d.maxAttempts, 8)
	d.rounds = orDefault(d.rounds, 4)
	d.again = orDefault(d.again, 5*time.Second)
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

func randomID() string {
	id := make([]byte, 12)
	_, _ = rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

func itoa(p int32) string { return strconv.Itoa(int(p)) }

// worker loads the items of its partitions.
type worker struct {
	workerOptions

	job    *job
	id     string
	bulk   *client.Bulk
	engine *batch.Engine[json.RawMessage]
	share  *share
	inbox  *inbox
	group  *kgo.Client
	fail   context.CancelCauseFunc // stops the worker for a reason

	arrived atomic.Int64  // when the last record arrived, in Unix nanoseconds
	anew    chan struct{} // has a value when the group is to be joined anew
	losses  atomic.Int32  // generations lost, one after another

	mu     sync.Mutex // guards what follows
	gen    *generation
	paused map[string][]int32
}

// work runs a worker until ctx ends, or it cannot go on: the credentials were refused, say. What is in flight then is waited for, and
// every record that is not settled stays with the brokers.
func work(ctx context.Context, j *job, bulk *client.Bulk, opts workerOptions) error {
	w := &worker{
		workerOptions: opts.withDefaults(), job: j, bulk: bulk, share: newShare(opts.rpm, j.Partitions),
		inbox: &inbox{of: make(map[*byte]*delivery)}, anew: make(chan struct{}, 1),
	}
	w.id = w.name + "-" + randomID() // a worker that is started again is another one
	var err error
	w.engine, err = batch.New(&fence{
		Bulk: bulk, inbox: w.inbox, share: w.share, bound: j.longestSend(), fresh: j.longestSend() / 2,
	}, batch.Config[json.RawMessage]{
		MaxConcurrency: w.concurrency,
		MaxAttempts:    w.maxAttempts,
		OnUnknown:      w.onUnknown,
		Advanced: batch.Advanced{
			Window:       2 * j.Partitions * j.window(), // room for all that the worker has in hand
			OnKeyFailure: batch.HoldKey,
		},
	})
	if err != nil {
		return err
	}
	ctx, w.fail = context.WithCancelCause(ctx)
	defer w.fail(nil)
	w.group, err = dial(j.brokers,
		kgo.ConsumerGroup(j.group()),
		kgo.ConsumeTopics(j.topic(itemsTopic), j.topic(retryTopic)),
		// The same partitions of both topics go to the same worker.
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // else the end of the retry topic could not be seen
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.SessionTimeout(j.Session), kgo.HeartbeatInterval(j.Session/5), kgo.RebalanceTimeout(j.rebalance()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(w.assigned),
		kgo.OnPartitionsRevoked(func(ctx context.Context, _ *kgo.Client, _ map[string][]int32) { w.giveUp(ctx) }),
		kgo.OnPartitionsLost(func(ctx context.Context, _ *kgo.Client, _ map[string][]int32) {
			if g := w.current(); g != nil {
				g.lose(errors.New("the group gave this worker up"))
			}
			w.giveUp(ctx)
		}),
	)
	if err != nil {
		return err
	}
	w.poll(ctx)
	w.group.AllowRebalance()
	w.group.LeaveGroup() // gives the partitions up
	w.group.CloseAllowingRebalance()
	w.giveUp(ctx)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// assigned begins a generation. Nothing is fetched before it is ready.
func (w *worker) assigned(_ context.Context, cl *kgo.Client, topics map[string][]int32) {
	partitions := slices.Sorted(slices.Values(topics[w.job.topic(itemsTopic)]))
	if !slices.Equal(partitions, slices.Sorted(slices.Values(topics[w.job.topic(retryTopic)]))) {
		w.fail(fmt.Errorf("the group gave out different partitions of two topics: %v", topics))
		return
	}
	g := newGeneration(w, cl, partitions)
	w.mu.Lock()
	defer w.mu.Unlock()
	cl.PauseFetchPartitions(topics)
	w.gen, w.paused = g, topics
	g.running.Go(g.run)
}

// giveUp ends the generation, if there is one.
func (w *worker) giveUp(ctx context.Context) {
	w.mu.Lock()
	g, paused := w.gen, w.paused
	w.gen, w.paused = nil, nil
	w.mu.Unlock()
	if g != nil {
		g.close(context.WithoutCancel(ctx))
		w.group.ResumeFetchPartitions(paused)
	}
}

func (w *worker) current() *generation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gen
}

// rejoin has the worker join the group anew. The group gives it partitions if they are not another's.
func (w *worker) rejoin() {
	w.losses.Add(1)
	wake(w.anew)
}

// patience is how long it waits before that: each time all workers stop for a moment, and the brokers may be in trouble.
func (w *worker) patience() time.Duration {
	return min(30*time.Second, 250*time.Millisecond<<min(w.losses.Load(), 10))
}

const (
	pollSize = 2000
	pollWait = 100 * time.Millisecond
)

// poll takes records until ctx ends.
func (w *worker) poll(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-w.anew:
			pause(ctx, w.patience())
			w.group.ForceRebalance()
		default:
		}
		soon, cancel := context.WithTimeout(ctx, pollWait)
		fetches := w.group.PollRecords(soon, pollSize)
		cancel()
		fetches.EachError(func(topic string, p int32, err error) {
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				w.logger.Warn("fetch", "topic", topic, "partition", p, "error", err)
			}
		})
		if g := w.current(); g != nil {
			if fetches.NumRecords() > 0 {
				w.arrived.Store(time.Now().UnixNano())
				fetches.EachRecord(g.arrive)
			}
			w.flow(g)
		}
		// Up to here no partition is taken away, so that no record gets into a generation that it was not fetched for.
		w.group.AllowRebalance()
	}
}

// flow pauses and resumes partitions: each has a bounded number of records in hand, and items wait for the retries that were there first.
func (w *worker) flow(g *generation) {
	pauses, resumes := make(map[string][]int32), make(map[string][]int32)
	g.mu.Lock()
	if !g.ready {
		g.mu.Unlock()
		return
	}
	for p, t := range g.terms {
		for topic, full := range map[string]bool{
			w.job.topic(itemsTopic): t.read < t.barrier || len(t.items.list) >= w.job.window(),
			w.job.topic(retryTopic): len(t.retries.list) >= w.job.window(),
		} {
			if full {
				pauses[topic] = append(pauses[topic], p)
			} else {
				resumes[topic] = append(resumes[topic], p)
			}
		}
	}
	g.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gen != g {
		return // its successor is not ready
	}
	w.group.PauseFetchPartitions(pauses)
	w.group.ResumeFetchPartitions(resumes)
}
