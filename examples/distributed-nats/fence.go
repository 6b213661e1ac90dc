package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/nats-io/nats.go/jetstream"
)

// delivery is a message that is with the writer.
type delivery struct {
	term  *term
	msg   jetstream.Msg // of the last delivery; guarded by term.mu
	seq   uint64        // in the stream of items
	id    string        // of the item, unique in the job
	token string        // of its subject
	keyed bool          // the token stands for a customer
	body  json.RawMessage

	afterUnknown bool // an earlier owner may have sent it
	kept         bool // it was not sent, because its partition went to another worker or is about to
	uncertain    bool // a call with it ended without an answer
}

// inbox finds the delivery of a body. The engine hands on a json.RawMessage as it is, so its first byte tells which one it is.
type inbox struct {
	mu sync.Mutex
	of map[*byte]*delivery
}

func (b *inbox) put(d *delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of[&d.body[0]] = d
}

func (b *inbox) get(body []byte) *delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of[&body[0]]
}

func (b *inbox) take(body []byte) *delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.of[&body[0]]
	delete(b.of, &body[0])
	return d
}

// fence is the sender between the engine and the client. Before a call it notes durably which items go out, and lets out only those
// whose partition is still this worker's.
type fence struct {
	*client.Bulk

	inbox *inbox
	share *share
	bound time.Duration // of one call
	fresh time.Duration // longest time between the note and the call
}

// Wait waits for this worker's share of the calls per minute.
func (f *fence) Wait(ctx context.Context) error { return f.share.wait(ctx) }

// Rate returns this worker's share in calls a second.
func (f *fence) Rate() float64 { return f.share.rate() }

// Send makes one call with the items that are still this worker's. The others end there: they are their new owner's.
func (f *fence) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, f.bound)
	defer cancel()
	noted := time.Now()
	sending := make([]*delivery, len(items))
	for i, body := range items {
		sending[i] = f.inbox.get(body)
		sending[i].kept = sending[i].term.leaving.Load()
	}
	if err := f.note(ctx, sending); err != nil {
		f.back(ctx, sending)
		return nil, &caperrors.CallError{Op: f.Name(), Outcome: caperrors.NotSent, Err: err}
	}
	own := make([][]byte, 0, len(items))
	for i, d := range sending {
		if !d.kept {
			own = append(own, items[i])
		}
	}
	// A process that was stopped just now may have lost its partitions. After this line it is for the timeouts to keep a successor from
	// sending too early: it waits for longer than any call takes.
	if time.Since(noted) > f.fresh {
		f.back(ctx, sending)
		return nil, &caperrors.CallError{Op: f.Name(), Outcome: caperrors.NotSent, Err: errStale}
	}
	if len(own) == 0 {
		return f.spread(ctx, sending, nil), nil
	}
	verdicts, err := f.Bulk.Send(ctx, own)
	if err != nil {
		if caperrors.OutcomeOf(err) == caperrors.Unknown {
			for _, d := range sending {
				d.uncertain = d.uncertain || !d.kept
			}
		} else {
			f.back(ctx, sending)
		}
		return nil, err
	}
	return f.spread(ctx, sending, verdicts), nil
}

var errStale = errors.New("too long between the note of a call and the call")

// note writes into the record of each partition which items go out. Those of a partition that is lost are kept.
func (f *fence) note(ctx context.Context, sending []*delivery) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for t, ds := range byTerm(sending) {
		wg.Go(func() {
			err := t.intend(ctx, sequences(ds))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, errLost):
				for _, d := range ds {
					d.kept = true
				}
			case err != nil:
				failed = err
			}
		})
	}
	wg.Wait()
	return failed
}

// back takes back the note of items that were not applied. One of which an earlier call went unanswered stays noted, whatever comes later.
func (f *fence) back(ctx context.Context, sent []*delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.fresh)
	defer cancel()
	var wg sync.WaitGroup
	certain := slices.DeleteFunc(slices.Clone(sent), func(d *delivery) bool { return d.uncertain || d.afterUnknown })
	for t, ds := range byTerm(certain) {
		wg.Go(func() { t.back(ctx, sequences(ds)) })
	}
	wg.Wait()
}

// spread gives each item its verdict. One that was kept is refused, so that the engine does not try it again: it is its new owner's.
func (f *fence) spread(ctx context.Context, sending []*delivery, verdicts []caperrors.Verdict) []caperrors.Verdict {
	all := make([]caperrors.Verdict, len(sending))
	var again []*delivery
	next := 0
	for i, d := range sending {
		if d.kept {
			all[i] = caperrors.Verdict{Outcome: caperrors.Refused, Message: errLost.Error()}
			continue
		}
		all[i] = verdicts[next]
		next++
		switch v := &all[i]; {
		case v.Outcome == caperrors.Unknown:
			d.uncertain = true
		case v.Outcome == caperrors.Refused && v.Kind == caperrors.ErrTransient:
			again = append(again, d)
		}
	}
	if len(again) > 0 {
		f.back(ctx, again)
	}
	return all
}

// byTerm groups the items that are not kept by their partition.
func byTerm(ds []*delivery) map[*term][]*delivery {
	groups := make(map[*term][]*delivery)
	for _, d := range ds {
		if !d.kept {
			groups[d.term] = append(groups[d.term], d)
		}
	}
	return groups
}

func sequences(ds []*delivery) []uint64 {
	seqs := make([]uint64, len(ds))
	for i, d := range ds {
		seqs[i] = d.seq
	}
	return seqs
}
