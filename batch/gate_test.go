package batch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

const roundTrip = 100 * time.Millisecond

// rounds lets a gate see clean rounds in which its limit is reached.
func rounds(g batch.Gate, now *time.Time, n int) {
	for range n {
		g.Begin(g.Limit())
		*now = now.Add(roundTrip)
		g.Observe(*now, roundTrip)
		g.Accepted()
	}
}

// T-53: its counters are fed by a recorded trace, as in the tests that follow.
func TestTheGateOpensByDoubling(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(20), time.Unix(1, 0)
	var limits []int
	for range 7 {
		limits = append(limits, g.Limit())
		rounds(g, &now, 1)
	}
	// The first round trip only sets the length of a round.
	assert.Equal(t, []int{1, 1, 2, 4, 8, 16, 20}, limits)
}

func TestAGateThatIsNotReachedDoesNotOpen(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(20), time.Unix(1, 0)
	rounds(g, &now, 3)
	require.Equal(t, 4, g.Limit())
	g.Begin(0)
	for range 10 {
		now = now.Add(roundTrip)
		g.Observe(now, roundTrip)
	}
	assert.Equal(t, 4, g.Limit())
}

// T-53.
func TestTheGateShrinksOnceARound(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(64), time.Unix(1, 0)
	rounds(g, &now, 6)
	require.Equal(t, 32, g.Limit())
	for range 16 { // one burst
		g.Busy(now, 0)
	}
	assert.Equal(t, 16, g.Limit(), "slow start ends at the half")
	rounds(g, &now, 2)
	g.Busy(now, 0)
	assert.Equal(t, 17*3/4, g.Limit())
	assert.Zero(t, g.ClosedUntil(), "the others go on")
}

func TestTheGateComesBackToItsCeilingAndProbesRarely(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(64), time.Unix(1, 0)
	rounds(g, &now, 6)
	g.Busy(now, 0)
	rounds(g, &now, 3)
	g.Busy(now, 0) // at 18: the ceiling is 17
	rounds(g, &now, 10)
	require.Equal(t, 17, g.Limit())
	probes := 0
	for range 1000 { // the server takes no more than 17
		rounds(g, &now, 1)
		if g.Limit() > 17 {
			probes++
			g.Busy(now, 0)
		}
	}
	assert.Equal(t, 17, g.Limit())
	assert.LessOrEqual(t, probes, 4+1000/64, "8, 16, 32, then each 64 rounds")
}

func TestAClosedGateOpensForOneCallEverMoreRarely(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(64), time.Unix(1, 0)
	rounds(g, &now, 3)
	require.Equal(t, 4, g.Limit())
	for range 4 { // what was in flight
		g.Busy(now, 0)
		assert.Zero(t, g.ClosedUntil())
	}
	longest := 100 * time.Millisecond
	for range 20 {
		g.Busy(now, 0)
		wait := g.ClosedUntil().Sub(now)
		assert.GreaterOrEqual(t, wait, longest/2)
		assert.LessOrEqual(t, wait, longest)
		assert.Equal(t, 1, g.Limit())
		now = g.ClosedUntil()
		longest = min(2*longest, 30*time.Second)
	}
	g.Accepted()
	g.Busy(now, 0)
	assert.False(t, g.ClosedUntil().After(now), "one success, and it is open")
}

func TestTheServerClosesTheGate(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(4), time.Unix(1, 0)
	g.Busy(now, 20*time.Second)
	assert.Equal(t, now.Add(20*time.Second), g.ClosedUntil())
	g.Busy(now, time.Second)
	assert.Equal(t, now.Add(20*time.Second), g.ClosedUntil(), "a shorter wait does not open it")
}

// Above the ceiling the limit grows by doubling steps. The step must stop
// growing where the limit does: doubled each round, it would be negative after
// 63, and close the gate for ever.
func TestTheGateStaysOpenInALongLoad(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(4), time.Unix(1, 0)
	rounds(g, &now, 2)
	g.Busy(now, 0)
	rounds(g, &now, 1)
	g.Busy(now, 0) // a ceiling far below the most that is allowed
	rounds(g, &now, 500)
	require.Equal(t, 4, g.Limit())
	for range 200 {
		rounds(g, &now, 1)
		require.Equal(t, 4, g.Limit())
	}
}

// T-54: in an outage nothing grows, however long the round trips are.
func TestNothingGrowsWhileNothingIsAccepted(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(64), time.Unix(1, 0)
	rounds(g, &now, 6)
	limit := g.Limit()
	require.Equal(t, 32, limit)
	for range 200 {
		g.Begin(g.Limit())
		now = now.Add(roundTrip / 3)
		g.Observe(now, roundTrip)
		assert.LessOrEqual(t, g.Limit(), limit)
		g.Busy(now, 0)
		assert.LessOrEqual(t, g.Limit(), limit)
		limit = g.Limit()
	}
	assert.Equal(t, 1, limit)
}

// Four calls from before come back well among the refusals: the streak goes on.
func TestAnAcceptanceFromBeforeEndsNoOutage(t *testing.T) {
	t.Parallel()
	g, start := batch.NewGate(8), time.Unix(1, 0)
	now := start.Add(time.Second)
	for range 4 {
		g.BusySince(now, start, 0)
		g.AcceptedSince(start)
	}
	assert.Zero(t, g.ClosedUntil())
	g.BusySince(now, start, 0)
	assert.True(t, g.ClosedUntil().After(now), "five in a row")
	g.AcceptedSince(now)
	g.BusySince(g.ClosedUntil(), g.ClosedUntil(), 0)
	assert.LessOrEqual(t, g.ClosedUntil().Sub(now), 100*time.Millisecond, "one that went out since ended it")
}

func TestWhatWasOutWhenTheGateClosedKeepsItNoLonger(t *testing.T) {
	t.Parallel()
	g, now := batch.NewGate(64), time.Unix(1, 0)
	rounds(g, &now, 8)
	require.Equal(t, 64, g.Limit())
	for range 64 {
		g.Busy(now, 0)
	}
	assert.LessOrEqual(t, g.ClosedUntil().Sub(now), 100*time.Millisecond)
	for range 64 {
		g.BusySince(now.Add(time.Millisecond), now, 0)
	}
	assert.LessOrEqual(t, g.ClosedUntil().Sub(now), 100*time.Millisecond)
}
