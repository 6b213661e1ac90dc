package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/twmb/franz-go/pkg/kgo"
)

// generation is what a worker holds between two rebalances of the group: its partitions, and a writer for their items. It is thrown away
// as a whole; what it did is in the ledger, and what it brought to its end in the results.
type generation struct {
	w      *worker
	id     string // unique
	member string // in the group
	number int32  // of the group

	ctx      context.Context
	end      context.CancelFunc
	running  sync.WaitGroup
	ledgerCl *kgo.Client // idempotent
	txCl     *kgo.Client // transactional
	writer   *batch.Writer[json.RawMessage]
	lost     chan struct{} // closed when a partition is another worker's
	loseOnce sync.Once
	stopping atomic.Bool // the writer is being stopped: what it gives back is for whoever comes next

	mu     sync.Mutex // guards what follows, and what the terms have in hand
	ready  bool
	terms  map[int32]*term
	toFeed []*delivery
	fed    chan struct{} // has one value when there is something to feed
}

// term is the ownership of one partition.
type term struct {
	gen       *generation
	partition int32
	ledger    *ledger
	lanes     lanes
	items     backlog
	retries   backlog
	left      map[string]past // what earlier owners left, not stored yet
	inherited string          // where in the ledger it begins
	doubts    []doubt         // calls that ended without an answer, and that a successor has to wait for
	ahead     bool            // something went out and its offset is not committed
	turn      uint64
	barrier   int64 // end of the retry topic at the take-over: no item is taken before it is reached
	read      int64 // offset behind the last retry that arrived
}

// doubt is an item whose outcome is stored, but whose call may still be under way.
type doubt struct {
	noted int64
	until time.Time
}

func newGeneration(w *worker, cl *kgo.Client, partitions []int32) *generation {
	member, number := cl.GroupMetadata()
	g := &generation{
		w: w, id: randomID(), member: member, number: number,
		lost: make(chan struct{}), terms: make(map[int32]*term), fed: make(chan struct{}, 1),
	}
	g.ctx, g.end = context.WithCancel(context.Background())
	for _, p := range partitions {
		t := &term{gen: g, partition: p, left: make(map[string]past), items: backlog{next: -1}, retries: backlog{next: -1}}
		t.lanes = lanes{
			of: make(map[string]*lane), waiting: make(map[string]*lane),
			feed: g.give, move: t.move, release: func(key string) { g.writer.Release(key) },
		}
		g.terms[p] = t
	}
	return g
}

// run takes the partitions over and works on them until the generation ends.
func (g *generation) run() {
	if len(g.terms) == 0 {
		return
	}
	if err := g.takeOver(g.ctx); err != nil {
		if g.ctx.Err() == nil {
			g.lose(fmt.Errorf("take partitions over: %w", err))
		}
		return
	}
	g.w.share.set(len(g.terms))
	g.mu.Lock()
	g.writer = g.w.engine.Writer(g.result)
	g.ready = true
	g.mu.Unlock()
	g.w.logger.Info("took partitions", "partitions", len(g.terms), "generation", g.number)
	g.running.Go(g.feed)
	g.running.Go(g.commits)
	g.running.Go(g.hurry)
}

// where returns where in the ledger a successor has to begin, as metadata of a commit. It is called with the lock held.
func (t *term) where() string {
	if len(t.left) > 0 && t.inherited != "" {
		return t.inherited
	}
	at := t.ledger.end()
	if len(t.left) > 0 {
		at = 0
	}
	t.doubts = slices.DeleteFunc(t.doubts, func(d doubt) bool { return time.Now().After(d.until) })
	for _, d := range t.doubts {
		at = min(at, d.noted)
	}
	for _, list := range [][]*delivery{t.items.list, t.retries.list} {
		for _, d := range list {
			if d.noted >= 0 {
				at = min(at, d.noted)
			}
		}
	}
	return `{"at":` + strconv.FormatInt(at, 10) + `,"t":"` + t.gen.id + `","hold":` +
		strconv.FormatInt(t.gen.w.job.hold().Milliseconds(), 10) + `}`
}

// noted keeps from where on the ledger has notes of each item.
func (g *generation) noted(ds []*delivery, offset int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range ds {
		if d.noted < 0 {
			d.noted = offset
		}
	}
}

// lose tells that the generation cannot go on. It sends nothing more; the worker joins the group anew.
func (g *generation) lose(reason error) {
	g.loseOnce.Do(func() {
		g.w.logger.Warn("partitions lost", "generation", g.number, "error", reason)
		close(g.lost)
		g.w.rejoin()
	})
}

func (g *generation) isLost() bool {
	select {
	case <-g.lost:
		return true
	default:
		return false
	}
}

// close ends the generation: what is in flight has its answer, what is not is left to whoever comes next, and outcomes are stored. It
// takes no longer than a rebalance may.
func (g *generation) close(ctx context.Context) {
	g.stopping.Store(true)
	g.stop(ctx)
	g.end()
	g.running.Wait()
	g.stop(ctx) // if it became ready just now
	g.w.share.set(0)
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	if g.ready && !g.isLost() {
		if err := g.commit(ctx); err != nil {
			g.w.logger.Warn("outcomes are left to the next owner", "error", err)
		}
	}
	if g.txCl != nil {
		g.txCl.Close()
	}
	if g.ledgerCl != nil {
		_ = g.ledgerCl.Flush(ctx) // what is lost of it, the next owner takes for unknown
		g.ledgerCl.Close()
	}
}

// stop ends the writer, if there is one. Why it stopped by itself was told to the worker.
func (g *generation) stop(ctx context.Context) {
	g.mu.Lock()
	writer := g.writer
	g.mu.Unlock()
	if writer != nil {
		soon, cancel := context.WithTimeout(ctx, g.w.job.longestSend())
		defer cancel()
		_ = writer.Stop(soon)
	}
}

// txID is the worker's name as a producer: a generation aborts what the one before left open.
func (g *generation) txID() string { return g.w.job.name + "-" + g.w.id }
