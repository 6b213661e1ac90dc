package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnItemWaitsForAnEarlierOneOfItsCustomer(t *testing.T) {
	t.Parallel()
	o := newOrder()
	due := time.Now().Add(time.Minute)
	require.Equal(t, admit, o.arrive("ann", 1))
	require.Equal(t, admit, o.arrive("ann", 2), "the writer keeps the order of what it has")
	require.False(t, o.ended("ann", 1, true, true, due), "the second one is still with the writer")
	assert.Equal(t, wait, o.arrive("ann", 3), "the writer holds the customer")
	assert.Equal(t, admit, o.arrive("bob", 4), "others go on")
	require.False(t, o.ended("ann", 2, true, true, due))
	assert.Equal(t, wait, o.arrive("ann", 3))
	assert.Equal(t, wait, o.arrive("ann", 2))
	assert.Positive(t, o.dueIn("ann", time.Now()))
	assert.Equal(t, release, o.arrive("ann", 1))
	assert.Equal(t, admit, o.arrive("ann", 2))
	assert.Equal(t, admit, o.arrive("ann", 3))
	for seq := range uint64(3) {
		assert.False(t, o.ended("ann", seq+1, false, false, time.Time{}))
	}
	assert.False(t, o.ended("bob", 4, false, false, time.Time{}))
	assert.Empty(t, o.lanes, "nothing under way costs nothing")
}

func TestWhatAnEarlierOwnerHadComesFirst(t *testing.T) {
	t.Parallel()
	o := newOrder()
	o.inherit("ann", 5, time.Now().Add(time.Minute))
	o.inherit("ann", 3, time.Now().Add(time.Minute))
	assert.Equal(t, wait, o.arrive("ann", 9))
	assert.Equal(t, wait, o.arrive("ann", 5))
	o.earliest("ann", 5) // the owner before settled 3 after all
	assert.Equal(t, admit, o.arrive("ann", 5))
	assert.Equal(t, admit, o.arrive("ann", 9))

	o.inherit("bob", 6, time.Now())
	assert.False(t, o.gone("bob", 6), "it was settled without the writer")
	assert.Equal(t, admit, o.arrive("bob", 7))
}

func TestACustomerHeldWithNothingLeftIsReleased(t *testing.T) {
	t.Parallel()
	o := newOrder()
	require.Equal(t, admit, o.arrive("ann", 1))
	assert.True(t, o.ended("ann", 1, false, true, time.Time{}), "undecided, and nothing of the customer is left")
	assert.Empty(t, o.lanes)

	require.Equal(t, admit, o.arrive("ann", 2))
	require.Equal(t, admit, o.arrive("ann", 3))
	assert.False(t, o.ended("ann", 2, false, true, time.Time{}))
	assert.Equal(t, []string{"ann"}, o.held())
	assert.False(t, o.ended("ann", 3, true, true, time.Time{}))
	assert.Equal(t, release, o.arrive("ann", 3))
}

// Whatever order the server delivers in, and whichever items fail, the writer gets a customer's items in order, and each in the end.
func TestOrderHoldsWhateverTheServerDelivers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		o := newOrder()
		pending := make([]uint64, 30) // to be delivered
		for i := range pending {
			pending[i] = uint64(i + 1)
		}
		var done, writer []uint64 // settled; with the writer
		delivered := uint64(0)
		held := false
		for steps := 0; len(pending) > 0 || len(writer) > 0; steps++ {
			require.Less(t, steps, 100_000, "it comes to an end")
			if len(writer) > 0 && (len(pending) == 0 || rng.IntN(3) == 0) {
				seq := writer[0]
				writer = writer[1:]
				again := held || rng.IntN(4) == 0
				held = again
				if again {
					pending = append(pending, seq)
				} else {
					done = append(done, seq)
				}
				o.ended("ann", seq, again, again, time.Time{})
				continue
			}
			// New messages come in order, those that come again in any.
			at := rng.IntN(len(pending))
			if pending[at] > delivered {
				at = slices.Index(pending, delivered+1)
				delivered++
			}
			seq := pending[at]
			switch o.arrive("ann", seq) {
			case wait:
				continue
			case release:
				require.Empty(t, writer, "released with items of the customer under way")
				held = false
			case admit:
				require.False(t, held && len(writer) == 0, "a held customer must be released")
			}
			writer = append(writer, seq)
			pending = slices.Delete(pending, at, at+1)
		}
		assert.True(t, slices.IsSorted(done), "seed %d: %v", seed, done)
		assert.Len(t, done, 30)
		assert.Empty(t, o.lanes)
	}
}
