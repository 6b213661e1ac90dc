package wire

import "strconv"

// maxDepth bounds nesting, well above what the API answers (about 12) and
// below what would make a stack or a bit set large.
const maxDepth = 200

// The reasons of a syntaxError.
const (
	reasonCut       = "the body ends too early"
	reasonDeep      = "nested deeper than 200"
	reasonValue     = "no JSON value"
	reasonName      = "no member name"
	reasonColon     = "no colon after a member name"
	reasonNext      = "neither a comma nor the end of the list or object"
	reasonLiteral   = "bad literal"
	reasonNumber    = "bad number"
	reasonControl   = "control character in a string"
	reasonEscape    = "bad escape in a string"
	reasonTrailing  = "something follows the end"
	reasonNotObject = "not an object"
)

// syntaxError says where and why a text is no JSON.
type syntaxError struct {
	offset int
	reason string
}

func (e *syntaxError) Error() string { return "byte " + strconv.Itoa(e.offset) + ": " + e.reason }

// scanner reads one JSON text in one strict pass. What encoding/json refuses,
// it refuses too, and nesting deeper than maxDepth besides. It allocates only
// for names and texts that hold escapes or invalid UTF-8.
//
// The first fault sticks: it moves the position to the end, so that every loop
// over members or elements stops by itself and callers look at err once.
//
// Like encoding/json it lets invalid UTF-8 pass and replaces it where a text
// is asked for, and callers let the last of several equal names win. Unlike
// encoding/json it takes names by their exact spelling.
type scanner struct {
	data  []byte
	pos   int
	depth int
	err   *syntaxError
}

// skipBOM skips a byte order mark, which some gateways put before a body.
func (s *scanner) skipBOM() {
	if len(s.data) >= 3 && s.data[0] == 0xEF && s.data[1] == 0xBB && s.data[2] == 0xBF {
		s.pos = 3
	}
}

func (s *scanner) fail(at int, reason string) {
	if s.err == nil {
		if at >= len(s.data) {
			at, reason = len(s.data), reasonCut
		}
		s.err = &syntaxError{offset: at, reason: reason}
	}
	s.pos = len(s.data)
}

// end checks that only white space is left.
func (s *scanner) end() {
	if s.peek(); s.pos < len(s.data) {
		s.fail(s.pos, reasonTrailing)
	}
}

// peek moves to the next byte that is not white space and returns it; 0 at the
// end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c > ' ' || !isSpace(c) {
			return c
		}
		s.pos++
	}
	return 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// open enters the object or array at the position and reports whether it has a
// first member or element; closing is its last byte.
func (s *scanner) open(closing byte) bool {
	if s.depth >= maxDepth {
		s.fail(s.pos, reasonDeep)
		return false
	}
	s.pos++
	if s.peek() == closing {
		s.pos++
		return false
	}
	s.depth++
	return true
}

// more reports whether another member or element follows, and leaves the
// object or array if not.
func (s *scanner) more(closing byte) bool {
	switch s.peek() {
	case ',':
		s.pos++
		return true
	case closing:
		s.pos++
		s.depth--
		return false
	default:
		s.fail(s.pos, reasonNext)
		return false
	}
}

// key reads a member's name and its colon. The slice may share memory with the
// text.
func (s *scanner) key() []byte {
	if s.peek() != '"' {
		s.fail(s.pos, reasonName)
		return nil
	}
	start := s.pos
	next, odd, reason := scanString(s.data, s.pos)
	if reason != "" {
		s.fail(next, reason)
		return nil
	}
	s.pos = next
	if s.peek() != ':' {
		s.fail(s.pos, reasonColon)
		return nil
	}
	s.pos++
	name := s.data[start+1 : next-1]
	if odd {
		name = plainText(name)
	}
	return name
}

// scalar consumes the next value and returns it as it stands, quotes included,
// if it is a string, a number, true or false. It returns nil for null, objects
// and arrays.
func (s *scanner) scalar() []byte {
	first := s.peek()
	start := s.pos
	s.skip()
	if s.err != nil || first == '{' || first == '[' || first == 'n' {
		return nil
	}
	return s.data[start:s.pos]
}

// find consumes the next value and returns the scalar at the path below it; the
// value itself if the path is empty.
func (s *scanner) find(path string) []byte {
	if path == "" {
		return s.scalar()
	}
	if s.peek() != '{' {
		s.skip()
		return nil
	}
	head, rest := cutPath(path)
	var found []byte
	for ok := s.open('}'); ok; ok = s.more('}') {
		if string(s.key()) == head {
			found = s.find(rest)
		} else {
			s.skip()
		}
	}
	return found
}
