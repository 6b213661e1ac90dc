package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/retry"
)

// canaryItem is an item that its owner's functions panic with.
type canaryItem struct {
	Number string `json:"billNumber"`
	Kind   string `json:"identifierType"`
	Key    string `json:"identifierValue"`
	Note   string `json:"note"`
	Broken bool   `json:"-"`
}

func (c canaryItem) MarshalJSON() ([]byte, error) {
	if c.Broken {
		panic(c)
	}
	type plain canaryItem
	return json.Marshal(plain(c))
}

// What an engine tells of a load in which everything goes wrong that can.
func TestNoBodyIsToldByAnEngine(t *testing.T) {
	t.Parallel()
	item := canaryItem{Number: "1", Kind: "mobile", Key: "c-1", Note: bodyCanary}
	broken := item
	broken.Broken = true
	always := func(fault func(*clienttest.Faults)) clienttest.Options {
		var o clienttest.Options
		fault(&o.Faults)
		return o
	}
	tests := map[string]struct {
		sim    clienttest.Options
		cfg    batch.Config[canaryItem]
		items  []canaryItem
		source bool // panics with its last item
	}{
		"nothing":                {},
		"a key function's panic": {cfg: batch.Config[canaryItem]{Key: func(i canaryItem) string { panic(i) }}},
		"a panic in words":       {cfg: batch.Config[canaryItem]{Key: func(i canaryItem) string { panic("no key in " + i.Note) }}},
		"a panic with an error":  {cfg: batch.Config[canaryItem]{Key: func(i canaryItem) string { panic(quotingError{i.Note}) }}},
		"a panic with a pointer": {cfg: batch.Config[canaryItem]{ID: func(i canaryItem) string { panic(&i) }}},
		"a panic in keys":        {cfg: batch.Config[canaryItem]{Keys: func(i canaryItem) []string { panic([]canaryItem{i}) }}},
		"a panic in MarshalJSON": {items: []canaryItem{broken, item}},
		"a panic of the source":  {source: true},
		"a panic while reconciling": {
			sim: always(func(f *clienttest.Faults) { f.CutAfter = 1 }),
			cfg: batch.Config[canaryItem]{
				OnUnknown: batch.ReconcileUnknown,
				Reconcile: func(_ context.Context, items []canaryItem) ([]batch.Found, error) { panic(items) },
			},
		},
		"an item busy":      {sim: always(func(f *clienttest.Faults) { f.ItemBusy = 1 })},
		"rate limited":      {sim: always(func(f *clienttest.Faults) { f.RateLimited = 1 })},
		"authz unavailable": {sim: always(func(f *clienttest.Faults) { f.AuthzUnavailable = 1 })},
		"search busy":       {sim: always(func(f *clienttest.Faults) { f.SearchBusy = 1 })},
		"customer busy":     {sim: always(func(f *clienttest.Faults) { f.CustomerBusy = 1 })},
		"cut before":        {sim: always(func(f *clienttest.Faults) { f.CutBefore = 1 })},
		"cut after":         {sim: always(func(f *clienttest.Faults) { f.CutAfter = 1 })},
		"a page":            {sim: always(func(f *clienttest.Faults) { f.EdgeHTML = 1 })},
		"garbled":           {sim: always(func(f *clienttest.Faults) { f.Garbled = 1 })},
		"credentials":       {sim: clienttest.Options{Username: "x", Password: "y"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, test.sim)
				var log bytes.Buffer
				debug := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				c := w.client(t, client.WithLogger(debug), client.WithRetry(retry.Policy{MaxAttempts: 2}))
				var mu sync.Mutex
				var events []batch.Event
				cfg := test.cfg
				cfg.MaxAttempts, cfg.Observe = 2, func(e batch.Event) {
					mu.Lock()
					defer mu.Unlock()
					events = append(events, e)
				}
				eng, err := batch.New(c.Bulk(client.TransactionsBulk), cfg)
				require.NoError(t, err)
				items := test.items
				if items == nil {
					other := item
					other.Number, other.Key = "2", "c-2"
					items = []canaryItem{item, other}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				run := eng.Run(ctx, sourceOf(items, test.source))
				var said []string
				for r := range run.Results() {
					form, jsonErr := json.Marshal(r)
					require.NoError(t, jsonErr)
					said = append(append(said, string(form)), formsOf(r.Err)...)
				}
				progress := run.Progress()
				said = append(append(said, everyForm(progress)...), formsOf(run.Err())...)
				said = append(said, formsOf(progress.Trouble)...)
				mu.Lock()
				for _, e := range events {
					said = append(append(said, everyForm(e)...), formsOf(e.Err)...)
				}
				mu.Unlock()
				rep, err := eng.Do(ctx, items)
				form, jsonErr := json.Marshal(rep)
				require.NoError(t, jsonErr)
				said = append(append(said, string(form), log.String()), formsOf(err)...)
				for _, text := range said {
					require.NotContains(t, text, bodyCanary)
				}
			})
		})
	}
}

func formsOf(err error) []string {
	var out []string
	if err != nil {
		for _, inner := range chain(err) {
			out = append(out, ownForms(inner)...)
		}
	}
	return out
}

// sourceOf yields the items, and panics with the last one if it is to.
func sourceOf(items []canaryItem, panics bool) iter.Seq2[canaryItem, error] {
	return func(yield func(canaryItem, error) bool) {
		for i, item := range slices.All(items) {
			if panics && i == len(items)-1 {
				panic(item)
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}
