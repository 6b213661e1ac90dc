package journal

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
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
	failed map[int]struct{} // of done, those that hold their keys
	items  map[int]known    // not done, and something is known of them
	beyond int              // of no position from here on anything is known
	last   time.Time        // when a call was last announced
	note   json.RawMessage
}

// known is what is known of an item that is not done.
type known struct {
	entry  *batch.Entry // nil: nothing was told of it
	flying bool         // it is in a call
}

// final reports whether the item has its result.
func (k known) final() bool { return k.entry != nil && !k.entry.Open }

func newState() *state { return &state{failed: make(map[int]struct{}), items: make(map[int]known)} }

// begin returns the state of a new load.
func begin(identity map[string]string) *state {
	s := newState()
	s.header = &header{ID: rand.Text(), Identity: maps.Clone(identity)}
	return s
}

// blank reports whether nothing is known of any item, and nothing was sent.
func (s *state) blank() bool { return s.done.Len()+len(s.items) == 0 && s.last.IsZero() }

// resumed counts what is known once what was in flight has landed.
func (s *state) resumed() Resumed {
	r := Resumed{Done: s.done.Len(), LastSend: s.last}
	for _, k := range s.items {
		switch {
		case k.final():
			r.Results++
		case k.entry.Outcome == caperrors.Unknown:
			r.InFlight++
		}
	}
	return r
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
		s.reach(s.done.Low() - 1)
		for _, last := range s.done.Above() {
			s.reach(last)
		}
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
		s.items[e.Index] = known{entry: e}
		s.reach(e.Index)
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
		k := s.items[i]
		if i < 0 || k.flying || k.final() || s.done.Has(i) {
			return fmt.Errorf("item %d is sent, and is in flight or has its result already", i)
		}
		k.flying = true
		s.items[i] = k
		s.reach(i)
	}
	return nil
}

// reach notes that something is known of a position.
func (s *state) reach(i int) { s.beyond = max(s.beyond, min(i, math.MaxInt-1)+1) }

func (s *state) mark(ranges [][2]int) error {
	for _, r := range ranges {
		for i := r[0]; i <= r[1]; i++ {
			k := s.items[i]
			if !k.final() || k.flying {
				return fmt.Errorf("item %d is marked, and has no result", i)
			}
			if err := s.done.Add(i); err != nil {
				return err
			}
			if k.entry.Failed() {
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
	switch k := s.items[i]; {
	case k.flying:
		return batch.Past{Entry: inFlight(i, k.entry)}
	case k.entry != nil:
		e := *k.entry
		return batch.Past{Entry: &e}
	default:
		return batch.Past{}
	}
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
func (s *state) land() {
	for i, k := range s.items {
		if k.flying {
			s.items[i] = known{entry: inFlight(i, k.entry)}
		}
	}
}

// entriesALine is how many items a line of a journal written anew holds.
const entriesALine = 500

// lines returns the lines that add up to the state.
func (s *state) lines() []*line {
	all := []*line{{Header: s.header}, {Done: &s.done, Failed: slices.Sorted(maps.Keys(s.failed)), Note: s.note}}
	var told, flying []int
	for i, k := range s.items {
		if k.entry != nil {
			told = append(told, i)
		}
		if k.flying {
			flying = append(flying, i)
		}
	}
	slices.Sort(told)
	slices.Sort(flying)
	for chunk := range slices.Chunk(told, entriesALine) {
		l := &line{Items: make([]batch.Entry, 0, len(chunk))}
		for _, i := range chunk {
			l.Items = append(l.Items, *s.items[i].entry)
		}
		all = append(all, l)
	}
	if len(flying) > 0 {
		all = append(all, &line{Send: flying})
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
