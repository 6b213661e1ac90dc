package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"sync"

	"github.com/capillary-go/capillary/client"
	"github.com/twmb/franz-go/pkg/kgo"
)

// input is one item as the producer reads it.
type input struct {
	ID   string // unique in the job
	Body []byte // one JSON object
}

// produced is what a producer did.
type produced struct{ Added, Unreadable int }

// produce adds items to the job, in order for each customer, and then notes in each partition how many it has added. inspect tells the
// customer of an item; what it refuses becomes a record too, and ends as a dead letter.
func (j *job) produce(ctx context.Context, inspect *client.Bulk, items iter.Seq2[input, error]) (produced, error) {
	var done produced
	cl, err := dial(j.brokers, kgo.MaxBufferedRecords(10_000), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		return done, err
	}
	defer cl.Close()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var mu sync.Mutex
	counts := make(map[int32]int)
	for item, failed := range items {
		if failed != nil {
			fail(failed)
			break
		}
		customer, _, unreadable := inspect.Inspect(item.Body)
		if unreadable != nil {
			done.Unreadable++
		}
		if customer == "" {
			customer = item.ID // bound by no order: spread by its id
		}
		// Produce waits while too many are buffered. The client is idempotent: it adds none twice and keeps each partition's order.
		cl.Produce(ctx, &kgo.Record{
			Topic: j.topic(itemsTopic), Key: []byte(customer), Value: item.Body, Headers: []kgo.RecordHeader{with(idHeader, item.ID)},
		}, func(r *kgo.Record, err error) {
			if err != nil {
				fail(fmt.Errorf("add item %s: %w", item.ID, err))
				return
			}
			mu.Lock()
			defer mu.Unlock()
			done.Added++
			counts[r.Partition]++
		})
		if ctx.Err() != nil {
			break
		}
	}
	if err = cl.Flush(ctx); err != nil || ctx.Err() != nil {
		return done, context.Cause(ctx)
	}
	return done, j.end(ctx, counts)
}

// end notes in every partition how many items came before.
func (j *job) end(ctx context.Context, counts map[int32]int) error {
	cl, err := dial(j.brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer cl.Close()
	var ends []*kgo.Record
	for p := range int32(j.Partitions) { //nolint:gosec // flags.go bounds it
		ends = append(ends, &kgo.Record{
			Topic: j.topic(itemsTopic), Partition: p, Headers: []kgo.RecordHeader{with(endHeader, strconv.Itoa(counts[p]))},
		})
	}
	return cl.ProduceSync(ctx, ends...).FirstErr()
}

// maxLine bounds an item of a file.
const maxLine = 1 << 20

// ndjson reads one item a line. Its id is the line's number, so that two lines that are alike have two.
func ndjson(r io.Reader) iter.Seq2[input, error] {
	return func(yield func(input, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		for n := 1; lines.Scan(); n++ {
			body := bytes.TrimSpace(lines.Bytes())
			if len(body) == 0 {
				continue
			}
			if !yield(input{ID: fmt.Sprintf("line-%d", n), Body: bytes.Clone(body)}, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(input{}, err)
		}
	}
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
