package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

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

// fence is the sender between the engine and the client. Before a call it notes durably which items go out, and lets out nothing once
// another worker has one of their partitions.
type fence struct {
	*client.Bulk

	inbox *inbox
	share *share
	bound time.Duration // of one call
	fresh time.Duration // longest time between the note and the call
}

// Wait waits for this worker's share of the calls per minute.
func (f *fence) Wait(ctx context.Context) error { return f.share.Wait(ctx) }

// Rate returns this worker's share in calls a second.
func (f *fence) Rate() float64 { return f.share.Rate() }

var errStale = errors.New("too long between the note of a call and the call")

// Send makes one call, after the note of it.
func (f *fence) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, f.bound)
	defer cancel()
	noted := time.Now()
	sending := make([]*delivery, len(items))
	for i, body := range items {
		sending[i] = f.inbox.get(body)
	}
	err := f.note(ctx, sending)
	if err == nil && time.Since(noted) > f.fresh {
		// This process may have been stopped just now. A successor waits for calls that were noted, but no longer than they can take.
		err = errStale
	}
	if err != nil {
		tell(ctx, sending, noteBack)
		return nil, &caperrors.CallError{Op: f.Name(), Outcome: caperrors.NotSent, Err: err}
	}
	verdicts, err := f.Bulk.Send(ctx, items)
	if err != nil {
		if caperrors.OutcomeOf(err) != caperrors.Unknown {
			tell(ctx, sending, noteBack)
			return nil, err
		}
		for _, d := range sending {
			d.uncertain = true
		}
		return nil, err
	}
	var back []*delivery
	for i, d := range sending {
		switch v := &verdicts[i]; {
		case v.Outcome == caperrors.Unknown:
			d.uncertain = true
		case v.Outcome == caperrors.Refused && v.Kind == caperrors.ErrTransient:
			back = append(back, d)
		}
	}
	tell(ctx, back, noteBack)
	return verdicts, nil
}

// note writes into the ledger of each partition which items go out, and waits until that is durable.
func (f *fence) note(ctx context.Context, sending []*delivery) error {
	groups := byTerm(sending)
	answers := make(chan error, len(groups))
	for t, ds := range groups {
		go func() {
			if t.gen.isLost() {
				answers <- errLost
				return
			}
			t.gen.noted(ds, t.ledger.end()) // before it is written: a commit may go out meanwhile
			_, err := t.ledger.write(ctx, note{Kind: noteOut, At: places(ds)})
			if errors.Is(err, errLost) {
				t.gen.lose(err)
			}
			answers <- err
		}()
	}
	var all error
	for range groups {
		all = errors.Join(all, <-answers)
	}
	for t := range groups {
		if t.gen.isLost() {
			all = errors.Join(all, errLost)
		}
	}
	return all
}

// tell notes what became of items, without waiting. Of an item with an unanswered call the doubt stays, whatever comes later.
func tell(ctx context.Context, ds []*delivery, kind string) {
	certain := slices.DeleteFunc(slices.Clone(ds), func(d *delivery) bool { return d.uncertain || d.afterUnknown })
	for t, group := range byTerm(certain) {
		t.ledger.tell(ctx, note{Kind: kind, At: places(group)})
	}
}

func byTerm(ds []*delivery) map[*term][]*delivery {
	groups := make(map[*term][]*delivery)
	for _, d := range ds {
		groups[d.term] = append(groups[d.term], d)
	}
	return groups
}

func places(ds []*delivery) []string {
	at := make([]string, len(ds))
	for i, d := range ds {
		at[i] = d.at
	}
	return at
}
