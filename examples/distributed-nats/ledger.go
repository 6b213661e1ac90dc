package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// errLost says that another worker has taken over the partition.
var errLost = errors.New("the partition has another owner")

// record is what the bucket keeps of a partition. It is written before every call, by compare-and-set: a worker that was taken over
// while it was paused cannot write it any more, and so cannot send.
type record struct {
	Owner  string   `json:"owner"`            // worker; empty: free to be taken
	Term   string   `json:"term"`             // of this ownership, unique
	Top    uint64   `json:"top"`              // highest stream sequence that was delivered: nothing above it was sent
	Flight []uint64 `json:"flight,omitempty"` // items, by stream sequence, that may have been sent and have no durable outcome
}

// term is one ownership of one partition, from its take-over to its loss or release.
type term struct {
	partition int
	id        string
	worker    string
	kv        jetstream.KeyValue
	since     time.Time     // the take-over
	leaving   atomic.Bool   // the partition is to be released: nothing more of it is sent
	lost      chan struct{} // closed when another worker has the partition
	loseOnce  sync.Once

	writing sync.Mutex // held while the record is written; guards rev
	rev     uint64

	last uint64 // consumer sequence of the last delivery; used by the partition's loop alone. See neverDelivered

	mu      sync.Mutex // guards what follows
	top     uint64
	flight  map[uint64]struct{}
	left    map[uint64]struct{}  // what earlier owners left in flight, not settled yet
	out     map[uint64]*delivery // with the writer, or on the way from it to the streams
	refused map[uint64]int       // times that the engine gave an item up for now
	order   *order
}

// neverDelivered stands for the delivery before a term's first, if earlier owners had some: whatever the server counts, what they had is
// then looked for.
const neverDelivered = math.MaxUint64

func stateKey(partition int) string { return "p" + strconv.Itoa(partition) }

// takeOver makes the worker the owner of a partition, whoever had it. From here on the owner before can send nothing of it.
func takeOver(ctx context.Context, kv jetstream.KeyValue, partition int, worker string) (*term, error) {
	t := &term{
		partition: partition, id: nuid.Next(), worker: worker, kv: kv, lost: make(chan struct{}),
		flight: make(map[uint64]struct{}), left: make(map[uint64]struct{}),
		out: make(map[uint64]*delivery), refused: make(map[uint64]int), order: newOrder(),
	}
	for ctx.Err() == nil {
		var before record
		entry, err := kv.Get(ctx, stateKey(partition))
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			t.rev = 0
		case err != nil:
			pause(ctx, retryPause)
			continue
		default:
			t.rev = entry.Revision()
			if err = json.Unmarshal(entry.Value(), &before); err != nil {
				return nil, fmt.Errorf("record of partition %d: %w", partition, err)
			}
		}
		t.top = before.Top
		clear(t.left)
		for _, seq := range before.Flight {
			t.left[seq] = struct{}{}
		}
		t.last = 0
		if t.top > 0 {
			t.last = neverDelivered
		}
		arrived := before.Term == t.id // the write before, though its answer did not
		if !arrived {
			t.rev, err = kv.Update(ctx, stateKey(partition), t.record(worker), t.rev)
		}
		if arrived || err == nil {
			t.since = time.Now()
			return t, nil
		}
		pause(ctx, retryPause)
	}
	return nil, context.Cause(ctx)
}

// record returns the record as it is to be written.
func (t *term) record(owner string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := record{Owner: owner, Term: t.id, Top: t.top}
	r.Flight = slices.AppendSeq(slices.AppendSeq(r.Flight, maps.Keys(t.flight)), maps.Keys(t.left))
	slices.Sort(r.Flight)
	text, _ := json.Marshal(r) // strings and numbers cannot fail
	return text
}

// intend notes durably that a call with these items goes out. Only after a nil may it.
func (t *term) intend(ctx context.Context, seqs []uint64) error {
	var added []uint64
	t.mu.Lock()
	for _, seq := range seqs {
		if _, before := t.flight[seq]; !before {
			t.flight[seq] = struct{}{}
			added = append(added, seq)
		}
	}
	t.mu.Unlock()
	err := t.write(ctx, t.worker)
	if err != nil {
		t.settled(added...)
	}
	return err
}

// back notes durably that items of a call were not applied: they may be sent again without a doubt. If it fails, a successor takes them
// for unknown, which is on the safe side.
func (t *term) back(ctx context.Context, seqs []uint64) {
	t.settled(seqs...)
	_ = t.write(ctx, t.worker)
}

// settled forgets items that have a durable outcome, with the next write.
func (t *term) settled(seqs ...uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, seq := range seqs {
		delete(t.flight, seq)
		delete(t.left, seq)
	}
}

// suspect reports whether an earlier owner may have sent the item.
func (t *term) suspect(seq uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.left[seq]
	return ok
}

// openFor returns how long the last call of an earlier owner, who learns of the take-over by its next note, may still be under way.
func (t *term) openFor(longest time.Duration) time.Duration { return time.Until(t.since.Add(longest)) }

// release leaves the partition to whoever wants it.
func (t *term) release(ctx context.Context) error { return t.write(ctx, "") }

// write writes the record, until it is there, ctx ends, or another owner is seen.
func (t *term) write(ctx context.Context, owner string) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	for {
		if t.isLost() {
			return errLost
		}
		try, cancel := context.WithTimeout(ctx, publishWait) // an answer can be lost with its server
		rev, err := t.kv.Update(try, stateKey(t.partition), t.record(owner), t.rev)
		cancel()
		if err == nil {
			t.rev = rev
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("note what goes out: %w", context.Cause(ctx))
		}
		if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			t.lookAgain(ctx)
		}
		pause(ctx, retryPause/10)
	}
}

// lookAgain finds out who wrote the record last. A write of this term, whose answer was lost, is no reason to give up.
func (t *term) lookAgain(ctx context.Context) {
	try, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	entry, err := t.kv.Get(try, stateKey(t.partition))
	if err != nil || entry.Revision() < t.rev {
		return // a replica that lags
	}
	var now record
	if json.Unmarshal(entry.Value(), &now) == nil && now.Term == t.id {
		t.rev = entry.Revision()
		return
	}
	t.lose()
}

func (t *term) lose() { t.loseOnce.Do(func() { close(t.lost) }) }

func (t *term) isLost() bool {
	select {
	case <-t.lost:
		return true
	default:
		return false
	}
}
