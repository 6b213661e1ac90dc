package wire

// shape is the form of a JSON text: what stands around some of its scalars,
// letter for letter. The items of a load mostly have one form, and so have the
// items of an answer, and differ in a few strings and numbers. A text of a known
// form is valid JSON if those are, and what is looked for stands at known places:
// it is read in half the time.
type shape struct {
	parts []part // each with the scalar behind it
	tail  []byte // what stands behind the last
	picks []pick // by scalar
}

type part struct {
	before []byte
	text   bool // the scalar is a string, else a number
}

// pick says where a scalar goes.
type pick struct{ scalar, to int }

// maxShape bounds the scalars of a shape; a text with more has none.
const maxShape = 1024

// span is a part of a text.
type span struct{ start, end int }

// scalars appends the strings and numbers that stand as values in a part of a
// valid JSON text, until there are too many. True, false and null belong to the
// form.
func scalars(out []span, data []byte, within span) []span {
	for i := within.start; i < within.end && len(out) <= maxShape; {
		switch c := data[i]; {
		case c == '"':
			next, _, _ := scanString(data, i)
			after := scanner{data: data, pos: next}
			if after.peek() != ':' {
				out = append(out, span{i, next})
			}
			i = next
		case c == '-' || isDigit(c):
			next, _ := scanNumber(data, i)
			out = append(out, span{i, next})
			i = next
		default:
			i++
		}
	}
	return out
}

// learn makes s the form of a text around the scalars given, which stand in
// their order, without picks. The text must not change as long as s is used. The
// bool is false if there are too many.
func (s *shape) learn(data []byte, scalars []span) bool {
	s.parts, s.tail, s.picks = s.parts[:0], nil, s.picks[:0]
	if len(scalars) > maxShape {
		return false // and some may be missing
	}
	at := 0
	for _, sc := range scalars {
		s.parts = append(s.parts, part{before: data[at:sc.start], text: data[sc.start] == '"'})
		at = sc.end
	}
	s.tail = data[at:]
	return true
}

// own copies the form, so that the text it was learned from may change.
func (s *shape) own() {
	size := len(s.tail)
	for i := range s.parts {
		size += len(s.parts[i].before)
	}
	text := make([]byte, 0, size)
	copied := func(b []byte) []byte {
		text = append(text, b...)
		return text[len(text)-len(b):]
	}
	for i := range s.parts {
		s.parts[i].before = copied(s.parts[i].before)
	}
	s.tail = copied(s.tail)
}

// pick has the scalar that begins at a byte of the text learned put to a place.
// The bool is false if none does.
func (s *shape) pick(scalars []span, start, to int) bool {
	for i, sc := range scalars {
		if sc.start == start {
			at := len(s.picks)
			for at > 0 && s.picks[at-1].scalar > i {
				at--
			}
			s.picks = append(s.picks, pick{})
			copy(s.picks[at+1:], s.picks[at:])
			s.picks[at] = pick{scalar: i, to: to}
			return true
		}
	}
	return false
}

// match reports whether the text from a position on has this form, and where it
// ends, and puts the tokens picked into found. It says no also to what is no
// JSON, so that reading it in full tells the fault.
func (s *shape) match(data []byte, pos int, found [][]byte) (end int, ok bool) {
	picks := s.picks
	for i := range s.parts {
		p := &s.parts[i]
		if len(data)-pos <= len(p.before) || string(data[pos:pos+len(p.before)]) != string(p.before) {
			return 0, false
		}
		pos += len(p.before)
		start := pos
		if p.text {
			reason := "" // of its own, so that scanString's results stay in registers
			if data[pos] != '"' {
				return 0, false
			}
			if pos, _, reason = scanString(data, pos); reason != "" {
				return 0, false
			}
		} else if pos, ok = scanNumber(data, pos); !ok {
			return 0, false
		}
		for len(picks) > 0 && picks[0].scalar == i {
			found[picks[0].to] = data[start:pos]
			picks = picks[1:]
		}
	}
	if len(data)-pos < len(s.tail) || string(data[pos:pos+len(s.tail)]) != string(s.tail) {
		return 0, false
	}
	return pos + len(s.tail), true
}

// habit says whether it is worth while to try a shape: not for a while after
// texts of other forms, so that texts without a common form cost hardly more
// than they would without shapes.
type habit struct {
	rest  uint8 // texts until the next try
	pause uint8 // texts that the next failure costs
}

const longestPause = 64

// missed is the habit after a failure; the zero habit is that after a success.
func (h habit) missed() habit {
	return habit{rest: h.pause, pause: max(1, min(2*h.pause, longestPause))}
}
