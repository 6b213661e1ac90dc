package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/twmb/franz-go/pkg/kgo"
)

// tally is what the topic of results says, over all workers and their whole lives.
type tally struct {
	Total    int // of the job; complete once all partitions told
	Told     int // partitions whose end is known
	Results  int
	Outcomes map[caperrors.Outcome]int
	Attempts int            // calls that carried an item, added up over the items
	Workers  map[string]int // results of each

	partitions int
}

// over reports whether every item has its outcome.
func (t *tally) over() bool { return t.Told >= t.partitions && t.Results >= t.Total }

// watch reads the results as they come, tells them to each (if it is not nil), prints a line of progress every so often (if out is not
// nil), and returns when every item of the job has its outcome.
func (j *job) watch(ctx context.Context, out io.Writer, each func(resultLine)) (*tally, error) {
	t := &tally{Outcomes: make(map[caperrors.Outcome]int), Workers: make(map[string]int), partitions: j.Partitions}
	cl, err := dial(j.brokers, kgo.ConsumeTopics(j.topic(resultsTopic)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return t, err
	}
	defer cl.Close()
	shown := time.Now()
	for !t.over() {
		soon, cancel := context.WithTimeout(ctx, time.Second)
		fetches := cl.PollRecords(soon, pollSize)
		cancel()
		if ctx.Err() != nil {
			return t, context.Cause(ctx)
		}
		fetches.EachRecord(func(r *kgo.Record) { t.add(r, each) })
		if out != nil && time.Since(shown) >= time.Second {
			shown = time.Now()
			fmt.Fprintln(out, t.line()+t.workers())
		}
	}
	return t, nil
}

// add takes a record.
func (t *tally) add(r *kgo.Record, each func(resultLine)) {
	if end := header(r, endHeader); end != "" {
		n, _ := strconv.Atoi(end) // ours
		t.Total += n
		t.Told++
		return
	}
	var line resultLine
	if json.Unmarshal(r.Value, &line) != nil {
		return
	}
	t.Results++
	t.Outcomes[line.Outcome]++
	t.Workers[line.Worker]++
	t.Attempts += max(0, line.Attempts)
	if each != nil {
		each(line)
	}
}

func (t *tally) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", t.Results)
	if t.Told >= t.partitions {
		fmt.Fprintf(&b, " of %d", t.Total)
	}
	for _, outcome := range slices.Sorted(maps.Keys(t.Outcomes)) {
		fmt.Fprintf(&b, ", %d %v", t.Outcomes[outcome], outcome)
	}
	return b.String()
}

// workers returns how many results each worker has brought.
func (t *tally) workers() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t.Workers)) {
		fmt.Fprintf(&b, "; %s: %d", name, t.Workers[name])
	}
	return b.String()
}
