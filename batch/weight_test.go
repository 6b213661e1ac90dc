package batch_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// T-56: a limit in bytes is learned as one, beside that in items.
func TestALimitInBytesIsLearned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ bytes, limit, lanes int }{
		{4_000, 0, 1}, {4_000, 0, 8}, {100_000, 0, 4}, {1_000_000, 0, 4}, {4_000, 100, 4}, {40_000, 100, 4}, {500, 0, 1}, {500, 0, 4}, {500, 0, 8}, {300, 0, 4}, {1_000, 0, 4},
	} {
		t.Run(fmt.Sprintf("%d bytes, %d items, %d lanes", tt.bytes, tt.limit, tt.lanes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.bytes, srv.limit = tt.bytes, tt.limit
				items := numbered(20_000)
				total := 0
				rng := rand.New(rand.NewPCG(1, 2))
				for i := range items {
					items[i].Customer += strings.Repeat("x", rng.IntN(200))
					total += len(fmt.Sprintf(`{"id":%q,"customer":%q}`, items[i].ID, items[i].Customer)) + 1
				}
				unit := make(map[bool]int) // rejected calls: for their bytes, for their items
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: tt.lanes, Observe: func(e batch.Event) {
					if e.Kind == batch.LimitRejected {
						unit[e.Bytes > 0]++
					}
				}})
				rep, err := eng.Do(t.Context(), items)
				require.NoError(t, err)
				assertSound(t, srv, items, rep)
				assert.Equal(t, srv.overweight, unit[true])
				assert.Equal(t, srv.rejected, unit[false])
				t.Logf("%d calls, %d of them too heavy, %d with too many items; heaviest %d bytes of %d; learned %d bytes, %d items",
					len(srv.sent()), srv.overweight, srv.rejected, srv.heaviest, tt.bytes, rep.Progress.LimitBytes, rep.Progress.Limit)
				// What remains between the bounds is a 64th, and an eighth for a while;
				// a call ends with the first item that is too heavy, which leaves 78
				// bytes of it empty on average (items have 30 to 230).
				fewest := ceilDiv(total, tt.bytes)
				if tt.limit > 0 {
					fewest = max(fewest, 200)
				}
				most := float64(fewest)*1.03*float64(tt.bytes)/float64(tt.bytes-78) + 30
				assert.LessOrEqual(t, float64(len(srv.sent())), most)
				if srv.overweight > 0 && tt.bytes > 1000 {
					assert.Greater(t, rep.Progress.LimitBytes, tt.bytes*7/10)
				}
				// Halving from the first rejected call, of at most 100 items of 230
				// bytes or 1,000 of 140 on average, then three steps to an eighth, three
				// more to a 64th, and two looks upwards, after 64 calls and 512 more.
				// The number of lanes does not count.
				assert.LessOrEqual(t, srv.overweight, log2(ceilDiv(140_000, tt.bytes))+3+3+2)
				assertIdle(t, eng)
			})
		})
	}
}

func TestAnItemThatIsTooHeavyAloneIsRefusedAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.bytes = 5000
		items := numbered(300)
		for _, i := range []int{0, 150, 299} {
			items[i].Customer = strings.Repeat("x", 6000+i)
		}
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		rep, err := eng.Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
		assertSound(t, srv, items, rep)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 297, caperrors.Refused: 3}, outcomes(rep))
		for _, i := range []int{0, 150, 299} {
			require.ErrorIs(t, rep.Results[i].Err, caperrors.ErrItemTooLarge)
			require.ErrorIs(t, rep.Results[i].Err, caperrors.ErrOversize)
		}
		assert.LessOrEqual(t, srv.overweight, 3*(log2(100)+1)+7)
		assertIdle(t, eng)
	})
}

// A call that is full by its bytes waits for nothing.
func TestACallThatWeighsEnoughGoesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.bytes = 4000
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 1000, Advanced: batch.Advanced{StartItems: 1000}})
		items := numbered(3000)
		for i := range items {
			items[i].Customer += strings.Repeat("x", 200)
		}
		_, err := eng.Do(t.Context(), items[:2000])
		require.NoError(t, err)
		start, first := time.Now(), time.Duration(0)
		for range eng.Run(t.Context(), feeding(items[2000:2026], map[int]time.Duration{25: time.Hour})).Results() {
			if first == 0 {
				first = time.Since(start)
			}
		}
		assert.Equal(t, srv.latency, first, "no linger")
	})
}

func TestAServerThatTakesNoBodyIsFoundOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.bytes = 1
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), numbered(200))
		require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Refused: 200}, outcomes(rep))
		assert.LessOrEqual(t, len(srv.sent()), 2*200+10)
		assertIdle(t, eng)
	})
}

func TestALimitInBytesThatChangesIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 1000})
		load := func(bytes, n int) int {
			srv.mu.Lock()
			srv.bytes = bytes
			before := srv.overweight
			srv.mu.Unlock()
			items := numbered(n)
			rep, err := eng.Do(t.Context(), items)
			require.NoError(t, err)
			require.Equal(t, n, rep.Progress.Applied)
			srv.sends, srv.applied, srv.order = make(map[string]int), make(map[string]int), make(map[string][]string)
			t.Logf("%d bytes: learned %d, %d calls too heavy", bytes, rep.Progress.LimitBytes, srv.overweight-before)
			if bytes > 0 {
				assert.GreaterOrEqual(t, rep.Progress.LimitBytes, bytes*85/100)
				assert.LessOrEqual(t, rep.Progress.LimitBytes, bytes)
			}
			return srv.overweight - before
		}
		assert.LessOrEqual(t, load(10_000, 20_000), 3+3+2)
		assert.LessOrEqual(t, load(2_000, 20_000), 4+3+3+3, "it fell, with four calls in flight")
		assert.LessOrEqual(t, load(15_000, 60_000), 6, "it rose")
	})
}
