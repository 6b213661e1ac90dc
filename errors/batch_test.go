package errors_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

func batchError(tb testing.TB, total int, items []*caperrors.ItemError) *caperrors.BatchError {
	tb.Helper()
	var batch *caperrors.BatchError
	require.ErrorAs(tb, caperrors.NewBatchError("v2/transactions/bulk", total, items), &batch)
	return batch
}

func indexes(items func(func(*caperrors.ItemError) bool)) []int {
	var list []int
	for item := range items {
		list = append(list, item.Index)
	}
	return list
}

func TestNewBatchErrorWithoutFailuresIsNil(t *testing.T) {
	t.Parallel()
	assert.NoError(t, caperrors.NewBatchError("op", 5, nil))
	assert.NoError(t, caperrors.NewBatchError("op", 5, []*caperrors.ItemError{}))
}

func TestBatchErrorText(t *testing.T) {
	t.Parallel()
	coded := func(codes ...caperrors.Code) []*caperrors.ItemError {
		items := make([]*caperrors.ItemError, len(codes))
		for i, c := range codes {
			items[i] = &caperrors.ItemError{Index: i, Code: c, Outcome: caperrors.Refused}
		}
		return items
	}
	tests := map[string]struct {
		total int
		items []*caperrors.ItemError
		want  string
	}{
		"by code, from low to high": {
			100, coded(461, 400, 461),
			"v2/transactions/bulk: 3 of 100 items failed (1×400, 2×461)",
		},
		"one of one": {1, coded(604), "v2/transactions/bulk: 1 of 1 item failed (1×604)"},
		"without a code by outcome, last": {
			9,
			append(coded(604),
				&caperrors.ItemError{Index: 1, Outcome: caperrors.NotSent},
				&caperrors.ItemError{Index: 2, Outcome: caperrors.Unknown},
				&caperrors.ItemError{Index: 3, Outcome: caperrors.NotSent},
				&caperrors.ItemError{Index: 4, Outcome: caperrors.Refused}),
			"v2/transactions/bulk: 5 of 9 items failed (1×604, 1×refused, 1×unknown, 2×not-sent)",
		},
		"eight codes all stand": {
			8, coded(1, 2, 3, 4, 5, 6, 7, 8),
			"v2/transactions/bulk: 8 of 8 items failed (1×1, 1×2, 1×3, 1×4, 1×5, 1×6, 1×7, 1×8)",
		},
		"more are counted": {
			10, coded(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
			"v2/transactions/bulk: 10 of 10 items failed (1×1, 1×2, 1×3, 1×4, 1×5, 1×6, 1×7, 1×8, and 2 more codes)",
		},
		"one more": {
			9, coded(1, 2, 3, 4, 5, 6, 7, 8, 9),
			"v2/transactions/bulk: 9 of 9 items failed (1×1, 1×2, 1×3, 1×4, 1×5, 1×6, 1×7, 1×8, and 1 more code)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.EqualError(t, batchError(t, test.total, test.items), test.want)
		})
	}
}

func TestBatchErrorItems(t *testing.T) {
	t.Parallel()
	batch := batchError(t, 50, []*caperrors.ItemError{
		{Index: 40, Code: 604, Kind: caperrors.ErrDuplicate, Outcome: caperrors.Refused},
		{Index: 7, Code: 521, Kind: caperrors.ErrTransient, Outcome: caperrors.Refused},
		{Index: 12, Outcome: caperrors.NotSent},
		{Index: 3, Code: 521, Kind: caperrors.ErrTransient, Outcome: caperrors.Refused},
		{Index: 30, Code: 521, Kind: caperrors.ErrTransient, Outcome: caperrors.Unknown},
	})
	assert.Equal(t, 5, batch.Failed())
	assert.Equal(t, []int{3, 7, 12, 30, 40}, indexes(batch.Items()))
	assert.Equal(t, []int{3, 7, 12, 30, 40}, indexes(batch.Items()), "the iterator starts anew")
	assert.Equal(t, []int{3, 7}, indexes(batch.Retryable()))
	assert.Equal(t, map[caperrors.Code]int{0: 1, 521: 3, 604: 1}, batch.Counts())
	assert.Len(t, batch.Unwrap(), 5)

	for item := range batch.Retryable() {
		assert.Equal(t, 3, item.Index)
		break // stopping early must not call the loop body again
	}
	for item := range batch.Items() {
		assert.Equal(t, 3, item.Index)
		break
	}
	sorted := slices.Sorted(slices.Values(indexes(batch.Items())))
	assert.Equal(t, sorted, indexes(batch.Items()))
}

func manyItems(n int) []*caperrors.ItemError {
	items := make([]*caperrors.ItemError, n)
	for i := range items {
		items[i] = &caperrors.ItemError{
			Index: i, Code: caperrors.Code(600 + i%50), Kind: caperrors.ErrRefused, Outcome: caperrors.Refused,
			Message: canary,
		}
	}
	return items
}

func TestBatchErrorTextIsBounded(t *testing.T) {
	t.Parallel()
	text := batchError(t, 1_000_000, manyItems(10_000)).Error()
	assert.Less(t, len(text), 300)
	assert.NotContains(t, text, "\n")
	assert.True(t, strings.HasPrefix(text, "v2/transactions/bulk: 10000 of 1000000 items failed (200×600, "), text)
}

func TestBatchErrorTellsTheCodesOfTheMostItems(t *testing.T) {
	t.Parallel()
	var items []*caperrors.ItemError
	for code := range 150 {
		for range 1 + code%2 { // the odd ones twice
			items = append(items, &caperrors.ItemError{Outcome: caperrors.Refused, Code: caperrors.Code(1000 + code)})
		}
	}
	encoded, err := json.Marshal(batchError(t, 1000, items))
	require.NoError(t, err)
	var got struct {
		Outcomes map[caperrors.Outcome]int
		Codes    map[caperrors.Code]int
	}
	require.NoError(t, json.Unmarshal(encoded, &got))
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Refused: 225}, got.Outcomes)
	want := make(map[caperrors.Code]int)
	for code := 1; code < 150; code += 2 {
		want[caperrors.Code(1000+code)] = 2
	}
	for code := 0; len(want) < 100; code += 2 {
		want[caperrors.Code(1000+code)] = 1
	}
	assert.Equal(t, want, got.Codes)
}

func BenchmarkBatchErrorText(b *testing.B) {
	batch := batchError(b, 10_000, manyItems(10_000))
	b.ReportAllocs()
	for b.Loop() {
		_ = batch.Error()
	}
}
