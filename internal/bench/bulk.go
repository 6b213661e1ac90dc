package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/capillary-go/capillary/client"
	es8 "github.com/elastic/go-elasticsearch/v8"
)

// inFlight is how many calls each writer may have in flight.
const inFlight = 2

// The contenders that the bounds name.
const (
	theirIndexer  = "esutil.BulkIndexer v8"
	theirAppender = "go-docappender v2 (totals only)"
	oursRun       = "capillary Engine.Run, v2"
)

// bulkContenders returns the writers, each sending calls of batch items.
func bulkContenders(base string, batch int) ([]contender, error) {
	itemsV2, itemsV1 := v2.encode(), v1.encode()
	hc := &http.Client{Transport: pool()}
	elastic, err := es8.NewClient(es8.Config{Addresses: []string{base}, Transport: pool(), DisableRetry: true})
	if err != nil {
		return nil, err
	}
	capillary, err := client.New(base, client.WithBasic("store", "secret"))
	if err != nil {
		return nil, err
	}
	cut := precut(&v2, itemsV2, batch)
	contenders := []contender{
		{"floor: net/http, batches cut before", func(n int) (tally, error) { return floor(hc, base, cut, batch, n) }},
		{"plain: channel, encoding/json, callback", func(n int) (tally, error) { return plain(hc, base, itemsV2, batch, n) }},
	}
	contenders = append(contenders, ours(capillary, client.TransactionsBulk, "v2", itemsV2, batch)...)
	contenders = append(contenders, ours(capillary, client.V1TransactionAdd, "v1.1", itemsV1, batch)...)
	return append(
		contenders,
		contender{theirIndexer, func(n int) (tally, error) { return bulkIndexer(elastic, itemsV2, batch, n) }},
		contender{theirAppender, func(n int) (tally, error) { return docAppender(elastic, itemsV2, batch, n) }},
	), nil
}

// precut returns the bodies of calls of batch items.
func precut(d *dialect, items []json.RawMessage, batch int) [][]byte {
	var bodies [][]byte
	for start := 0; start+batch <= len(items); start += batch {
		bodies = append(bodies, d.request(items[start:start+batch]))
	}
	return bodies
}

// floor is what the wire costs: bodies made before, and answers only searched
// for bytes. A last call that is not full is cut on the way.
func floor(hc *http.Client, base string, cut [][]byte, batch, n int) (tally, error) {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	var next, accepted, refused atomic.Int64
	var wg sync.WaitGroup
	for range inFlight {
		wg.Go(func() {
			var answer bytes.Buffer
			for {
				i := int(next.Add(1)) - 1
				if i*batch >= n {
					return
				}
				body := cut[i%len(cut)]
				if left := n - i*batch; left < batch {
					body = shorten(body, left)
				}
				if err := post(ctx, hc, base, body, &answer); err != nil {
					stop(err)
					return
				}
				accepted.Add(int64(bytes.Count(answer.Bytes(), v2.acceptedInAnAnswer)))
				refused.Add(int64(bytes.Count(answer.Bytes(), v2.refusedInAnAnswer)))
			}
		})
	}
	wg.Wait()
	return tally{int(accepted.Load()), int(refused.Load())}, context.Cause(ctx)
}

// shorten returns the body of a call with its first n items.
func shorten(body []byte, n int) []byte {
	item := len(fmt.Sprintf(v2.item, 0, 0))
	end := len(v2.before) + n*(item+len(",")) - len(",")
	return append(bytes.Clone(body[:end]), v2.after...)
}

// post sends a body and puts the answer in the place of what the buffer holds.
func post(ctx context.Context, hc *http.Client, base string, body []byte, answer *bytes.Buffer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+v2.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = requestHeader.Clone()
	resp, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	answer.Reset()
	_, err = io.Copy(answer, resp.Body)
	return err
}

// plainAnswer is the envelope as one would declare it for this one call.
type plainAnswer struct {
	Response []struct {
		EntityID int64 `json:"entityId"`
		Result   struct {
			BillNumber string `json:"billNumber"`
		} `json:"result"`
		Errors   []plainStatus `json:"errors"`
		Warnings []plainStatus `json:"warnings"`
	} `json:"response"`
}

// plainItem is an item on its way through the plain writer.
type plainItem struct {
	body json.RawMessage
	done func(err error)
}

// plain is what one writes in an afternoon: a channel of items, workers that
// fill calls from it, the whole answer through encoding/json, one callback for
// each item.
func plain(hc *http.Client, base string, items []json.RawMessage, batch, n int) (tally, error) {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	queue := make(chan plainItem, batch)
	var accepted, refused atomic.Int64
	var wg sync.WaitGroup
	for range inFlight {
		wg.Go(func() {
			for {
				full := make([]plainItem, 0, batch)
				for len(full) < batch {
					item, more := <-queue
					if !more {
						break
					}
					full = append(full, item)
				}
				if len(full) == 0 {
					return
				}
				if err := sendPlain(ctx, hc, base, full); err != nil {
					stop(err) // and empty the queue, so that nobody hangs
				}
			}
		})
	}
	for i := range n {
		queue <- plainItem{items[i%len(items)], func(err error) {
			if err != nil {
				refused.Add(1)
				return
			}
			accepted.Add(1)
		}}
	}
	close(queue)
	wg.Wait()
	return tally{int(accepted.Load()), int(refused.Load())}, context.Cause(ctx)
}

func sendPlain(ctx context.Context, hc *http.Client, base string, items []plainItem) error {
	bodies := make([]json.RawMessage, len(items))
	for i := range items {
		bodies[i] = items[i].body
	}
	var raw bytes.Buffer
	if err := post(ctx, hc, base, v2.request(bodies), &raw); err != nil {
		return err
	}
	var answer plainAnswer
	if err := json.Unmarshal(raw.Bytes(), &answer); err != nil {
		return err
	}
	if len(answer.Response) != len(items) {
		return fmt.Errorf("%d answers for %d items", len(answer.Response), len(items))
	}
	for i := range answer.Response {
		if failed := answer.Response[i].Errors; len(failed) > 0 {
			items[i].done(fmt.Errorf("%d: %s", failed[0].Code, failed[0].Message))
			continue
		}
		items[i].done(nil)
	}
	return nil
}
