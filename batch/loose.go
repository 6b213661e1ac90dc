package batch

// loose is what takes the place of the search for a limit of items that is none.
// What a server counts may be something else, such as the lines of the items, so
// that calls of one size are now accepted and now refused, with no item at fault.
// When that was seen several times within a hundred calls, the size is no longer
// searched between bounds: it goes down by an eighth when a call turns out too
// large, and up by a twentieth for every ten full calls accepted, until the
// server names a number.
type loose struct {
	on    bool
	calls int // made since falls was last zero
	falls int
	clean int // full calls accepted since the size last changed
}

const (
	looseFalls = 3   // falls that are no reason yet, within
	looseCalls = 100 // calls
	looseDown  = 8   // part of the size that a step down takes
	looseUp    = 20  // part of the size that a step up adds
	looseSteps = 10  // full calls accepted for a step up
)

// began counts a call that goes out.
func (l *loose) began() {
	if l.on {
		return
	}
	if l.calls++; l.calls >= looseCalls {
		l.calls, l.falls = 0, 0
	}
}

// fell notes that a call of size hi was too large, as others of it were not, and
// returns the next size; 0 if it is still to be searched for.
func (l *loose) fell(hi int) int {
	if !l.on {
		if l.falls++; l.falls <= looseFalls {
			return 0
		}
	}
	*l = loose{on: true}
	return max(1, hi-hi/looseDown)
}

// accepted notes a full call of a size, and returns the next size.
func (l *loose) accepted(size int) int {
	if l.clean++; l.clean < looseSteps {
		return size
	}
	l.clean = 0
	return min(maxLimit, size+max(1, size/looseUp))
}
