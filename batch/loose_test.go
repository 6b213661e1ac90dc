package batch_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

func TestASizeThatIsRefusedNowAndThenGoesUpAndDown(t *testing.T) {
	t.Parallel()
	l := batch.NewLearner()
	l.Accepted(100, l.Began(100))
	l.Rejected(101, 0, l.Began(101))
	for range 3 {
		l.Contradicted(100)
	}
	require.False(t, l.Loose())
	for range 100 {
		l.Began(50)
	}
	for range 3 {
		l.Contradicted(100)
	}
	require.False(t, l.Loose(), "not within a hundred calls")
	require.Equal(t, 100, l.Learned())
	for range 16 { // of one burst
		l.Contradicted(100)
	}
	require.True(t, l.Loose())
	assert.Equal(t, 88, l.Learned())
	assert.Equal(t, "repack", l.Rejected(100, 0, false), "from before")
	assert.Equal(t, "isolate", l.Rejected(88, 0, false))
	fullCalls(t, l, 9)
	assert.Equal(t, 88, l.Learned())
	fullCalls(t, l, 1)
	assert.Equal(t, 92, l.Learned())
	fullCalls(t, l, 20)
	assert.Equal(t, 100, l.Learned(), "96 and 4")
	l.Fell(50, 100)
	assert.Equal(t, 88, l.Learned())
	l.Rejected(88, 40, false)
	assert.False(t, l.Loose(), "a number that is named is one")
	assert.Equal(t, 40, l.Learned())
}

// A server that bounds the lines of a call takes some calls of a size and
// refuses others.
func TestALimitOfSomethingElseIsLivedWith(t *testing.T) {
	t.Parallel()
	notInShort(t)
	for _, tt := range []struct {
		lanes  int
		uneven bool // a tenth of the items has 41 lines, the others one
		calls  float64
		share  float64
	}{{1, false, 1.30, 0.02}, {4, false, 1.30, 0.07}, {16, false, 1.30, 0.08}, {1, true, 2.20, 0.05}, {4, true, 2.20, 0.06}, {16, true, 2.20, 0.10}} {
		t.Run(fmt.Sprintf("%d lanes, uneven %v", tt.lanes, tt.uneven), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(scaled(3, 30)) {
				synctest.Test(t, func(t *testing.T) {
					const most = 500
					rng := rand.New(rand.NewPCG(seed, 9))
					items := numbered(40_000)
					lines, total := make(map[string]int), 0
					for _, b := range items {
						n := 1 + rng.IntN(9)
						if tt.uneven {
							n = 1 + 40*(rng.IntN(10)/9)
						}
						lines[b.ID] = n
						total += n
					}
					srv := newServer()
					rejected := 0
					srv.fault = func(_ int, bills []bill) answer {
						n := 0
						for _, b := range bills {
							n += lines[b.ID]
						}
						if n > most {
							rejected++
							return refuseCall(1060)
						}
						return nil
					}
					eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: tt.lanes})
					rep, err := eng.Do(t.Context(), items)
					require.NoError(t, err)
					assertSound(t, srv, items, rep)
					calls := len(srv.sent())
					t.Logf("%d calls, %.2f of the fewest, %d refused; limit %d, loose %v",
						calls, float64(calls)/float64(ceilDiv(total, most)), rejected, rep.Progress.Limit, rep.Progress.Loose)
					assert.LessOrEqual(t, float64(calls), tt.calls*float64(ceilDiv(total, most)))
					assert.LessOrEqual(t, float64(rejected), tt.share*float64(calls))
					if tt.lanes > 1 && !tt.uneven {
						assert.True(t, rep.Progress.Loose)
					}
					assertIdle(t, eng)
				})
			}
		})
	}
}
