package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// input is one item as the producer reads it.
type input struct {
	ID   string // unique in the job and the same when the producer is run again
	Body []byte // one JSON object
}

// produced is what a producer did.
type produced struct{ Added, Again, Unreadable uint64 }

// total is the number of items that will have an outcome.
func (p *produced) total() uint64 { return p.Added + p.Again }

// publishWindow is how many messages are on their way to the server at most.
const publishWindow = 1000

// produce adds the items to the job, in order for each customer. Run again with the same input within the job's time for it, it adds
// what is missing: the server knows the ids. inspect tells the customer of an item; what it refuses becomes a message too, and ends as
// a dead letter.
func (j *job) produce(ctx context.Context, inspect *client.Bulk, items iter.Seq2[input, error]) (produced, error) {
	p := producer{job: j, last: make(map[string]*publishing)}
	for item, err := range items {
		if err == nil {
			err = p.add(ctx, inspect, item)
		}
		if err != nil {
			return p.done, err
		}
	}
	for len(p.window) > 0 {
		if err := p.settle(ctx); err != nil {
			return p.done, err
		}
	}
	return p.done, ask(ctx, func(ctx context.Context) error {
		_, err := j.state.Put(ctx, totalKey, []byte(strconv.FormatUint(p.done.total(), 10)))
		return err
	})
}

// producer has many messages on their way at once, but of one customer only one: a message that has to be published again must not come
// after its successor.
type producer struct {
	job    *job
	done   produced
	window []*publishing // in the order of the input
	last   map[string]*publishing
}

type publishing struct {
	msg     *nats.Msg
	subject string
	ack     jetstream.PubAckFuture
	till    time.Time // how long ack is waited for
	settled bool
}

func (p *producer) add(ctx context.Context, inspect *client.Bulk, item input) error {
	customer, _, err := inspect.Inspect(item.Body)
	if err != nil {
		p.done.Unreadable++
		customer = ""
	}
	next := &publishing{subject: p.job.itemSubject(p.job.placeOf(customer, item.ID))}
	for before := p.last[next.subject]; before != nil && !before.settled || len(p.window) >= publishWindow; {
		if err = p.settle(ctx); err != nil {
			return err
		}
	}
	next.msg = nats.NewMsg(next.subject)
	next.msg.Data = item.Body
	next.msg.Header.Set(jetstream.MsgIDHeader, item.ID)
	if next.ack, err = p.job.js.PublishMsgAsync(next.msg); err != nil {
		next.ack = nil // it is published when its turn comes
	}
	next.till = time.Now().Add(publishWait)
	p.window = append(p.window, next)
	p.last[next.subject] = next
	return nil
}

// settle waits for the oldest message, and publishes it again until the server has it.
func (p *producer) settle(ctx context.Context) error {
	oldest := p.window[0]
	p.window = p.window[1:]
	ack := oldest.answer(ctx)
	if ack == nil {
		if err := ask(ctx, func(ctx context.Context) (err error) {
			ack, err = p.job.js.PublishMsg(ctx, oldest.msg)
			return err
		}); err != nil {
			return fmt.Errorf("publish %s: %w", oldest.msg.Header.Get(jetstream.MsgIDHeader), err)
		}
	}
	if ack.Duplicate {
		p.done.Again++
	} else {
		p.done.Added++
	}
	oldest.settled = true
	if p.last[oldest.subject] == oldest {
		delete(p.last, oldest.subject)
	}
	return nil
}

// answer returns the server's answer; nil if there was none.
func (p *publishing) answer(ctx context.Context) *jetstream.PubAck {
	if p.ack == nil {
		return nil
	}
	timer := time.NewTimer(time.Until(p.till))
	defer timer.Stop()
	select {
	case ack := <-p.ack.Ok():
		return ack
	case <-p.ack.Err(): //nolint:errcheck // whatever it was, the message is published again
	case <-ctx.Done():
	case <-timer.C:
	}
	return nil
}

// generate makes up invoices, always the same ones: a few customers buy often and many rarely, and some are not known.
func generate(n int) iter.Seq2[input, error] {
	return func(yield func(input, error) bool) {
		customers := float64(max(1, n/5))
		for i := range n {
			x := uint64(i+1) * 0x9E3779B97F4A7C15
			customer := fmt.Sprintf("C%07d", int(customers*math.Pow(float64(x>>11)/(1<<53), 1.5)))
			if x%128 == 0 {
				customer = ""
			}
			id := fmt.Sprintf("SAMPLE-%08d", i+1)
			body := fmt.Appendf(nil, `{"identifierType":"externalId","identifierValue":%q,"source":"INSTORE","type":"REGULAR",`+
				`"billNumber":%q,"billingDate":"2025-01-01T08:00:00Z","billAmount":%d.%02d}`, customer, id, 1+x%900, x%100)
			if !yield(input{ID: id, Body: body}, nil) {
				return
			}
		}
	}
}
