package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/nats-io/nats.go/jetstream"
)

// tally is what the stream of results says, over all workers and their whole lives.
type tally struct {
	Total    uint64 // of the job; 0 while the producer is at work
	Results  uint64
	Outcomes map[caperrors.Outcome]uint64
	Attempts uint64 // calls that carried an item, added up over the items
}

// over reports whether every item has its outcome.
func (t *tally) over() bool { return t.Total > 0 && t.Results >= t.Total }

// askWait bounds what a line of progress asks of the server.
const askWait = time.Second

// watch reads the results as they come, tells them to each (if it is not nil), prints a line of progress every so often (if out is not
// nil), and returns when every item of the job has its outcome.
func (j *job) watch(ctx context.Context, out io.Writer, each func(resultLine)) (*tally, error) {
	t := &tally{Outcomes: make(map[caperrors.Outcome]uint64)}
	var consumer jetstream.Consumer
	if err := ask(ctx, func(ctx context.Context) (err error) {
		consumer, err = j.results.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
		return err
	}); err != nil {
		return t, err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return t, err
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	defer messages.Stop()
	lines := make(chan resultLine, 256)
	var ended error // why there are no more lines; read once lines is closed
	go func() {
		defer close(lines)
		for {
			msg, err := messages.Next()
			if err != nil {
				ended = err
				return
			}
			var line resultLine
			if json.Unmarshal(msg.Data(), &line) == nil {
				lines <- line
			}
		}
	}()
	defer func() {
		messages.Stop()
		for range lines { // the reader must not be left with a line in its hands
		}
	}()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for !t.over() {
		select {
		case <-ctx.Done():
			return t, context.Cause(ctx)
		case line, ok := <-lines:
			if !ok {
				return t, cmp.Or(context.Cause(ctx), fmt.Errorf("read the results: %w", ended))
			}
			t.Results++
			t.Outcomes[line.Outcome]++
			t.Attempts += uint64(max(0, line.Attempts))
			if each != nil {
				each(line)
			}
		case <-ticker.C:
			// A server that goes away takes a request with it. Without a bound of its own that one would hold up the results for as long
			// as ctx lasts.
			asking, cancel := context.WithTimeout(ctx, askWait)
			if t.Total == 0 {
				t.Total, _ = j.total(asking) // it is asked again
			}
			if out != nil {
				fmt.Fprintln(out, t.line()+j.workers(asking))
			}
			cancel()
		}
	}
	return t, nil
}

func (t *tally) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", t.Results)
	if t.Total > 0 {
		fmt.Fprintf(&b, " of %d", t.Total)
	}
	for _, outcome := range slices.Sorted(maps.Keys(t.Outcomes)) {
		fmt.Fprintf(&b, ", %d %v", t.Outcomes[outcome], outcome)
	}
	return b.String()
}

// workers returns what the workers alive say of themselves.
func (j *job) workers(ctx context.Context) string {
	keys, err := j.members.Keys(ctx)
	if err != nil {
		return "; no worker"
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		entry, err := j.members.Get(ctx, key)
		var p workerProgress
		if err != nil || json.Unmarshal(entry.Value(), &p) != nil {
			continue
		}
		fmt.Fprintf(&b, "; %s: %d partitions, %d calls", p.Name, p.Partitions, p.Calls)
	}
	return b.String()
}
