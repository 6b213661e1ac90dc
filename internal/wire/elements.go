package wire

// Elements returns the elements of the array at a member of an encoded JSON
// object, or of the array that body is if member is empty. The bool is false
// if there is no array, and if body is not JSON. Of several members with the
// same name the last one counts. The elements share memory with body.
func Elements(body []byte, member string) ([][]byte, bool) {
	s := scanner{data: body}
	var (
		all   [][]byte
		found bool
	)
	if member == "" {
		all, found = s.elements()
	} else if s.peek() == '{' {
		for ok := s.open('}'); ok; ok = s.more('}') {
			if string(s.key()) == member {
				all, found = s.elements()
			} else {
				s.skip()
			}
		}
	} else {
		s.skip()
	}
	s.end()
	if s.err != nil || !found {
		return nil, false
	}
	return all, true
}

// elements consumes the next value and returns its elements if it is an array.
func (s *scanner) elements() ([][]byte, bool) {
	if s.peek() != '[' {
		s.skip()
		return nil, false
	}
	var all [][]byte
	for ok := s.open(']'); ok; ok = s.more(']') {
		s.peek()
		start := s.pos
		s.skip()
		if s.err == nil {
			all = append(all, s.data[start:s.pos:s.pos])
		}
	}
	return all, true
}

// Scalar returns a string unescaped or a number as it is written. The bool is
// false for any other value, and if value is not JSON.
func Scalar(value []byte) (string, bool) {
	s := scanner{data: value}
	token := s.scalar()
	s.end()
	if s.err != nil || len(token) == 0 || token[0] == 't' || token[0] == 'f' {
		return "", false
	}
	return string(content(token)), true
}
