package main

import (
	"bytes"
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/elastic/go-docappender/v2"
	es8 "github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"
)

const (
	indexName    = "transactions"
	indexerMeta  = `{"index":{"_index":"` + indexName + `"}}` + "\n"
	appenderMeta = `{"create":{"_index":"` + indexName + `"}}` + "\n"
)

// bulkIndexer sends when the next item would not fit below FlushBytes, so one
// byte above the size of a call gives exactly that call.
func bulkIndexer(es *es8.Client, items []json.RawMessage, batch, n int) (tally, error) {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	var accepted, refused atomic.Int64
	bi, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{
		Client:     es,
		NumWorkers: inFlight,
		FlushBytes: batch*(len(indexerMeta)+len(items[0])+len("\n")) + 1,
		OnError:    func(_ context.Context, err error) { stop(err) },
	})
	if err != nil {
		return tally{}, err
	}
	onSuccess := func(context.Context, esutil.BulkIndexerItem, esutil.BulkIndexerResponseItem) { accepted.Add(1) }
	onFailure := func(_ context.Context, _ esutil.BulkIndexerItem, answer esutil.BulkIndexerResponseItem, err error) {
		if err != nil || answer.Status == 0 {
			stop(err)
			return
		}
		refused.Add(1)
	}
	for i := range n {
		err = bi.Add(ctx, esutil.BulkIndexerItem{
			Index: indexName, Action: "index", Body: bytes.NewReader(items[i%len(items)]),
			OnSuccess: onSuccess, OnFailure: onFailure,
		})
		if err != nil {
			return tally{}, err
		}
	}
	if err = bi.Close(ctx); err != nil {
		return tally{}, err
	}
	return tally{int(accepted.Load()), int(refused.Load())}, context.Cause(ctx)
}

// docAppender sends when FlushBytes are reached. It tells nobody which item was
// refused: there are only totals.
func docAppender(es *es8.Client, items []json.RawMessage, batch, n int) (tally, error) {
	a, err := docappender.New(es, docappender.Config{
		MaxRequests: inFlight,
		FlushBytes:  batch * (len(appenderMeta) + len(items[0]) + len("\n")),
		Scaling:     docappender.ScalingConfig{Disabled: true},
	})
	if err != nil {
		return tally{}, err
	}
	ctx := context.Background()
	for i := range n {
		if err = a.Add(ctx, indexName, bytes.NewReader(items[i%len(items)])); err != nil {
			return tally{}, err
		}
	}
	if err = a.Close(ctx); err != nil {
		return tally{}, err
	}
	stats := a.Stats()
	return tally{int(stats.Indexed), int(stats.Failed)}, nil
}
