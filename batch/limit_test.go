package batch_test

import (
	"fmt"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// learnSerially sends n items, one call after another, to a server that takes
// up to limit a call.
func learnSerially(t *testing.T, l *batch.Learner, n, limit, start, maxItems int) (calls, rejected int) {
	t.Helper()
	for n > 0 {
		size, wait := l.Size(start, maxItems)
		if wait || size < 1 {
			require.Fail(t, "a size must come at once: nothing is in flight")
		}
		size = min(size, n)
		probe := l.Began(size)
		calls++
		if size <= limit {
			l.Accepted(size, probe)
			n -= size
			continue
		}
		rejected++
		require.Equal(t, "repack", l.Rejected(size, 0, probe))
	}
	return calls, rejected
}

// log2 is ⌈log₂ n⌉, 0 for n < 2.
func log2(n int) int {
	if n < 2 {
		return 0
	}
	return bits.Len(uint(n - 1))
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// looks is how many times a load of that many calls looks whether its limit
// rose: after 64 of them, 128 more, and so on.
func looks(calls int) int { return bits.Len(uint(calls/64+1)) - 1 }

// B-1, B-2.
func TestEveryLimitIsLearnedAtASmallPrice(t *testing.T) {
	t.Parallel()
	for _, start := range []int{1, 10, 100, 1000} {
		t.Run(fmt.Sprintf("from %d", start), func(t *testing.T) {
			t.Parallel()
			for limit := 1; limit <= 1000; limit++ {
				items := 1_000_000
				if start != 100 && limit < 50 {
					items = 100_000 // calls, not items, are what takes time
				}
				calls, rejected := learnSerially(t, batch.NewLearner(), items, limit, start, 1000)
				optimum := ceilDiv(items, limit)
				assert.LessOrEqual(t, calls, optimum*104/100+20, "calls at limit %d", limit)
				price := max(1, log2(ceilDiv(start, limit))) + 5 + log2(limit) + looks(calls)
				assert.LessOrEqual(t, rejected, price, "rejected at limit %d", limit)
				if limit >= 20 {
					calls, _ = learnSerially(t, batch.NewLearner(), 26_000, limit, start, 1000)
					assert.LessOrEqual(t, calls, ceilDiv(26_000, limit)+20, "calls of a small job at limit %d", limit)
				}
			}
		})
	}
}

func TestANamedLimitIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	for limit := 1; limit < 100; limit++ {
		l := batch.NewLearner()
		size, _ := l.Size(100, 1000)
		require.Equal(t, 100, size)
		require.Equal(t, "repack", l.Rejected(size, limit, l.Began(size)))
		for range 500 {
			size, wait := l.Size(100, 1000)
			require.False(t, wait)
			require.Equal(t, limit, size)
			l.Accepted(size, l.Began(size))
		}
	}
}

func TestANamedLimitThatIsNoneIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, named := range []int{-1, 0, 100, 5000} {
		l := batch.NewLearner()
		require.Equal(t, "repack", l.Rejected(100, named, l.Began(100)))
		size, _ := l.Size(100, 1000)
		assert.Equal(t, 50, size, "named %d", named)
	}
}

// B-3.
func TestALimitThatChangesIsFollowed(t *testing.T) {
	t.Parallel()
	l := batch.NewLearner()
	rejected := 0
	phase := func(calls, limit int) {
		for range calls {
			size, wait := l.Size(100, 1000)
			require.False(t, wait)
			probe := l.Began(size)
			if size <= limit {
				l.Accepted(size, probe)
				continue
			}
			rejected++
			if l.Rejected(size, 0, probe) != "isolate" {
				continue
			}
			// The engine halves the call until both halves are accepted.
			for size/2 > limit {
				size /= 2
				rejected++
			}
			l.Fell(size/2, size)
		}
	}
	phase(300, 200)
	assert.Equal(t, 200, l.Learned())
	rejected = 0
	phase(300, 50)
	assert.Equal(t, 50, l.Learned())
	// One call in flight when it fell; ⌈log₂ 200/50⌉ + 5; and two that looked
	// whether it rose, after 64 calls and 128 more.
	assert.LessOrEqual(t, rejected, 1+2+5+2)
	rejected = 0
	phase(700, 500)
	assert.Equal(t, 500, l.Learned(), "a raised limit is found again")
	assert.LessOrEqual(t, rejected, 8)
}

func TestOneProbeAtATime(t *testing.T) {
	t.Parallel()
	l := batch.NewLearner()
	size, wait := l.Size(100, 1000)
	require.False(t, wait)
	require.True(t, l.Began(size))
	_, wait = l.Size(100, 1000)
	assert.True(t, wait, "nothing is known while the first call is out")
	assert.False(t, l.Began(size), "a second call is no probe")
	l.Accepted(100, true)

	require.True(t, l.Began(200))
	_, wait = l.Size(100, 1000)
	assert.True(t, wait, "galloping is worth a few round trips")
	l.Rejected(200, 0, true)

	for range 3 {
		require.False(t, l.Began(100))
	}
	size, wait = l.Size(100, 1000)
	require.False(t, wait)
	require.Equal(t, 150, size, "a probe that pays")
	require.True(t, l.Began(size))
	_, wait = l.Size(100, 1000)
	assert.True(t, wait, "the answer may make all others half as large again")
	l.Rejected(150, 0, true)
	for _, size := range []int{125, 112} { // 101 to 124, then to 111, are left
		for range 10 {
			require.False(t, l.Began(100))
		}
		require.True(t, l.Began(size))
		l.Rejected(size, 0, true)
	}
	for range 100 {
		require.False(t, l.Began(100))
	}
	size, _ = l.Size(100, 1000)
	require.Equal(t, 106, size)
	require.True(t, l.Began(size))
	size, wait = l.Size(100, 1000)
	assert.False(t, wait)
	assert.Equal(t, 100, size, "little depends on it: all others go with what is known to work")
}

func TestWhoWaitsForAProbeIsWokenByItsEnd(t *testing.T) {
	t.Parallel()
	ends := map[string]func(l *batch.Learner){
		"accepted":                      func(l *batch.Learner) { l.Accepted(100, true) },
		"rejected":                      func(l *batch.Learner) { l.Rejected(100, 0, true) },
		"rejected, with a limit":        func(l *batch.Learner) { l.Rejected(100, 20, true) },
		"no answer, canceled, panicked": func(l *batch.Learner) { l.Ended(true) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := batch.NewLearner()
			require.True(t, l.Began(100))
			_, wait := l.Size(100, 1000)
			require.True(t, wait)
			l.Ended(false) // some other call
			assert.Empty(t, l.Wake)
			end(l)
			assert.Len(t, l.Wake, 1)
			_, wait = l.Size(100, 1000)
			assert.False(t, wait)
		})
	}
}

// Whether it is an item or the limit that fell is found out by the engine.
func TestASizeThatWasAcceptedIsNotGivenUpForOneRejection(t *testing.T) {
	t.Parallel()
	l := batch.NewLearner()
	l.Accepted(100, l.Began(100))
	for _, size := range []int{100, 100, 50} {
		assert.Equal(t, "isolate", l.Rejected(size, 0, false))
		assert.Equal(t, 100, l.Learned())
	}
	assert.Equal(t, "too big", l.Rejected(1, 0, false))
	assert.Equal(t, 100, l.Learned())
	l.Fell(25, 50)
	assert.Equal(t, 25, l.Learned())
	l.Fell(60, 80)
	assert.Equal(t, 25, l.Learned(), "another engine's news, that are older")
	size, _ := l.Size(100, 1000)
	assert.Equal(t, 25, size)
}

func TestEnginesWithDifferentCapsShareALearner(t *testing.T) {
	t.Parallel()
	l := batch.NewLearner()
	for range 20 {
		for _, maxItems := range []int{10, 1000} {
			size, wait := l.Size(100, maxItems)
			require.False(t, wait)
			require.LessOrEqual(t, size, maxItems)
			probe := l.Began(size)
			if size <= 250 {
				l.Accepted(size, probe)
			} else {
				l.Rejected(size, 0, probe)
			}
		}
	}
	assert.Equal(t, 250, l.Learned())
}

// T-32, T-33.
func TestAServerThatTakesNothingIsFoundOut(t *testing.T) {
	t.Parallel()
	for _, start := range []int{1, 100, 100_000} {
		l := batch.NewLearner()
		calls, items := 0, 1000
		for items > 0 {
			size, wait := l.Size(start, 100_000)
			require.False(t, wait)
			calls++
			if l.Rejected(size, 0, l.Began(size)) == "too big" {
				items--
			}
		}
		assert.LessOrEqual(t, calls, 2*1000+4*log2(start))
	}
}

// A limit that the server named is not tried again before 1,000 full calls, and
// after another refusal not before 2,000.
func TestANamedLimitIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 16} {
		l := batch.NewLearner()
		require.Equal(t, "repack", l.Rejected(100, 20, l.Began(100)))
		for _, calls := range []int{1000, 2000} {
			var flying []outstanding
			for made := range calls {
				size, wait := l.Size(100, 1000)
				require.False(t, wait)
				require.Equal(t, 20, size, "call %d", made)
				flying = append(flying, outstanding{size, l.Began(size)})
				if len(flying) == lanes {
					l.Accepted(size, flying[0].probe)
					flying = flying[1:]
				}
			}
			size, _ := l.Size(100, 1000)
			require.Equal(t, 21, size, "after %d", calls)
			require.Equal(t, "repack", l.Rejected(size, 20, l.Began(size)))
		}
	}
}
