package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// resultLine is the outcome of one item, as the topic of results keeps it.
type resultLine struct {
	ID           string            `json:"id"`   // of the item in the job
	Bill         string            `json:"bill"` // its natural id
	Outcome      caperrors.Outcome `json:"outcome"`
	Code         caperrors.Code    `json:"code,omitempty"`
	Message      string            `json:"message,omitempty"`
	Attempts     int               `json:"attempts"`
	AfterUnknown bool              `json:"after_unknown,omitempty"`
	Transient    bool              `json:"transient,omitempty"` // refused for now to the end
	RequestID    string            `json:"request_id,omitempty"`
	Worker       string            `json:"worker,omitempty"`
}

// uncertain reports whether a call with the item ended without an answer.
func (l *resultLine) uncertain() bool { return l.Outcome == caperrors.Unknown || l.AfterUnknown }

// settle has an outcome go out. It is called with the lock held.
func (t *term) settle(d *delivery, line resultLine) {
	text, _ := json.Marshal(line) // strings and numbers cannot fail
	if !line.Outcome.Done() {
		d.out = append(d.out, &kgo.Record{
			Topic: t.gen.w.job.topic(deadTopic), Partition: t.partition, Key: []byte(d.id), Value: d.body,
			Headers: []kgo.RecordHeader{with(idHeader, d.id), with("outcome", line.Outcome.String()), with(reasonHeader, caperrors.Mask(line.Message))},
		})
	}
	d.out = append(d.out, &kgo.Record{Topic: t.gen.w.job.topic(resultsTopic), Partition: t.partition, Key: []byte(d.id), Value: text})
	d.done = true
}

// termHeader is the generation that put a record into the retry topic.
const termHeader = "generation"

// move has an item go out to the retry topic. It is called with the lock held.
func (t *term) move(d *delivery) {
	r := &kgo.Record{
		Topic: t.gen.w.job.topic(retryTopic), Partition: t.partition, Key: []byte(d.key), Value: d.body,
		Headers: []kgo.RecordHeader{with(idHeader, d.id), with(termHeader, t.gen.id), with(roundsHeader, strconv.Itoa(d.rounds))},
	}
	if !d.due.IsZero() {
		r.Headers = append(r.Headers, with(dueHeader, strconv.FormatInt(d.due.UnixMilli(), 10)))
	}
	if d.afterUnknown {
		r.Headers = append(r.Headers, with(lostHeader, "yes"))
	}
	d.out = []*kgo.Record{r}
	d.done = true
}

const (
	commitEvery = 100 * time.Millisecond
	commitMost  = 5000 // records of one transaction, or a few more
)

// commits stores outcomes until the generation ends.
func (g *generation) commits() {
	ticker := time.NewTicker(commitEvery)
	defer ticker.Stop()
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-g.lost:
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), g.w.job.transaction())
		err := g.commit(ctx)
		cancel()
		if err != nil {
			g.lose(fmt.Errorf("store outcomes: %w", err))
			return
		}
	}
}

// commit stores the outcomes that are there up to the first item, in the order of the offsets, that has none yet. Outcomes, dead letters,
// retries and offsets are stored together or not at all.
func (g *generation) commit(ctx context.Context) error {
	for {
		records, offsets := g.outgoing()
		if len(records) == 0 {
			return nil
		}
		if err := g.transact(ctx, records, offsets); err != nil {
			return err
		}
		g.w.losses.Store(0)
	}
}

// outgoing takes what may go out.
func (g *generation) outgoing() ([]*kgo.Record, []kmsg.TxnOffsetCommitRequestTopic) {
	g.mu.Lock()
	defer g.mu.Unlock()
	topics := []kmsg.TxnOffsetCommitRequestTopic{g.commitTopic(itemsTopic), g.commitTopic(retryTopic)}
	var records []*kgo.Record
	for _, t := range g.terms {
		for len(records) < commitMost {
			d := t.retries.pop()
			if d == nil {
				d = t.items.pop()
			}
			if d == nil {
				break
			}
			records = append(records, d.out...)
			delete(t.left, d.at)
			t.ahead = true
		}
	}
	if len(records) == 0 {
		return nil, nil // marks of transactions alone are worth none
	}
	for p, t := range g.terms {
		if !t.ahead {
			continue
		}
		t.ahead = false
		where := t.where()
		for i, next := range []int64{t.items.next, t.retries.next} {
			if next >= 0 {
				at := kmsg.NewTxnOffsetCommitRequestTopicPartition()
				at.Partition, at.Offset, at.Metadata = p, next, &where
				topics[i].Partitions = append(topics[i].Partitions, at)
			}
		}
	}
	return records, topics
}

func (g *generation) commitTopic(kind string) kmsg.TxnOffsetCommitRequestTopic {
	t := kmsg.NewTxnOffsetCommitRequestTopic()
	t.Topic = g.w.job.topic(kind)
	t.TopicID = g.w.job.ids[t.Topic]
	return t
}

// transact stores records and offsets in one transaction. The brokers refuse the offsets of a worker that the group has given up.
func (g *generation) transact(ctx context.Context, records []*kgo.Record, topics []kmsg.TxnOffsetCommitRequestTopic) error {
	err := g.txCl.BeginTransaction()
	if err != nil {
		return err
	}
	err = g.txCl.ProduceSync(ctx, records...).FirstErr()
	if err == nil {
		err = g.commitOffsets(ctx, topics)
	}
	if err != nil {
		_ = g.txCl.AbortBufferedRecords(ctx)
		_ = g.txCl.EndTransaction(ctx, kgo.TryAbort) // else the next transaction of this worker, or time, aborts it
		return err
	}
	return g.txCl.EndTransaction(ctx, kgo.TryCommit)
}

func (g *generation) commitOffsets(ctx context.Context, topics []kmsg.TxnOffsetCommitRequestTopic) error {
	id, epoch, err := g.txCl.ProducerID(ctx)
	if err != nil {
		return err
	}
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = g.txID(), id, epoch, g.w.job.group()
	for {
		added, failed := add.RequestWith(ctx, g.txCl)
		if failed != nil {
			return failed
		}
		if err = kerr.ErrorForCode(added.ErrorCode); err == nil {
			break
		}
		if !errors.Is(err, kerr.ConcurrentTransactions) || ctx.Err() != nil {
			return fmt.Errorf("add the offsets: %w", err)
		}
		pause(ctx, retryPause/10) // the one before is just being closed
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = g.txID(), id, epoch
	req.Group, req.MemberID, req.Generation, req.Topics = g.w.job.group(), g.member, g.number, topics
	resp, err := req.RequestWith(ctx, g.txCl)
	if err != nil {
		return err
	}
	for i := range resp.Topics {
		for _, p := range resp.Topics[i].Partitions {
			if err = kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("commit offsets of partition %d: %w", p.Partition, err)
			}
		}
	}
	return nil
}
