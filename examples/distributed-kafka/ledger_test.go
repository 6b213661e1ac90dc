package main

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// owner makes a ledger of a partition with a producer of its own.
func (j *job) owner(t *testing.T, partition int32, term string) *ledger {
	t.Helper()
	cl, err := dial(j.brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return &ledger{job: j, cl: cl, partition: partition, term: term, next: -1, failed: func(err error) { assert.NoError(t, err) }}
}

// An owner that was taken over finds out before it sends anything. The words of one that was taken over take nothing from its successor.
func TestAnOwnerThatWasTakenOverFindsOut(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "fence", quick())
	ctx := t.Context()
	first, second := j.owner(t, 0, "first"), j.owner(t, 0, "second")
	_, err := first.write(ctx, note{Kind: noteOwner})
	require.NoError(t, err)
	_, err = first.write(ctx, note{Kind: noteOut, At: []string{"i1"}})
	require.NoError(t, err)
	at, err := second.write(ctx, note{Kind: noteOwner})
	require.NoError(t, err)
	assert.Equal(t, int64(2), at)

	_, err = first.write(ctx, note{Kind: noteOut, At: []string{"i2"}})
	require.ErrorIs(t, err, errLost)
	_, err = first.write(ctx, note{Kind: noteOut, At: []string{"i3"}})
	require.ErrorIs(t, err, errLost, "and so it stays")
	_, err = second.write(ctx, note{Kind: noteOut, At: []string{"i2"}})
	require.NoError(t, err, "there are two notes of the first in between")
	assert.Equal(t, int64(6), second.end())

	h := &history{items: make(map[string]past)}
	err = j.readLedger(ctx, map[int32]int64{0: 0}, map[int32]int64{0: 6}, func(_ int32, n note, at time.Time) { h.read(n, at) })
	require.NoError(t, err)
	assert.Equal(t, map[string]past{"i1": {}, "i2": {}}, h.items, "i3 is of the first, when it had lost")
	assert.Equal(t, "second", h.term)
}

// A worker that finds another owner's note before a call does not make the call, and joins the group anew.
func TestAWorkerThatWasTakenOverBeginsAnew(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{BatchLimit: 20, Latency: 20 * time.Millisecond, RepeatBills: true})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	j := open(t, broker(t), "anew", quick())
	bills := skewed(3000, 900)
	j.load(t, bills)
	running(t, j, srv, workerOptions{concurrency: 2})
	await(t, 20*time.Second, "some of it", func() bool { return sim.Stats().ItemsApplied >= 600 })
	taken, ends := make(map[int32]int64), make(map[int32]int64)
	for p := range int32(6) {
		at, err := j.owner(t, p, "another").write(t.Context(), note{Kind: noteOwner})
		require.NoError(t, err)
		taken[p] = at
	}
	counts := assertTrue(t, sim, bills, j.outcomes(t, 40*time.Second))
	assert.Equal(t, len(bills), counts[caperrors.Applied]+counts[caperrors.Unknown])
	assert.LessOrEqual(t, counts[caperrors.Unknown], 4*20, "calls under way, and those noted while the partitions were taken one by one")

	for p := range int32(6) {
		at, err := j.owner(t, p, "last").write(t.Context(), note{Kind: noteOwner})
		require.NoError(t, err)
		ends[p] = at
	}
	again, term, out := make(map[int32]bool), make(map[int32]string), make(map[string]bool)
	err := j.readLedger(t.Context(), taken, ends, func(p int32, n note, _ time.Time) {
		switch {
		case n.Kind == noteOwner && n.Term != "another":
			again[p], term[p] = true, n.Term
		case again[p] && n.Term == term[p]:
		case n.Kind == noteOut:
			for _, at := range n.At {
				out[itoa(p)+at] = true
			}
		case n.Kind == noteEnd:
			assert.False(t, out[itoa(p)+n.At[0]], "sent after the note of another owner")
		}
	})
	require.NoError(t, err)
	assert.Len(t, again, 6, "partitions taken anew")
}

func TestALedgerThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "closed", quick())
	l := j.owner(t, 0, "only")
	var failed atomic.Bool
	l.failed = func(err error) { failed.Store(errors.Is(err, errLedger)) }
	l.cl.Close()
	_, err := l.write(t.Context(), note{Kind: noteOwner})
	require.ErrorIs(t, err, errLedger)
	assert.True(t, failed.Load())
}

func TestHistory(t *testing.T) {
	t.Parallel()
	const hold = 4 * time.Second
	start := time.Unix(5000, 0)
	applied := &resultLine{ID: "a", Outcome: caperrors.Applied}
	unknown := &resultLine{ID: "a", Outcome: caperrors.Unknown}
	type said struct {
		note note
		at   time.Duration
	}
	own := func(term string) note { return note{Kind: noteOwner, Term: term, Hold: hold.Milliseconds()} }
	tests := map[string]struct {
		said  []said
		items map[string]past
		wait  time.Duration
	}{
		"nothing": {said: []said{{own("b"), 0}}, items: map[string]past{}},
		"a call without an outcome is waited for": {
			said: []said{
				{own("a"), 0},
				{note{Kind: noteOut, Term: "a", At: []string{"i1"}}, time.Second},
				{own("b"), 3 * time.Second},
			},
			items: map[string]past{"i1": {}}, wait: 2 * time.Second,
		},
		"an old one is not": {
			said: []said{
				{own("a"), 0},
				{note{Kind: noteOut, Term: "a", At: []string{"i1"}}, time.Second},
				{own("b"), 30 * time.Second},
			},
			items: map[string]past{"i1": {}},
		},
		"one with an outcome is over": {
			said: []said{
				{own("a"), 0},
				{note{Kind: noteOut, Term: "a", At: []string{"i1"}}, time.Second},
				{note{Kind: noteEnd, Term: "a", At: []string{"i1"}, Line: applied}, time.Second},
				{own("b"), time.Second},
			},
			items: map[string]past{"i1": {line: applied}},
		},
		"but one that ended without an answer may not be": {
			said: []said{
				{own("a"), 0},
				{note{Kind: noteOut, Term: "a", At: []string{"i1"}}, time.Second},
				{note{Kind: noteEnd, Term: "a", At: []string{"i1"}, Line: unknown}, 2 * time.Second},
				{own("b"), 3 * time.Second},
			},
			items: map[string]past{"i1": {line: unknown}}, wait: 3 * time.Second,
		},
		"what was taken back is new": {
			said: []said{
				{own("a"), 0},
				{note{Kind: noteOut, Term: "a", At: []string{"i1", "r2"}}, time.Second},
				{note{Kind: noteBack, Term: "a", At: []string{"r2"}}, time.Second},
				{own("b"), 9 * time.Second},
			},
			items: map[string]past{"i1": {}},
		},
		"last words count for nothing": {
			said: []said{
				{own("a"), 0},
				{own("b"), time.Second},
				{note{Kind: noteOut, Term: "a", At: []string{"i1"}}, time.Second},
				{own("c"), time.Second},
			},
			items: map[string]past{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &history{items: make(map[string]past)}
			for _, s := range test.said {
				h.read(s.note, start.Add(s.at))
			}
			assert.Equal(t, test.items, h.items)
			assert.Equal(t, test.wait, max(0, h.wait()))
		})
	}
}

// What a commit says of the ledger is read back; what is none begins at the beginning.
func FuzzPosition(f *testing.F) {
	for _, text := range []string{"", "x", `{"at":7,"t":"a","hold":4000}`, `{"at":-1}`, `{"at":"7"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, n := position(text)
		assert.GreaterOrEqual(t, at, int64(0))
		if at == 0 {
			return
		}
		assert.Nil(t, n.Line)
	})
}

func TestPosition(t *testing.T) {
	t.Parallel()
	at, n := position(`{"at":7,"t":"a","hold":4000}`)
	assert.Equal(t, int64(7), at)
	assert.Equal(t, "a", n.Term)
	assert.Equal(t, int64(4000), n.Hold)
	at, n = position("of another program")
	assert.Zero(t, at)
	assert.Empty(t, n.Term)
}

func TestWhatHasAStoredOutcomeIsForgotten(t *testing.T) {
	t.Parallel()
	tm := &term{items: backlog{next: 5}, retries: backlog{next: -1}, left: map[string]past{place(false, 4): {}, place(false, 5): {}, place(true, 0): {}}}
	tm.forget()
	assert.Equal(t, map[string]past{"i5": {}, "r0": {}}, tm.left)
}

func TestShareFollowsThePartitions(t *testing.T) {
	t.Parallel()
	s := newShare(600, 12) // 10 calls a second
	s.set(3)
	assert.InDelta(t, 2.5, s.Rate(), 1e-9)
	s.set(12)
	assert.InDelta(t, 10, s.Rate(), 1e-9)
	s.set(0)
	assert.InDelta(t, 10.0/12, s.Rate(), 1e-9, "it has none to send anyway")
	require.NoError(t, newShare(0, 12).Wait(t.Context()))
	assert.Zero(t, newShare(0, 12).Rate())
}
