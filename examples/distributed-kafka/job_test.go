package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAJobThatIsThereStands(t *testing.T) {
	t.Parallel()
	brokers := broker(t)
	j := open(t, brokers, "again", quick())
	s := quick()
	s.Partitions = 99
	same, err := createJob(t.Context(), brokers, "again", s)
	require.NoError(t, err)
	assert.Equal(t, j.settings, same.settings)
	_, err = createJob(t.Context(), brokers, "a.b", s)
	require.ErrorIs(t, err, errJobName)
	_, err = openJob(t.Context(), brokers, "none", s)
	require.ErrorIs(t, err, errNoJob)
}

// oneWorker loads bills into a simulator with one worker, and returns the outcomes.
func oneWorker(t *testing.T, opts clienttest.Options, bills []bill, w workerOptions) (*job, *clienttest.Simulator, map[string]resultLine) {
	t.Helper()
	sim := clienttest.New(opts)
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	j := open(t, broker(t), "one", quick())
	j.load(t, bills)
	w.again = orDefault(w.again, 100*time.Millisecond)
	stop := running(t, j, srv, w)
	lines := j.outcomes(t, 40*time.Second)
	require.NoError(t, stop())
	assert.Zero(t, j.left(t))
	return j, sim, lines
}

func (j *job) dead(t *testing.T, outcome string) int {
	t.Helper()
	n := 0
	for _, r := range j.records(t, deadTopic) {
		if header(r, "outcome") == outcome {
			n++
		}
	}
	return n
}

func TestWhatIsRefusedGoesToTheDeadLetters(t *testing.T) {
	t.Parallel()
	bills := skewed(200, 30)
	bills[50].customer = "" // the simulator refuses a bill without a customer
	bills[51].customer = ""
	j, sim, lines := oneWorker(t, clienttest.Options{BatchLimit: 20}, bills, workerOptions{})
	counts := assertTrue(t, sim, bills, lines)
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 198, caperrors.Refused: 2}, counts)
	assert.Equal(t, 2, j.dead(t, "refused"))
}

// With one attempt each, a third of the items goes through the retry topic, with all that their customers have behind them.
func TestWhatIsBusyGoesAgainInOrder(t *testing.T) {
	t.Parallel()
	bills := skewed(1200, 150)
	j, sim, lines := oneWorker(t, clienttest.Options{BatchLimit: 20, RepeatBills: true, Faults: clienttest.Faults{ItemBusy: 0.2}}, bills,
		workerOptions{maxAttempts: 1, rounds: 50})
	counts := assertTrue(t, sim, bills, lines)
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 1200}, counts)
	assert.Greater(t, len(j.records(t, retryTopic)), 240)
}

func TestWhatIsBusyToTheEndIsADeadLetter(t *testing.T) {
	t.Parallel()
	bills := skewed(30, 10)
	j, _, lines := oneWorker(t, clienttest.Options{Faults: clienttest.Faults{ItemBusy: 1}}, bills, workerOptions{maxAttempts: 1, rounds: 2})
	require.Len(t, lines, 30)
	for _, line := range lines {
		assert.Equal(t, caperrors.Refused, line.Outcome)
		assert.True(t, line.Transient)
		assert.Equal(t, caperrors.Code(521), line.Code)
	}
	assert.Equal(t, 30, j.dead(t, "refused"))
}

func TestWhatIsUnknownFollowsThePolicy(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]batch.OnUnknown{"reported": batch.ReportUnknown, "sent again": batch.ResendUnknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bills := skewed(400, 60)
			calls := make(chan int, 1)
			calls <- 0
			opts := clienttest.Options{BatchLimit: 20, Script: func(*http.Request) *clienttest.Answer {
				n := <-calls + 1
				calls <- n
				if n == 10 {
					return &clienttest.Answer{After: true, Cut: true} // done, and no answer
				}
				return nil
			}}
			j, sim, lines := oneWorker(t, opts, bills, workerOptions{onUnknown: policy})
			counts := assertTrue(t, sim, bills, lines)
			if policy == batch.ReportUnknown {
				assert.Positive(t, counts[caperrors.Unknown])
				assert.Equal(t, counts[caperrors.Unknown], j.dead(t, "unknown"))
				return
			}
			assert.Positive(t, counts[caperrors.Duplicate])
			assert.Zero(t, counts[caperrors.Unknown])
		})
	}
}

// Credentials that are refused are nobody's dead letter: the worker ends and every record stays.
func TestRefusedCredentialsLeaveEveryItem(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Username: "somebody", Password: "else"})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	j := open(t, broker(t), "refused", quick())
	j.load(t, skewed(50, 20))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := workAgainst(ctx, j, srv, workerOptions{again: 50 * time.Millisecond})
	require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.GreaterOrEqual(t, j.left(t), int64(50))
	assert.Empty(t, j.records(t, resultsTopic))
	assert.Empty(t, j.records(t, retryTopic))
}

// Workers that are told to stop, one after another in the middle of a load, leave nothing that is not known.
func TestAWorkerThatIsToldToStopLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{BatchLimit: 10, Latency: 20 * time.Millisecond, RepeatBills: true, Faults: clienttest.Faults{ItemBusy: 0.1}})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	j := open(t, broker(t), "stop", quick())
	bills := skewed(1500, 300)
	j.load(t, bills)
	o := workerOptions{again: 100 * time.Millisecond, maxAttempts: 2, rounds: 20}
	for range 3 {
		before := sim.Stats().ItemsApplied
		stop := running(t, j, srv, o)
		await(t, 20*time.Second, "some of it", func() bool { return sim.Stats().ItemsApplied >= before+300 })
		require.NoError(t, stop())
	}
	running(t, j, srv, o)
	counts := assertTrue(t, sim, bills, j.outcomes(t, 30*time.Second))
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 1500}, counts)
}
