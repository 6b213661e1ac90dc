package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/twmb/franz-go/pkg/kgo"
)

// errEarly cannot be: nothing is fetched before the generation is ready.
var errEarly = errors.New("a record came before it could be taken")

// arrive takes a record that was polled.
func (g *generation) arrive(r *kgo.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.terms[r.Partition]
	if t == nil || !g.ready {
		g.lose(errEarly)
		return
	}
	retry := r.Topic == g.w.job.topic(retryTopic)
	d := &delivery{
		term: t, retry: retry, offset: r.Offset, at: place(retry, r.Offset), id: header(r, idHeader), body: r.Value, turn: t.turn,
		mine: retry && header(r, termHeader) == g.id, rounds: int(number(r, roundsHeader)), noted: -1, afterUnknown: header(r, lostHeader) != "",
	}
	t.turn++
	if retry {
		t.retries.list = append(t.retries.list, d)
		t.read = r.Offset + 1
	} else {
		t.items.list = append(t.items.list, d)
	}
	if end := header(r, endHeader); r.Attrs.IsControl() || end != "" {
		d.done = true
		if end != "" {
			d.out = []*kgo.Record{{Topic: g.w.job.topic(resultsTopic), Partition: t.partition, Headers: []kgo.RecordHeader{with(endHeader, end)}}}
		}
		return
	}
	if due := number(r, dueHeader); due > 0 {
		d.due = time.UnixMilli(due)
	}
	if d.id == "" {
		d.id = r.Topic + "/" + d.at + "/" + itoa(t.partition) // from a producer that names none
	}
	if len(d.body) == 0 {
		d.body = []byte("-") // no JSON either, and the inbox needs a byte
	}
	d.key, _, _ = g.w.bulk.Inspect(d.body) // what cannot be read has no customer, and ends as a dead letter
	if before, known := t.left[d.at]; known {
		switch {
		case before.line != nil:
			t.settle(d, *before.line)
			return
		case g.w.onUnknown != batch.ResendUnknown:
			t.settle(d, resultLine{
				ID: d.id, Outcome: caperrors.Unknown, Message: "its worker ended while a call with it was under way", Worker: g.w.name,
			})
			return
		}
		d.afterUnknown = true
	}
	t.lanes.arrive(d, time.Now())
}

// give has an item given to the writer. It is called with the lock held.
func (g *generation) give(d *delivery) {
	g.toFeed = append(g.toFeed, d)
	wake(g.fed)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// feed gives items to the writer, and looks now and then which retries are due.
func (g *generation) feed() {
	ticker := time.NewTicker(max(10*time.Millisecond, min(g.w.again/4, time.Second)))
	defer ticker.Stop()
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-g.fed:
		case now := <-ticker.C:
			g.mu.Lock()
			for _, t := range g.terms {
				t.lanes.due(now)
			}
			g.mu.Unlock()
		}
		g.mu.Lock()
		ds := g.toFeed
		g.toFeed = nil
		g.mu.Unlock()
		for _, d := range ds {
			g.w.inbox.put(d)
			if err := g.writer.Add(g.ctx, d.body); err != nil {
				g.w.inbox.take(d.body)
				if !g.stopping.Load() && !errors.Is(err, batch.ErrClosed) && g.ctx.Err() == nil {
					g.w.fail(err)
				}
				return
			}
		}
	}
}

// hurry keeps calls that are not full from waiting for items to join them once no more come.
func (g *generation) hurry() {
	ticker := time.NewTicker(pollWait)
	defer ticker.Stop()
	for {
		select {
		case <-g.ctx.Done():
			return
		case now := <-ticker.C:
			if now.UnixNano()-g.w.arrived.Load() > int64(4*pollWait) {
				soon, cancel := context.WithTimeout(g.ctx, 2*pollWait)
				_ = g.writer.Flush(soon) // that it takes longer is no error
				cancel()
			}
		}
	}
}

// result takes a result of the writer.
func (g *generation) result(ctx context.Context, r batch.Result[json.RawMessage]) {
	d := g.w.inbox.take(r.Item)
	what := r.Settlement()
	if what == batch.Again && (r.Unfinished || g.stopping.Load() || g.isLost()) {
		if !g.stopping.Load() && !g.isLost() {
			g.w.fail(r.Err)
		}
		return // it is as if it had not been read
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t := d.term
	d.afterUnknown = d.afterUnknown || r.AfterUnknown
	itself := r.Outcome == caperrors.Refused && r.Kind == caperrors.ErrTransient
	if what == batch.Again && itself {
		d.rounds++
		d.due = time.Now().Add(g.w.again)
		if d.rounds >= g.w.rounds {
			what = batch.DeadLetter
			if d.afterUnknown {
				what = batch.Undecided // what became of the time before, nobody knows
			}
		}
	}
	if what == batch.Again {
		t.lanes.ended(d, true, true)
		return
	}
	line := resultLine{
		ID: d.id, Bill: r.ID, Outcome: r.Outcome, Code: r.Code, Message: r.Message, Attempts: r.Attempts, AfterUnknown: d.afterUnknown,
		Transient: itself, RequestID: r.RequestID, Worker: g.w.name,
	}
	switch what {
	case batch.Undecided:
		line.Outcome = caperrors.Unknown
	case batch.DeadLetter:
		line.Outcome = caperrors.Refused
	case batch.Done, batch.Again:
	}
	if line.Message == "" && r.Err != nil {
		line.Message = caperrors.Mask(r.Err.Error()) // why no answer speaks of it
	}
	t.settle(d, line)
	if line.uncertain() && d.noted >= 0 {
		t.doubts = append(t.doubts, doubt{d.noted, time.Now().Add(g.w.job.hold())})
	}
	t.ledger.tell(ctx, note{Kind: noteEnd, At: []string{d.at}, Line: &line})
	t.lanes.ended(d, false, what == batch.Undecided || itself)
}
