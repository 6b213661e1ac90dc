package journal_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	caperrors "github.com/capillary-go/capillary/errors"
)

var identity = map[string]string{"input": "sha256:17", "endpoint": "v2/transactions/bulk"}

// sent are items by their positions.
func sent(positions ...int) []batch.Sent {
	items := make([]batch.Sent, len(positions))
	for i, p := range positions {
		items[i] = batch.Sent{Index: p}
	}
	return items
}

func applied(i int) batch.Entry {
	return batch.Entry{Index: i, ID: fmt.Sprintf("b-%d", i), Outcome: caperrors.Applied, Attempts: 1, RequestID: "r-1"}
}

func refused(i int) batch.Entry {
	return batch.Entry{
		Index: i, Outcome: caperrors.Refused, Attempts: 1, Code: 8015, Kind: caperrors.ErrInvalid, Message: "no such \"till\"\n",
		Scope:    caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.ItemLevel},
		Warnings: []caperrors.Warning{{Code: 99, Message: "late"}},
	}
}

func again(i int) batch.Entry {
	return batch.Entry{
		Index: i, Open: true, Outcome: caperrors.Refused, Attempts: 1, Strikes: 1, Code: 521, Kind: caperrors.ErrTransient,
	}
}

func flying(i, attempts int) batch.Entry {
	return batch.Entry{Index: i, Open: true, Outcome: caperrors.Unknown, Attempts: attempts}
}

func pathOf(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "load.journal")
}

func open(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(path, identity)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// fate is what is true of an item.
type fate struct {
	announced bool         // a call that carries it was made
	last      *batch.Entry // what was last told of it after its last call; nil while that is in flight
	done      bool         // its result was delivered, and the mark came after
}

// story is a load that is told to a journal step by step, with the truth about
// it.
type story struct {
	t     *testing.T
	rng   *rand.Rand
	j     *journal.Journal
	fates []fate
	ready []int // results that were delivered and not marked

	// onCall is called when a call may go out.
	onCall func()
}

// step does something at random. It returns the journal's error.
func (s *story) step() error {
	switch s.rng.IntN(6) {
	case 0, 1:
		return s.send()
	case 2, 3:
		return s.settle()
	case 4:
		for i := range s.fates {
			if f := &s.fates[i]; !f.done && f.last != nil && !f.last.Open && s.rng.IntN(2) == 0 {
				s.j.Delivered(i)
				s.ready = append(s.ready, i)
			}
		}
		return nil
	default:
		if err := s.j.Mark(map[string]int{"at": s.rng.IntN(1000)}); err != nil {
			return err
		}
		for _, i := range s.ready {
			s.fates[i].done = true
		}
		s.ready = nil
		return nil
	}
}

func (s *story) send() error {
	var call []int
	for i := range s.fates {
		if f := &s.fates[i]; !f.done && (!f.announced || f.last != nil && f.last.Open) && s.rng.IntN(3) == 0 {
			call = append(call, i)
		}
	}
	if len(call) == 0 {
		return nil
	}
	if err := s.j.Sending(s.t.Context(), sent(call...)); err != nil {
		return err
	}
	for _, i := range call {
		s.fates[i].announced, s.fates[i].last = true, nil
	}
	if s.onCall != nil {
		s.onCall()
	}
	return nil
}

func (s *story) settle() error {
	var entries []batch.Entry
	for i := range s.fates {
		f := &s.fates[i]
		if !f.announced || f.last != nil || s.rng.IntN(2) == 0 {
			continue
		}
		e := [...]batch.Entry{applied(i), refused(i), again(i)}[s.rng.IntN(3)]
		entries = append(entries, e)
		f.last = &e
	}
	if len(entries) == 0 {
		return nil
	}
	return s.j.Settled(s.t.Context(), entries)
}

// wrong returns what makes a resume from what a journal knows wrong: an item
// that may have been applied would be sent again as if nothing had happened.
func wrong(fates []fate, known []batch.Past) string {
	for i, f := range fates {
		p := known[i]
		open := p.Entry != nil && p.Entry.Open
		unknown := open && p.Entry.Outcome == caperrors.Unknown
		switch {
		case !f.announced:
			if p.Done || p.Entry != nil && !unknown && p.Entry.Outcome != caperrors.NotSent {
				return fmt.Sprintf("item %d was never sent, and is %+v", i, p)
			}
		case f.last == nil || !f.last.Open:
			// It may have been applied.
			if !p.Done && !unknown && (p.Entry == nil || open || p.Entry.Outcome != fateOutcome(f)) {
				return fmt.Sprintf("item %d may have been applied, and is %+v %+v", i, p, p.Entry)
			}
			if p.Done && !f.done {
				return fmt.Sprintf("item %d was not delivered, and is done", i)
			}
		default:
			if !open {
				return fmt.Sprintf("item %d goes again, and is %+v", i, p)
			}
		}
	}
	return ""
}

func fateOutcome(f fate) caperrors.Outcome {
	if f.last == nil {
		return caperrors.Unknown
	}
	return f.last.Outcome
}
