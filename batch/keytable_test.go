package batch_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// A table of keys is a map: whatever comes and goes, each key that is there has
// its own state, and no other is.
func TestATableOfKeysIsAMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		table, model := batch.NewKeyTable(), make(map[string]int)
		names := 1 + random.IntN(2000)
		for step := 1; step <= 20_000; step++ {
			name := strconv.Itoa(random.IntN(names))
			want, there := model[name]
			require.Equal(t, want, table.Number(name), "seed %d, step %d", seed, step)
			switch {
			case there && random.IntN(3) == 0:
				table.Forget(name)
				delete(model, name)
			case there:
				require.Equal(t, want, table.Obtain(name, step), "seed %d, step %d", seed, step)
			default:
				require.Equal(t, step, table.Obtain(name, step), "seed %d, step %d: a new key has a state of before", seed, step)
				model[name] = step
			}
		}
		got, count := table.Names()
		slices.Sort(got)
		assert.Equal(t, slices.Sorted(maps.Keys(model)), got, "seed %d", seed)
		assert.Equal(t, len(model), count, "seed %d", seed)
	}
}

// A key is found in a few steps, however many there are: of 100,000 keys in four
// times as many chains, none shares its chain with more than 12 (a Poisson
// distribution with mean 1/4 has less than 1 in 10^17 there).
func TestManyKeysSpreadOverChains(t *testing.T) {
	t.Parallel()
	table := batch.NewKeyTable()
	for i := range 100_000 {
		table.Obtain(strconv.Itoa(i), i+1)
	}
	assert.LessOrEqual(t, table.Longest(), 12)
}

// BenchmarkKeyTable lets keys come and go, as many as an engine's window has.
func BenchmarkKeyTable(b *testing.B) {
	const window = 8000
	names := make([]string, 5*window)
	for i := range names {
		names[i] = strconv.Itoa(919_800_000_000 + i)
	}
	table := batch.NewKeyTable()
	for i := range window {
		table.Obtain(names[i], 1)
	}
	i := 0
	for b.Loop() {
		table.Forget(names[i%len(names)])
		table.Obtain(names[(i+window)%len(names)], 1)
		i++
	}
}
