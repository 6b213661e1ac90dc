package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// book is what a writer was told of each item, to be compared with what the
// simulator did.
type book struct {
	mu   sync.Mutex
	told map[string]fate // by the number of the bill
}

// fate is the last that was told of an item, and how many results there were.
type fate struct {
	outcome caperrors.Outcome
	results int
}

// number finds the bill's number in an item's body.
func number(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`"billNumber":"`))
	found, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(found)
}

// tell notes the result of an item.
func (b *book) tell(body []byte, outcome caperrors.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.told == nil {
		b.told = map[string]fate{}
	}
	name := number(body)
	b.told[name] = fate{outcome, b.told[name].results + 1}
}

// tellAll notes what a call said of its items: verdicts, or an error alone.
func (b *book) tellAll(items [][]byte, verdicts []caperrors.Verdict, err error) {
	for i, body := range items {
		switch {
		case i < len(verdicts):
			b.tell(body, verdicts[i].Outcome)
		case err != nil:
			b.tell(body, caperrors.OutcomeOf(err))
		}
	}
}

// size is how many items have a result.
func (b *book) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.told)
}

// check compares the book with the truth: n items, each with one result, those
// told as applied applied, those told as refused or not sent not, and none
// applied twice. A writer that repeats what was done is excused from the last
// two: what it does too often is a column of its table.
func (b *book) check(sim *clienttest.Simulator, n int, repeats bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.told) != n {
		return fmt.Errorf("%d items have a result, not %d", len(b.told), n)
	}
	times := make(map[string]int, n)
	applied := sim.Applied()
	for i := range applied {
		times[applied[i].Number]++
	}
	var faults []error
	for name, f := range b.told {
		if err := f.check(times[name], repeats); err != nil {
			faults = append(faults, fmt.Errorf("item %s %w", name, err))
		}
		delete(times, name)
	}
	for name := range times {
		faults = append(faults, fmt.Errorf("item %s was applied and has no result", name))
	}
	if len(faults) > 10 {
		faults = append(faults[:10], fmt.Errorf("and %d more", len(faults)-10))
	}
	return errors.Join(faults...)
}

func (f fate) check(times int, repeats bool) error {
	switch {
	case f.results != 1:
		return fmt.Errorf("has %d results", f.results)
	case f.outcome == caperrors.Applied && times == 0:
		return errors.New("is told as applied and was not")
	case repeats:
		return nil
	case times > 1:
		return fmt.Errorf("was applied %d times", times)
	case times == 1 && (f.outcome == caperrors.Refused || f.outcome == caperrors.NotSent):
		return fmt.Errorf("is told as %v and was applied", f.outcome)
	case f.outcome == caperrors.Duplicate:
		return errors.New("is told as a duplicate and was sent once")
	default:
		return nil
	}
}
