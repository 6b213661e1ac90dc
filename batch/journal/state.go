package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// state is what the lines of a journal add up to. The same code brings it up to
// date when a line is written and when it is read.
type state struct {
	header *header
	done   batch.Positions
	failed map[int]struct{}     // of done, those that hold their keys
	items  map[int]*batch.Entry // not done, and something is known of them
	flying map[int]struct{}     // in a call
	last   time.Time            // when a call was last announced
	note   json.RawMessage
}

func newState() *state {
	return &state{failed: make(map[int]struct{}), items: make(map[int]*batch.Entry), flying: make(map[int]struct{})}
}

// apply adds a line. An error says that it contradicts what came before; the
// state is of no use then.
func (s *state) apply(l *line) error {
	if (s.header == nil) != (l.Header != nil) {
		return errors.New("a header must be the second line, and is not anywhere else")
	}
	if l.Header != nil {
		s.header = l.Header
	}
	if l.Done != nil {
		s.done = *l.Done
	}
	for _, i := range l.Failed {
		s.failed[i] = struct{}{}
	}
	if l.At != 0 {
		s.last = time.UnixMilli(l.At)
	}
	if err := s.send(l.Send); err != nil {
		return err
	}
	for i := range l.Items {
		e := &l.Items[i]
		if e.Index < 0 || s.done.Has(e.Index) {
			return fmt.Errorf("item %d has its result already", e.Index)
		}
		s.items[e.Index] = e
		delete(s.flying, e.Index)
	}
	if err := s.mark(l.Mark); err != nil {
		return err
	}
	if l.Note != nil {
		s.note = l.Note
	}
	return nil
}

func (s *state) send(positions []int) error {
	for _, i := range positions {
		_, flying := s.flying[i]
		if e := s.items[i]; i < 0 || flying || s.done.Has(i) || e != nil && !e.Open {
			return fmt.Errorf("item %d is sent, and is in flight or has its result already", i)
		}
		s.flying[i] = struct{}{}
	}
	return nil
}

func (s *state) mark(ranges [][2]int) error {
	for _, r := range ranges {
		for i := r[0]; i <= r[1]; i++ {
			e := s.items[i]
			if e == nil || e.Open {
				return fmt.Errorf("item %d is marked, and has no result", i)
			}
			if err := s.done.Add(i); err != nil {
				return err
			}
			if e.Failed() {
				s.failed[i] = struct{}{}
			}
			delete(s.items, i)
		}
	}
	return nil
}

// past is what a run may know of an item.
func (s *state) past(i int) batch.Past {
	if s.done.Has(i) {
		_, failed := s.failed[i]
		return batch.Past{Done: true, Failed: failed}
	}
	e := s.items[i]
	if _, flying := s.flying[i]; flying {
		return batch.Past{Entry: inFlight(i, e)}
	}
	if e == nil {
		return batch.Past{}
	}
	known := *e
	return batch.Past{Entry: &known}
}

// inFlight is what is known of an item in a call whose answer will not be
// known. before may be nil.
func inFlight(i int, before *batch.Entry) *batch.Entry {
	e := batch.Entry{Index: i, Open: true, Outcome: caperrors.Unknown, Attempts: 1}
	if before != nil {
		// What an earlier answer said is of no matter any more.
		e.ID, e.Attempts, e.Strikes = before.ID, before.Attempts+1, before.Strikes
	}
	return &e
}

// land makes unknown what is in flight: the process that sent it is gone.
func (s *state) land() int {
	n := len(s.flying)
	for i := range s.flying {
		s.items[i] = inFlight(i, s.items[i])
	}
	clear(s.flying)
	return n
}

// entriesALine is how many items a line of a journal written anew holds.
const entriesALine = 500

// lines returns the lines that add up to the state.
func (s *state) lines() []*line {
	all := []*line{{Header: s.header}, {Done: &s.done, Failed: slices.Sorted(maps.Keys(s.failed)), Note: s.note}}
	positions := slices.Sorted(maps.Keys(s.items))
	for chunk := range slices.Chunk(positions, entriesALine) {
		l := &line{Items: make([]batch.Entry, 0, len(chunk))}
		for _, i := range chunk {
			l.Items = append(l.Items, *s.items[i])
		}
		all = append(all, l)
	}
	if len(s.flying) > 0 {
		all = append(all, &line{Send: slices.Sorted(maps.Keys(s.flying))})
	}
	if !s.last.IsZero() {
		all[1].At = s.last.UnixMilli()
	}
	return all
}

// ranges returns sorted positions as ranges.
func ranges(positions []int) [][2]int {
	slices.Sort(positions)
	var all [][2]int
	for _, i := range slices.Compact(positions) {
		if n := len(all); n > 0 && all[n-1][1] == i-1 {
			all[n-1][1] = i
		} else {
			all = append(all, [2]int{i, i})
		}
	}
	return all
}
