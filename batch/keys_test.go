package batch_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// merges returns bills of two customers each, the second may be none.
func merges(customers ...[2]string) []bill {
	items := make([]bill, len(customers))
	for i, c := range customers {
		items[i] = bill{ID: strconv.Itoa(i), Customer: c[0], Also: c[1]}
	}
	return items
}

func TestAnItemOfTwoCustomersWaitsForBoth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{Keys: customersOf, MaxItems: 10})
		// 0 and 1 go together, then the merge of both, then what follows it in
		// either; d is bound by nothing of that.
		items := merges([2]string{"a"}, [2]string{"b"}, [2]string{"a", "b"}, [2]string{"a"}, [2]string{"c", "b"}, [2]string{"d"})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		sent := srv.sent()
		require.Len(t, sent, 3)
		assert.ElementsMatch(t, []string{"0", "1", "5"}, sent[0])
		assert.Equal(t, []string{"2"}, sent[1])
		assert.ElementsMatch(t, []string{"3", "4"}, sent[2])
		assert.Equal(t, "a", rep.Results[2].Key, "the first is the result's")
		assertIdle(t, eng)
	})
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		keys []string
		key  string
	}{
		"nil":                    {nil, ""},
		"all empty":              {[]string{"", ""}, ""},
		"one twice":              {[]string{"a", "a"}, "a"},
		"the first empty":        {[]string{"", "a"}, "a"},
		"empty and twice, mixed": {[]string{"", "b", "a", "", "b", "a"}, "b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng := newEngine(t, srv, batch.Config[bill]{Keys: func(bill) []string { return tt.keys }})
				rep, err := eng.Do(t.Context(), make([]bill, 3))
				require.NoError(t, err)
				assert.Equal(t, tt.key, rep.Results[0].Key)
				if tt.key == "" {
					assert.Len(t, srv.sent(), 1, "bound by nothing")
				} else {
					assert.Len(t, srv.sent(), 3, "one after another")
				}
				assertIdle(t, eng)
			})
		})
	}
}

func TestKeyAndKeysAreNotForBoth(t *testing.T) {
	t.Parallel()
	_, err := batch.New(newServer(), batch.Config[bill]{Key: customerOf, Keys: customersOf})
	var argument *caperrors.ArgumentError
	require.ErrorAs(t, err, &argument)
	assert.Equal(t, "Keys", argument.Field)
}

// What follows a held item in any of its customers is held with it.
func TestHeldItemsHoldTheirOtherCustomers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(lose(0))
		cfg := batch.Config[bill]{Keys: customersOf, Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey}}
		eng := newEngine(t, srv, cfg)
		items := merges([2]string{"a"}, [2]string{"a", "b"}, [2]string{"b", "c"}, [2]string{"c"}, [2]string{"d"})
		rep, err := eng.Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.ErrPredecessor)
		assertSound(t, srv, items, rep)
		for i, want := range []caperrors.Outcome{caperrors.Unknown, caperrors.NotSent, caperrors.NotSent, caperrors.NotSent, caperrors.Unknown} {
			assert.Equal(t, want, rep.Results[i].Outcome, "item %d", i)
		}
		assertIdle(t, eng)
	})
}

// A merge is held behind one of its customers. What came before it in the other
// is not.
func TestHeldItemsHoldNothingThatCameBeforeThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(lose(0), slowly(time.Second))
		cfg := batch.Config[bill]{
			Keys: customersOf, MaxItems: 1, MaxConcurrency: 1, Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey},
		}
		eng := newEngine(t, srv, cfg)
		items := merges([2]string{"a"}, [2]string{"a"}, [2]string{"a"}, [2]string{"b"}, [2]string{"b"}, [2]string{"a", "b"}, [2]string{"b"})
		run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
			for i, b := range items {
				if i == 5 {
					nap(500 * time.Millisecond) // a is held, the first of b is in flight, the second waits
				}
				if !yield(b, nil) {
					return
				}
			}
		})
		results := runAllOf(run)
		assert.Equal(t, [][]string{{"0"}, {"3"}, {"4"}}, srv.sent())
		for i, want := range []caperrors.Outcome{
			caperrors.Unknown, caperrors.NotSent, caperrors.NotSent, caperrors.Applied, caperrors.Applied, caperrors.NotSent, caperrors.NotSent,
		} {
			assert.Equal(t, want, results[i].Outcome, "item %d", i)
		}
		assertIdle(t, eng)
	})
}
