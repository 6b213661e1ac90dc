package wire

import "encoding/json"

// Field returns the string or the number at a dotted path of an encoded JSON
// object: "customer.mobile". A string is unescaped, a number is returned as it
// is written. The bool is false if there is nothing else than null, a truth
// value, an object or an array at the path, and if item is not JSON. Of several
// members with the same name the last one counts. It allocates the result only.
// For several paths at once, or paths through lists, see [Fields].
func Field(item []byte, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	s := scanner{data: item}
	token := s.find(path)
	s.end()
	if s.err != nil || !isText(token) {
		return "", false
	}
	return string(content(token)), true
}

// isText reports whether a token is a string or a number.
func isText(token []byte) bool {
	return len(token) > 0 && token[0] != 't' && token[0] != 'f'
}

// CheckObject returns an error unless item is one JSON object, nested at most
// 200 deep, and nothing else but white space. The error tells the byte and what
// is wrong there, and quotes nothing. Invalid UTF-8 in strings is let pass, as
// encoding/json does.
func CheckObject(item []byte) error {
	s := scanner{data: item}
	if c := s.peek(); c != '{' {
		s.fail(s.pos, reasonNotObject)
		return s.err
	}
	s.skip()
	if s.err == nil {
		s.end()
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

// Valid reports what [json.Valid] does, several times faster.
func Valid(text []byte) bool {
	s := scanner{data: text}
	if s.skip(); s.err == nil {
		s.end()
	}
	// What is nested deeper than this scanner goes is rare.
	return s.err == nil || s.err.reason == reasonDeep && json.Valid(text)
}

// Fields reads several paths of an encoded JSON object in one pass. The zero
// value has no paths. It is safe for concurrent use, and must not be copied.
type Fields struct {
	count int
	root  fieldNode
	form  form
}

// fieldNode is one segment of the paths, with those that go on below it.
type fieldNode struct {
	name  string // of a member
	index int    // of an element; -1 if name is no number
	ends  []int  // the paths that end here
	under []int  // the paths that end here or below
	next  []fieldNode
}

// CompileFields returns a reader for dotted paths, as [Field] takes them. A
// segment that is a number also counts the elements of a list, from 0. At an
// empty path there is nothing.
func CompileFields(paths ...string) *Fields {
	f := &Fields{count: len(paths)}
	for i, path := range paths {
		node := &f.root
		for path != "" {
			var head string
			head, path = cutPath(path)
			node = node.to(head)
			node.under = append(node.under, i)
			if path == "" {
				node.ends = append(node.ends, i)
			}
		}
	}
	return f
}

// to returns the node below n for a segment, which it makes if there is none.
func (n *fieldNode) to(segment string) *fieldNode {
	for i := range n.next {
		if n.next[i].name == segment {
			return &n.next[i]
		}
	}
	n.next = append(n.next, fieldNode{name: segment, index: elementIndex(segment)})
	return &n.next[len(n.next)-1]
}

// elementIndex returns the number that a segment is, up to six digits; -1 if it
// is none, or one with leading zeros.
func elementIndex(segment string) int {
	if segment == "" || len(segment) > 6 || segment[0] == '0' && len(segment) > 1 {
		return -1
	}
	n := 0
	for i := range len(segment) {
		if !isDigit(segment[i]) {
			return -1
		}
		n = n*10 + int(segment[i]-'0')
	}
	return n
}

func (n *fieldNode) member(name []byte) *fieldNode {
	for i := range n.next {
		if n.next[i].name == string(name) {
			return &n.next[i]
		}
	}
	return nil
}

func (n *fieldNode) element(index int) *fieldNode {
	for i := range n.next {
		if n.next[i].index == index {
			return &n.next[i]
		}
	}
	return nil
}

// Read checks item as [CheckObject] does and returns the string or the number
// at each path, in their order, as [Field] would: nil where there is none, or
// all if there is an error. The texts may share memory with item. They stand in
// found if it has room for them, so that Read allocates only for escapes and
// invalid UTF-8.
func (f *Fields) Read(item []byte, found [][]byte) ([][]byte, error) {
	if cap(found) < f.count {
		found = make([][]byte, f.count)
	}
	found = found[:f.count]
	clear(found)
	if _, err := f.tokens(item, found); err != nil {
		return found, err
	}
	for i, token := range found {
		found[i] = content(token)
	}
	return found, nil
}

// tokens checks item and sets the tokens at the paths; none if there is an error.
func (f *Fields) tokens(item []byte, found [][]byte) (trial, error) {
	tried := f.form.read(item, found)
	if tried == matched {
		return tried, nil
	}
	s := scanner{data: item}
	if s.peek() != '{' {
		s.fail(s.pos, reasonNotObject)
		return tried, s.err
	}
	s.fields(&f.root, found)
	s.end()
	if s.err != nil {
		clear(found)
		return tried, s.err
	}
	f.form.learn(item, found, tried)
	return tried, nil
}

// fields consumes the next value, which stands at node, and sets the tokens of
// the paths that end there or below.
func (s *scanner) fields(node *fieldNode, found [][]byte) {
	// An earlier member of the same name counts for nothing.
	for _, i := range node.under {
		found[i] = nil
	}
	switch c := s.peek(); {
	case c == '{' && len(node.next) > 0:
		for ok := s.open('}'); ok; ok = s.more('}') {
			s.below(node.member(s.key()), found)
		}
	case c == '[' && len(node.next) > 0:
		index := 0
		for ok := s.open(']'); ok; ok = s.more(']') {
			s.below(node.element(index), found)
			index++
		}
	default:
		token := s.scalar()
		if !isText(token) {
			return
		}
		for _, i := range node.ends {
			found[i] = token
		}
	}
}

// below consumes the next value, on which no path goes on if node is nil.
func (s *scanner) below(node *fieldNode, found [][]byte) {
	if node == nil {
		s.skip()
		return
	}
	s.fields(node, found)
}
