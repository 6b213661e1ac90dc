package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// takeOver makes this worker the owner of its partitions, whoever had them: from its note in the ledger on, nobody else sends anything of
// them. Then it finds out what those before it left.
func (g *generation) takeOver(ctx context.Context) error {
	j := g.w.job
	var err error
	g.ledgerCl, err = dial(j.brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.RecordDeliveryTimeout(j.hold()))
	if err != nil {
		return err
	}
	g.txCl, err = dial(j.brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(g.txID()),
		kgo.TransactionTimeout(j.transaction()))
	if err != nil {
		return err
	}
	until := make(map[int32]int64)
	for p, t := range g.terms {
		t.ledger = &ledger{job: j, cl: g.ledgerCl, partition: p, term: g.id, failed: g.lose, next: -1}
		// With the first note there is no next one yet, so no gap either.
		offset, failed := t.ledger.write(ctx, note{Kind: noteOwner, Worker: g.w.id, Hold: j.hold().Milliseconds()})
		if failed != nil {
			return failed
		}
		until[p] = offset + 1
	}
	// What an earlier owner commits from here on is refused. What it had begun to commit is waited for.
	admin := kadm.NewClient(g.ledgerCl)
	committed, err := j.committed(ctx, admin)
	if err != nil {
		return err
	}
	from := make(map[int32]int64)
	histories := make(map[int32]*history)
	for p, t := range g.terms {
		h := &history{items: t.left}
		from[p] = 0 // no commit yet: its ledger from the beginning
		for _, kind := range []string{itemsTopic, retryTopic} {
			c, ok := committed.Lookup(j.topic(kind), p)
			if !ok || c.At < 0 {
				continue
			}
			if kind == itemsTopic {
				t.items.next = c.At
			} else {
				t.retries.next = c.At
			}
			at, begun := position(c.Metadata)
			if at >= from[p] {
				from[p], h.term, h.hold, t.inherited = at, begun.Term, time.Duration(begun.Hold)*time.Millisecond, c.Metadata
			}
		}
		histories[p] = h
	}
	err = j.readLedger(ctx, from, until, func(p int32, n note, at time.Time) { histories[p].read(n, at) })
	if err != nil {
		return err
	}
	if err = g.barriers(ctx, admin); err != nil {
		return err
	}
	wait := time.Duration(0)
	for p, h := range histories {
		wait = max(wait, h.wait())
		g.terms[p].forget()
	}
	if wait > 0 {
		g.w.logger.Info("calls of an earlier owner may be under way", "wait", wait)
	}
	pause(ctx, wait)
	return ctx.Err()
}

// committed returns the offsets of the group. While a transaction with some of them is open, it waits.
func (j *job) committed(ctx context.Context, admin *kadm.Client) (kadm.OffsetResponses, error) {
	for {
		committed, err := admin.FetchOffsets(kadm.RequireStable(ctx), j.group())
		if err == nil {
			err = committed.Error()
		}
		if !errors.Is(err, kerr.UnstableOffsetCommit) || ctx.Err() != nil {
			return committed, err
		}
		pause(ctx, retryPause)
	}
}

// forget drops what the ledger knows of items that have a stored outcome.
func (t *term) forget() {
	maps.DeleteFunc(t.left, func(at string, _ past) bool {
		retry, offset := placed(at)
		if retry {
			return offset < t.retries.next
		}
		return offset < t.items.next
	})
}

// barriers finds the ends of the retry topic: what is there goes before the items.
func (g *generation) barriers(ctx context.Context, admin *kadm.Client) error {
	topic := g.w.job.topic(retryTopic)
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return err
	}
	ends, err := admin.ListEndOffsets(ctx, topic) // of what was written, whether or not it can be read yet
	if err != nil {
		return err
	}
	for p, t := range g.terms {
		start, ok := starts.Lookup(topic, p)
		end, also := ends.Lookup(topic, p)
		if err = errors.Join(start.Err, end.Err); err != nil || !ok || !also {
			return fmt.Errorf("offsets of %s, partition %d: %w", topic, p, err)
		}
		t.read, t.barrier = max(start.Offset, t.retries.next), end.Offset
	}
	return nil
}

// position reads what a commit's metadata say of the ledger: the first offset that matters, and whose notes stand there.
func position(metadata string) (int64, note) {
	var p struct {
		At int64 `json:"at"`
		note
	}
	if json.Unmarshal([]byte(metadata), &p) != nil || p.At < 0 {
		return 0, note{} // from the beginning
	}
	return p.At, p.note
}
