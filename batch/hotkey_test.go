package batch_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// Of a window of 100 items: 50 of one customer are not more than half; 51 are,
// and are told of once until they are fewer than 25.
func TestAHotKeyIsReported(t *testing.T) {
	t.Parallel()
	hot := func(n int) []string { return slices.Repeat([]string{"hot"}, n) }
	distinct := func(n int) []string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		return names
	}
	tests := map[string]struct {
		customers []string
		pauseAt   int
		want      []int // items of each report
	}{
		"half of the window":      {append(hot(50), distinct(50)...), 0, nil},
		"one more":                {append(hot(51), distinct(49)...), 0, []int{51}},
		"all of it":               {hot(100), 0, []int{100}},
		"again after it was over": {append(hot(80), hot(70)...), 80, []int{80, 70}},
		"no keys":                 {slices.Repeat([]string{""}, 100), 0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got []int
				eng := newEngine(t, newServer(), batch.Config[bill]{
					MaxItems: 10, Advanced: batch.Advanced{Window: 100},
					Observe: func(e batch.Event) {
						if e.Kind == batch.HotKey {
							got = append(got, e.Items)
						}
					},
				})
				run := eng.Run(t.Context(), feeding(ofCustomers(tt.customers...), map[int]time.Duration{tt.pauseAt: 10 * time.Minute}))
				most := 0
				for range run.Results() {
					p := run.Progress()
					most = max(most, p.HotKey)
				}
				require.NoError(t, run.Err())
				assert.Equal(t, tt.want, got)
				if tt.want == nil {
					assert.Zero(t, most)
				} else if tt.want[0] > 51 {
					assert.Equal(t, tt.want[0]-1, most, "the first is final")
				}
				p := run.Progress()
				assert.Zero(t, p.HotKey)
			})
		})
	}
}
