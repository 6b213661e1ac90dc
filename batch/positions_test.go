package batch_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// assertPositions compares a set with the truth.
func assertPositions(t *testing.T, truth map[int]bool, p *batch.Positions) {
	t.Helper()
	low := 0
	for truth[low] {
		low++
	}
	require.Equal(t, low, p.Low())
	require.Equal(t, len(truth), p.Len())
	above := make(map[int]bool)
	last := low
	for from, to := range p.Above() {
		require.Greater(t, from, last, "ranges are in order and do not touch")
		for i := from; i <= to; i++ {
			above[i] = true
		}
		last = to + 1
	}
	for i := range truth {
		require.True(t, p.Has(i))
		require.Equal(t, i > low, above[i], "%d", i)
	}
	require.Len(t, above, len(truth)-low)
}

func TestPositionsAgainstAMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(scaled(15, 50)) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var p batch.Positions
		truth := make(map[int]bool)
		order := rng.Perm(1 + rng.IntN(3000))
		if seed%2 == 0 { // as in a load: nearly in order
			slices.SortFunc(order, func(a, b int) int { return a/200 - b/200 })
		}
		for n, i := range order {
			require.NoError(t, p.Add(i))
			require.NoError(t, p.Add(i), "twice is once")
			truth[i] = true
			if n%97 == 0 {
				assertPositions(t, truth, &p)
				text, err := json.Marshal(p)
				require.NoError(t, err)
				p = batch.Positions{}
				require.NoError(t, json.Unmarshal(text, &p))
				assertPositions(t, truth, &p)
			}
		}
		assert.Equal(t, len(order), p.Low())
		assert.False(t, p.Has(-1))
		assert.False(t, p.Has(len(order)))
	}
}

func TestPositionsAsJSON(t *testing.T) {
	t.Parallel()
	var p batch.Positions
	for _, i := range []int{0, 1, 2, 5, 6, 9} {
		require.NoError(t, p.Add(i))
	}
	text, err := json.Marshal(p)
	require.NoError(t, err)
	assert.JSONEq(t, `{"low":3,"above":[[5,6],[9,9]]}`, string(text))
}

func TestPositionsThatAreNone(t *testing.T) {
	t.Parallel()
	var p batch.Positions
	require.Error(t, p.Add(-1))
	require.Error(t, p.Add(1<<28+1), "it would take too much memory")
	assert.Zero(t, p.Len())
	for name, text := range map[string]string{
		"negative":                `{"low":-1}`,
		"a range that touches":    `{"low":3,"above":[[3,4]]}`,
		"ranges that touch":       `{"low":3,"above":[[5,6],[7,8]]}`,
		"backwards":               `{"low":3,"above":[[6,5]]}`,
		"too far":                 `{"low":3,"above":[[5,9999999999]]}`,
		"far beyond any input":    `{"low":9223372036854775807,"above":[[5,6]]}`,
		"up to the last number":   `{"low":9223372036854775800,"above":[[9223372036854775805,9223372036854775807]]}`,
		"no set":                  `[]`,
		"a number that overflows": `{"low":99999999999999999999}`,
	} {
		require.Error(t, json.Unmarshal([]byte(text), &p), name)
		assert.Zero(t, p.Len(), "a failure changes nothing")
	}
}

func FuzzPositions(f *testing.F) {
	f.Add([]byte(`{"low":3,"above":[[5,6],[9,9]]}`))
	f.Add([]byte(`{"low":127,"above":[[129,500]]}`))
	f.Add([]byte(`{"low":9007199254740993}`))
	f.Add([]byte(`{"low":9223372036854775807,"above":[[5,6]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 200 {
			return
		}
		var p, q batch.Positions
		if json.Unmarshal(text, &p) != nil {
			return
		}
		// What is read and written again is the same set.
		again, err := json.Marshal(p)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(again, &q), string(again))
		assert.Equal(t, p.Low(), q.Low())
		assert.Equal(t, p.Len(), q.Len())
		assert.GreaterOrEqual(t, p.Len(), p.Low())
		assert.False(t, p.Has(p.Low()))
	})
}
