package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAProducerCanBeRunAgain(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "again", quick())
	bills := skewed(300, 40)
	assert.Equal(t, produced{Added: 200}, j.load(t, bills[:200]), "it was stopped before the end")
	assert.Equal(t, produced{Added: 100, Again: 200}, j.load(t, bills))
	assert.Equal(t, uint64(300), j.left(t))
	total, err := j.total(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(300), total)

	// A second job of the same name is the first.
	js := j.js
	s := quick()
	s.Partitions = 99
	same, err := createJob(t.Context(), js, "again", s)
	require.NoError(t, err)
	assert.Equal(t, j.settings, same.settings)
	_, err = createJob(t.Context(), js, "a.b", s)
	require.ErrorIs(t, err, errJobName)
	_, err = openJob(t.Context(), js, "none")
	require.ErrorIs(t, err, jetstream.ErrStreamNotFound)
}

// An owner that was taken over can write nothing any more, and its successor knows what it had in flight.
func TestAnOwnerThatWasTakenOverIsFenced(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "fence", quick())
	ctx := t.Context()
	first, err := takeOver(ctx, j.state, 3, "first")
	require.NoError(t, err)
	require.NoError(t, first.intend(ctx, []uint64{7, 8, 9}))
	first.back(ctx, []uint64{8})
	first.settled(9) // its outcome is durable, though the record does not say so yet

	second, err := takeOver(ctx, j.state, 3, "second")
	require.NoError(t, err)
	assert.True(t, second.suspect(7))
	assert.False(t, second.suspect(8), "it was answered: not applied")
	assert.True(t, second.suspect(9), "on the safe side")
	require.ErrorIs(t, first.intend(ctx, []uint64{10}), errLost)
	assert.True(t, first.isLost())
	require.ErrorIs(t, first.release(ctx), errLost)

	require.NoError(t, second.intend(ctx, []uint64{10}))
	second.settled(9)
	require.NoError(t, second.release(ctx))
	third, err := takeOver(ctx, j.state, 3, "third")
	require.NoError(t, err)
	assert.True(t, third.suspect(7), "what was never settled is handed on")
	assert.True(t, third.suspect(10))
	assert.False(t, third.suspect(9))
}

// A write whose answer was lost is found again: it is no other owner.
func TestALostAnswerIsNoLostPartition(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "answer", quick())
	ctx := t.Context()
	own, err := takeOver(ctx, j.state, 0, "one")
	require.NoError(t, err)
	_, err = j.state.Update(ctx, stateKey(0), own.record("one"), own.rev)
	require.NoError(t, err)
	require.NoError(t, own.intend(ctx, []uint64{1}))
	assert.False(t, own.isLost())
}

// oneWorker loads bills into a simulator with one worker, and returns the outcomes.
func oneWorker(t *testing.T, opts clienttest.Options, bills []bill, w workerOptions) (*job, *clienttest.Simulator, map[string]resultLine) {
	t.Helper()
	sim := clienttest.New(opts)
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	url := broker(t)
	j := open(t, url, "one", quick())
	j.load(t, bills)
	w.again = orDefault(w.again, 100*time.Millisecond)
	stop := running(t, url, "one", srv, &options{worker: w})
	lines := j.outcomes(t, 30*time.Second)
	require.NoError(t, stop())
	assert.Zero(t, j.left(t))
	return j, sim, lines
}

func dead(t *testing.T, j *job, outcome string) uint64 {
	t.Helper()
	s, err := j.js.Stream(t.Context(), j.name+"-dead")
	require.NoError(t, err)
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(j.name+".dead."+outcome+".*"))
	require.NoError(t, err)
	return uint64(len(info.State.Subjects))
}

func TestWhatIsRefusedGoesToTheDeadLetters(t *testing.T) {
	t.Parallel()
	bills := skewed(200, 30)
	bills[50].customer = "" // the simulator refuses a bill without a customer
	bills[51].customer = ""
	j, sim, lines := oneWorker(t, clienttest.Options{BatchLimit: 20}, bills, workerOptions{})
	counts := assertTrue(t, sim, bills, lines)
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 198, caperrors.Refused: 2}, counts)
	assert.Equal(t, uint64(2), dead(t, j, "refused"))
	assert.Equal(t, caperrors.Code(8015), lines["row-50"].Code)
}

// A customer that is busy for long goes back to the stream, with all that follows it, and is through in the end, in order.
func TestABusyCustomerComesAgainInOrder(t *testing.T) {
	t.Parallel()
	bills := make([]bill, 24)
	for i := range bills {
		bills[i] = bill{number: string(rune('A'+i/26)) + string(rune('a'+i%26)), customer: []string{"ann", "bob", "cid"}[i%3]}
	}
	j, sim, lines := oneWorker(t, clienttest.Options{BatchLimit: 20, Faults: clienttest.Faults{ItemBusy: 0.5}}, bills,
		workerOptions{maxAttempts: 1, rounds: 1000})
	counts := assertTrue(t, sim, bills, lines)
	assert.Equal(t, 24, counts[caperrors.Applied])
	assert.Zero(t, dead(t, j, "refused"))
}

func TestACustomerBusyToTheEndIsADeadLetter(t *testing.T) {
	t.Parallel()
	bills := skewed(6, 2)
	j, sim, lines := oneWorker(t, clienttest.Options{Faults: clienttest.Faults{ItemBusy: 1}}, bills,
		workerOptions{maxAttempts: 1, rounds: 2})
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Refused: 6}, assertTrue(t, sim, bills, lines))
	assert.True(t, lines["row-3"].Transient)
	assert.Equal(t, uint64(6), dead(t, j, "refused"))
}

func TestACallWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]batch.OnUnknown{"is reported": batch.ReportUnknown, "is sent again": batch.ResendUnknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cut := true
			bills := skewed(40, 40)
			j, sim, lines := oneWorker(t, clienttest.Options{Script: func(*http.Request) *clienttest.Answer {
				defer func() { cut = false }()
				if cut {
					return &clienttest.Answer{After: true, Cut: true}
				}
				return nil
			}}, bills, workerOptions{onUnknown: policy, concurrency: 1})
			counts := assertTrue(t, sim, bills, lines)
			if policy == batch.ReportUnknown {
				assert.Positive(t, counts[caperrors.Unknown])
				assert.Equal(t, uint64(counts[caperrors.Unknown]), dead(t, j, "unknown"))
				return
			}
			assert.Positive(t, counts[caperrors.Duplicate])
			assert.Zero(t, counts[caperrors.Unknown])
		})
	}
}

// Credentials that are refused are nobody's dead letter: the worker ends and every message stays.
func TestRefusedCredentialsLeaveEveryMessage(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Username: "somebody", Password: "else"})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	url := broker(t)
	j := open(t, url, "refused", quick())
	j.load(t, skewed(50, 20))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := demoWorker(ctx, url, srv, &options{job: "refused", worker: workerOptions{again: 50 * time.Millisecond}}, 1)
	require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, uint64(50), j.left(t))
	info, err := j.results.Info(t.Context())
	require.NoError(t, err)
	assert.Zero(t, info.State.Msgs)
}

// Workers that are told to stop, one after another in the middle of a load, leave nothing that is not known.
func TestAWorkerThatIsToldToStopLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{BatchLimit: 10, Latency: 20 * time.Millisecond, RepeatBills: true, Faults: clienttest.Faults{ItemBusy: 0.1}})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	url := broker(t)
	j := open(t, url, "stop", quick())
	bills := skewed(900, 300)
	j.load(t, bills)
	o := &options{worker: workerOptions{again: 100 * time.Millisecond}}
	for range 3 {
		before := sim.Stats().ItemsApplied
		stop := running(t, url, "stop", srv, o)
		await(t, 20*time.Second, "some of it", func() bool { return sim.Stats().ItemsApplied >= before+200 })
		require.NoError(t, stop())
		for p := range j.Partitions {
			entry, err := j.state.Get(t.Context(), stateKey(p))
			require.NoError(t, err)
			assert.Contains(t, string(entry.Value()), `"owner":""`)
			assert.NotContains(t, string(entry.Value()), "flight")
		}
	}
	running(t, url, "stop", srv, o)
	counts := assertTrue(t, sim, bills, j.outcomes(t, 30*time.Second))
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 900}, counts)
}

// onePartition makes a job of one partition with bills in it, and returns what starts a worker for it.
func onePartition(t *testing.T, timeout time.Duration, bills []bill) (*job, *clienttest.Simulator, func(workerOptions)) {
	t.Helper()
	sim := clienttest.New(clienttest.Options{RepeatBills: true})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	url := broker(t)
	s := quick()
	s.Partitions, s.Timeout = 1, timeout
	j := open(t, url, "single", s)
	j.load(t, bills)
	return j, sim, func(w workerOptions) {
		w.again = 100 * time.Millisecond
		running(t, url, "single", srv, &options{worker: w})
	}
}

// A message that was delivered to nobody, as when a server goes away with it, comes again later: those after it have to wait.
func TestALostDeliveryIsNotOvertaken(t *testing.T) {
	t.Parallel()
	bills := []bill{{"1", "ann"}, {"2", "ann"}, {"3", "bob"}, {"4", "ann"}}
	j, sim, start := onePartition(t, 500*time.Millisecond, bills)
	consumer, err := j.consumer(t.Context(), 0)
	require.NoError(t, err)
	lost, err := consumer.Fetch(1, jetstream.FetchMaxWait(5*time.Second), jetstream.FetchPriorityGroup(pinGroup))
	require.NoError(t, err)
	for range lost.Messages() {
		require.NoError(t, j.items.UnpinConsumer(t.Context(), consumerName(0), pinGroup))
	}
	start(workerOptions{})
	counts := assertTrue(t, sim, bills, j.outcomes(t, 30*time.Second))
	assert.Equal(t, 4, counts[caperrors.Applied])
	assert.Equal(t, "3", sim.Applied()[0].Number, "others do not wait")
}

// A worker that takes over lets the last call of its predecessor end, whose outcome is the better one.
func TestWhatAnEarlierOwnerHasInFlightIsLeftToEnd(t *testing.T) {
	t.Parallel()
	bills := skewed(3, 3)
	j, sim, start := onePartition(t, 1500*time.Millisecond, bills)
	first, err := takeOver(t.Context(), j.state, 0, "first")
	require.NoError(t, err)
	first.deliveredBefore(2)
	require.NoError(t, first.intend(t.Context(), []uint64{1, 2}))
	start(workerOptions{})
	await(t, 20*time.Second, "the item that nobody had", func() bool { return sim.Times(bills[2].number, bills[2].customer) == 1 })

	text, err := json.Marshal(resultLine{ID: "row-0", Outcome: caperrors.Applied, Message: "first"})
	require.NoError(t, err)
	_, err = j.js.Publish(t.Context(), j.resultSubject("row-0"), text, jetstream.WithExpectLastSequencePerSubject(0))
	require.NoError(t, err, "the second owner did not decide it")
	lines := j.outcomes(t, 30*time.Second)
	assert.Equal(t, "first", lines["row-0"].Message)
	assert.Equal(t, caperrors.Unknown, lines["row-1"].Outcome, "of this one nothing came")
	assert.Len(t, sim.Applied(), 1)
}

// The later items of its customers wait for it, also if the server has forgotten every delivery.
func TestNothingOvertakesWhatAnEarlierOwnerHasInFlight(t *testing.T) {
	t.Parallel()
	bills := []bill{{"0", "ann"}, {"1", "ann"}, {"2", "ann"}, {"3", "bob"}}
	j, sim, start := onePartition(t, 500*time.Millisecond, bills)
	first, err := takeOver(t.Context(), j.state, 0, "first")
	require.NoError(t, err)
	first.deliveredBefore(1)
	require.NoError(t, first.intend(t.Context(), []uint64{1}))
	start(workerOptions{onUnknown: batch.ResendUnknown})
	counts := assertTrue(t, sim, bills, j.outcomes(t, 30*time.Second)) // and the order
	assert.Equal(t, 4, counts[caperrors.Applied])
	assert.Equal(t, "3", sim.Applied()[0].Number, "others do not wait")
}

// A message that the server never takes ends its producer, and does not keep it for ever.
func TestAnItemThatIsTooLargeForTheServerIsTold(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "large", quick())
	inspect, err := inspector()
	require.NoError(t, err)
	_, err = j.produce(t.Context(), inspect, func(yield func(input, error) bool) {
		yield(input{ID: "line-1", Body: []byte(`{"x":"` + strings.Repeat("x", 1<<20) + `"}`)}, nil)
	})
	require.ErrorIs(t, err, nats.ErrMaxPayload)
	require.ErrorContains(t, err, "line-1")
}

// silentBucket loses the first requests for a value and the first writes: their answers never come.
type silentBucket struct {
	jetstream.KeyValue

	gets, puts, updates int
}

func (s *silentBucket) Get(ctx context.Context, key string) (jetstream.KeyValueEntry, error) {
	if s.gets--; s.gets >= 0 {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return s.KeyValue.Get(ctx, key)
}

func (s *silentBucket) Put(ctx context.Context, key string, value []byte) (uint64, error) {
	if s.puts--; s.puts >= 0 {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return s.KeyValue.Put(ctx, key, value)
}

func (s *silentBucket) Update(ctx context.Context, key string, value []byte, last uint64) (uint64, error) {
	if s.updates--; s.updates >= 0 {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return s.KeyValue.Update(ctx, key, value, last)
}

// silentStream loses the first request for a consumer.
type silentStream struct {
	jetstream.Stream

	left int
}

func (s *silentStream) OrderedConsumer(ctx context.Context, c jetstream.OrderedConsumerConfig) (jetstream.Consumer, error) {
	if s.left--; s.left >= 0 {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return s.Stream.OrderedConsumer(ctx, c)
}

// The note of a call is written again long before the time of the call is over.
func TestALostNoteCostsOneWait(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "note", quick())
	own, err := takeOver(t.Context(), j.state, 0, "one")
	require.NoError(t, err)
	own.kv = &silentBucket{KeyValue: j.state, updates: 1}
	ctx, cancel := context.WithTimeout(t.Context(), 4*publishWait)
	defer cancel()
	require.NoError(t, own.intend(ctx, []uint64{1}))
}

// A server that goes away takes requests along. They must neither end a producer nor hold up the results.
func TestALostAnswerDoesNotStopTheWatching(t *testing.T) {
	t.Parallel()
	j := open(t, broker(t), "silent", quick())
	bills := skewed(20, 5)
	j.state = &silentBucket{KeyValue: j.state, gets: 2, puts: 1}
	j.load(t, bills)
	for _, b := range bills {
		text, err := json.Marshal(resultLine{ID: "row-" + b.number, Outcome: caperrors.Applied})
		require.NoError(t, err)
		_, err = j.js.Publish(t.Context(), j.resultSubject("row-"+b.number), text)
		require.NoError(t, err)
	}
	j.results = &silentStream{Stream: j.results, left: 1}
	assert.Len(t, j.outcomes(t, 30*time.Second), len(bills))
}
