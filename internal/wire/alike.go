package wire

import caperrors "github.com/capillary-go/capillary/errors"

// alike reads the items of an answer that differ from an earlier one only in
// what says nothing about success. Of many items most were applied, and what is
// said of them repeats what was sent: their verdict is that of the earlier one.
type alike struct {
	known   bool
	shape   shape
	depth   int // at which its items stand
	verdict caperrors.Verdict
	habit   habit
	skipped bool // the last item was not tried

	found [1][]byte // the echoed id
	free  []span    // the scalars that may differ
}

// fewestAlike is the number of items sent from which on it is worth while to
// learn a form.
const fewestAlike = 8

// empty returns a with its memory alone.
func (a *alike) empty() alike {
	clear(a.shape.parts[:cap(a.shape.parts)])
	return alike{shape: shape{parts: a.shape.parts[:0], picks: a.shape.picks[:0]}, free: a.free[:0]}
}

// read consumes the next item if it is like the one learned.
func (a *alike) read(s *scanner, it *item) bool {
	a.skipped = !a.known || a.habit.rest > 0 || a.depth != s.depth
	if a.skipped {
		if a.habit.rest > 0 {
			a.habit.rest--
		}
		return false
	}
	a.found[0] = nil
	end, ok := a.shape.match(s.data, s.pos, a.found[:])
	if !ok {
		return false
	}
	a.habit = habit{}
	s.pos = end
	it.verdict, it.id = a.verdict, a.found[0]
	return true
}

// learn learns from an item that was read in full and begins at start, if it
// was applied without a warning.
func (a *alike) learn(r *reader, it *item, start int) {
	if a.skipped && a.known || r.call.Status != "" || r.call.Parts != "" || r.call.sent() < fewestAlike {
		return
	}
	if a.known {
		again := a.habit.pause > 0
		if a.habit = a.habit.missed(); !again {
			return // it may be the only one of its form
		}
	}
	v := &it.verdict
	if r.scan.err != nil || v.Outcome != caperrors.Applied || it.failed || len(v.Warnings) > 0 {
		return // beside an error or a warning it counts whether there is an id
	}
	text := r.scan.data[start:r.scan.pos]
	a.free = a.free[:0]
	s := scanner{data: text}
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		s.peek()
		from := s.pos
		s.skip()
		if r.tellsNothing(name) {
			a.free = scalars(a.free, text, span{from, s.pos})
		}
	}
	a.known = a.shape.learn(text, a.free)
	if a.known && it.id != nil {
		a.known = a.shape.pick(a.free, cap(text)-cap(it.id), 0)
	}
	a.verdict, a.depth = *v, r.scan.depth
}

// tellsNothing reports whether the strings and numbers in a member of an item
// may differ while it stays applied, without a warning, with the same code.
// Whether a member is there, is null, true, false, an object or a list belongs
// to the form.
func (r *reader) tellsNothing(name []byte) bool {
	switch string(name) {
	case "item_status", "errors", "error", "warnings", "success", "childFailureCount":
		return false
	default:
		return !r.isNested(name)
	}
}
