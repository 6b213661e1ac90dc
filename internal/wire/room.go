package wire

import caperrors "github.com/capillary-go/capillary/errors"

// Room is memory that [Read] can use again for one answer after the other. No
// part of a reply lies in it. The zero Room is empty; a nil one gives nothing
// and keeps nothing.
type Room struct {
	items []item
	own   *reader // nil while it is in use
}

// maxRoom bounds the items whose memory is kept, some 2 MiB.
const maxRoom = keepOpen

// take returns memory for n items. Until it is given back there is no more.
func (m *Room) take(n int) []item {
	if m == nil || cap(m.items) < n {
		return make([]item, 0, n)
	}
	items := m.items[:0]
	m.items = nil
	return items
}

// giveBack takes over memory that nobody reads any more. It keeps no answer
// alive.
func (m *Room) giveBack(items []item) {
	if cap(items) > maxRoom || cap(items) < cap(m.items) {
		return
	}
	items = items[:cap(items)]
	clear(items)
	m.items = items
}

// reader returns memory for a reader.
func (m *Room) reader() *reader {
	if m.own == nil {
		return new(reader)
	}
	r := m.own
	m.own = nil
	return r
}

// keep takes the reader back when it is done.
func (m *Room) keep(r *reader) {
	m.giveBack(r.items)
	*r = reader{place: r.place[:0], like: r.like.empty()} // a short name, and the room for one form
	m.own = r
}

// verdicts returns memory for those of a reply. It may hold old ones.
func (r *reader) verdicts(n int) []caperrors.Verdict {
	if n > 0 && cap(r.call.Verdicts) >= n {
		return r.call.Verdicts[:n]
	}
	return make([]caperrors.Verdict, n)
}
