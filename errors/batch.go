package errors

import (
	"cmp"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// BatchError says that some or all items of a batch are not done. The others
// are: don't send the whole batch again. [errors.Is] on it means "some item".
type BatchError struct {
	Op    string // what was done, such as "v2/transactions/bulk"
	Total int    // items in the batch

	items []*ItemError // sorted by Index, at least one
}

// NewBatchError returns a BatchError over the items that are not done, or nil
// if there are none. It keeps the slice and sorts it by Index.
func NewBatchError(op string, total int, failed []*ItemError) error {
	if len(failed) == 0 {
		return nil
	}
	slices.SortStableFunc(failed, func(a, b *ItemError) int { return a.Index - b.Index })
	return &BatchError{Op: op, Total: total, items: failed}
}

// Failed returns the number of items that are not done.
func (e *BatchError) Failed() int { return len(e.items) }

// Items iterates over the items that are not done, in the order of the input.
func (e *BatchError) Items() iter.Seq[*ItemError] { return slices.Values(e.items) }

// Retryable iterates over the items that were refused for now and can succeed
// later, in the order of the input.
func (e *BatchError) Retryable() iter.Seq[*ItemError] {
	return func(yield func(*ItemError) bool) {
		for _, item := range e.items {
			if item.Retryable() && !yield(item) {
				return
			}
		}
	}
}

// Counts returns how many items failed with each code; code 0 stands for items
// without one.
func (e *BatchError) Counts() map[Code]int {
	counts := make(map[Code]int)
	for _, item := range e.items {
		counts[item.Code]++
	}
	return counts
}

// Error returns one line with counts by code, such as
// "v2/transactions/bulk: 3 of 100 items failed (1×400, 2×461)".
func (e *BatchError) Error() string {
	var b strings.Builder
	b.WriteString(oneLine(e.Op) + ": " + strconv.Itoa(len(e.items)) + " of " + plural(e.Total, "item", "items") + " failed")
	b.WriteString(" (" + strings.Join(e.countTexts(), ", ") + ")")
	return b.String()
}

// maxCountTexts bounds the line: an answer can hold many different codes.
const maxCountTexts = 8

// countTexts lists the codes from low to high; items without a code are
// counted by outcome, last.
func (e *BatchError) countTexts() []string {
	byCode := make(map[Code]int)
	byOutcome := make(map[Outcome]int)
	for _, item := range e.items {
		if item.Code != 0 {
			byCode[item.Code]++
		} else {
			byOutcome[item.Outcome]++
		}
	}
	codes := make([]Code, 0, len(byCode))
	for code := range byCode {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	texts := make([]string, 0, len(byCode)+len(byOutcome))
	for _, code := range codes {
		texts = append(texts, strconv.Itoa(byCode[code])+"×"+strconv.Itoa(int(code)))
	}
	for _, outcome := range []Outcome{Refused, Unknown, NotSent} {
		if n := byOutcome[outcome]; n > 0 {
			texts = append(texts, strconv.Itoa(n)+"×"+outcome.String())
		}
	}
	if more := len(texts) - maxCountTexts; more > 0 {
		texts = append(texts[:maxCountTexts], "and "+plural(more, "more code", "more codes"))
	}
	return texts
}

// Unwrap returns the items' errors, so that [errors.Is] and [errors.As] find
// any of them.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, len(e.items))
	for i, item := range e.items {
		errs[i] = item
	}
	return errs
}

// Format prints the error's line whatever the verb.
func (e BatchError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e BatchError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names; the items are
// counted by outcome and by code, not listed. At most 100 codes are told, those
// of the most items.
func (e BatchError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *BatchError) attrs() []slog.Attr {
	outcomes, codes := e.countAttrs()
	attrs := []slog.Attr{
		slog.String("type", "batch"),
		slog.String("op", e.Op),
		slog.Int("total", e.Total),
		slog.Int("failed", len(e.items)),
		{Key: "outcomes", Value: slog.GroupValue(outcomes...)},
	}
	if len(codes) > 0 {
		attrs = append(attrs, slog.Attr{Key: "codes", Value: slog.GroupValue(codes...)})
	}
	return attrs
}

// maxCodes bounds how many codes are told: an answer can hold as many as it has
// items.
const maxCodes = 100

// countAttrs counts the items by outcome, and by code, codes from low to high.
func (e *BatchError) countAttrs() (outcomes, codes []slog.Attr) {
	var byOutcome [len(outcomeNames)]int
	byCode := make(map[Code]int)
	for _, item := range e.items {
		if int(item.Outcome) < len(byOutcome) {
			byOutcome[item.Outcome]++
		} else {
			byOutcome[Unknown]++ // as it is written
		}
		if item.Code != 0 {
			byCode[item.Code]++
		}
	}
	for outcome, n := range byOutcome {
		outcomes = appendInt(outcomes, Outcome(outcome).String(), n)
	}
	told := slices.SortedFunc(maps.Keys(byCode), func(a, b Code) int {
		return cmp.Or(byCode[b]-byCode[a], int(a)-int(b))
	})
	told = told[:min(len(told), maxCodes)]
	slices.Sort(told)
	for _, code := range told {
		codes = appendInt(codes, strconv.Itoa(int(code)), byCode[code])
	}
	return outcomes, codes
}
