package wire

// skip consumes the next value, checking it as strictly as if it were read.
func (s *scanner) skip() {
	switch c := s.peek(); c {
	case '{', '[':
		s.skipNested()
	case '"':
		next, _, reason := scanString(s.data, s.pos)
		if reason != "" {
			s.fail(next, reason)
			return
		}
		s.pos = next
	default:
		s.plain(c)
	}
}

// skipNested does so for an object or an array. Most of an answer is skipped, so
// this is one loop without calls per level: a bit for each open level tells
// objects from arrays.
func (s *scanner) skipNested() {
	var objects [maxDepth/64 + 1]uint64
	level := 0
	for {
		// A value.
		switch c := s.peek(); c {
		case '{', '[':
			if s.depth+level >= maxDepth {
				s.fail(s.pos, reasonDeep)
				return
			}
			s.pos++
			closing := c + 2 // '}' and ']' stand two behind their openers
			if s.peek() == closing {
				s.pos++
				break
			}
			bit := uint64(1) << (level % 64)
			if level++; c == '{' {
				objects[(level-1)/64] |= bit
				s.key()
			} else {
				objects[(level-1)/64] &^= bit
			}
			continue
		case '"':
			next, _, reason := scanString(s.data, s.pos)
			if reason != "" {
				s.fail(next, reason)
				return
			}
			s.pos = next
		default:
			if !s.plain(c) {
				return
			}
		}
		// What follows it, up to the next value.
		for {
			if level == 0 {
				return
			}
			object := objects[(level-1)/64]>>((level-1)%64)&1 == 1
			c := s.peek()
			if c == ',' {
				s.pos++
				if object {
					s.key()
				}
				break
			}
			if (object && c != '}') || (!object && c != ']') {
				s.fail(s.pos, reasonNext)
				return
			}
			s.pos++
			level--
		}
	}
}

// plain consumes a literal or a number that begins with c.
func (s *scanner) plain(c byte) bool {
	switch {
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case c == '-' || isDigit(c):
		next, ok := scanNumber(s.data, s.pos)
		if !ok {
			s.fail(next, reasonNumber)
			return false
		}
		s.pos = next
		return true
	default:
		s.fail(s.pos, reasonValue)
		return false
	}
}

func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if at := s.pos + i; at >= len(s.data) || s.data[at] != word[i] {
			s.fail(at, reasonLiteral)
			return false
		}
	}
	s.pos += len(word)
	return true
}

// scanNumber takes the position of a number's first byte and returns the one
// behind its last.
func scanNumber(data []byte, i int) (next int, ok bool) {
	if data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	default:
		if i, ok = scanDigits(data, i); !ok {
			return i, false
		}
	}
	if i < len(data) && data[i] == '.' {
		if i, ok = scanDigits(data, i+1); !ok {
			return i, false
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		return scanDigits(data, i)
	}
	return i, true
}

// scanDigits wants one digit at least.
func scanDigits(data []byte, start int) (next int, ok bool) {
	i := start
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	return i, i > start
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
