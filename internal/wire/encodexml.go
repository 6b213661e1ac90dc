package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"unicode/utf8"
)

// EncodeXML joins encoded items to a v1.1 request body in XML:
// <root><transaction>…</transaction>…</root> for the root "transaction". Items
// are JSON objects, as everywhere. A member is an element with its name, a list
// as many elements with the name of its member, null, an empty object and an
// empty list one empty element; numbers stand as they are written.
//
// What has no such form is an error that tells the item, counted from 0, and
// the member: a name that XML doesn't allow, or with a colon; the same name
// twice in one object; a list directly in a list; a control character. So is an
// item that [CheckObject] refuses.
func EncodeXML(root string, items [][]byte) ([]byte, error) {
	if !isElementName(root) {
		return nil, fmt.Errorf("root %.64q is no name of an XML element", root)
	}
	size := len(xmlStart) + len(xmlEnd)
	for _, item := range items {
		size += 2*len(item) + 2*len(root)
	}
	e := xmlEncoder{out: append(make([]byte, 0, size), xmlStart...), ids: make(map[string]int), seen: make(map[member]bool)}
	for i, item := range items {
		if err := e.item(root, item); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return append(e.out, xmlEnd...), nil
}

// CheckXML returns the error that [EncodeXML] would return for the item alone,
// or nil.
func CheckXML(root string, item []byte) error {
	if !isElementName(root) {
		return fmt.Errorf("root %.64q is no name of an XML element", root)
	}
	e := xmlEncoder{ids: make(map[string]int), seen: make(map[member]bool)}
	return e.item(root, item)
}

const (
	xmlStart = `<?xml version="1.0" encoding="UTF-8"?><root>`
	xmlEnd   = `</root>`
)

// member is a name in one of an item's objects, both as numbers.
type member struct{ object, name int }

type xmlEncoder struct {
	scan    scanner
	out     []byte
	ids     map[string]int // places in names
	names   []string       // all that are checked
	seen    map[member]bool
	objects int
	err     error // the first fault that is none of the JSON
}

func (e *xmlEncoder) item(root string, item []byte) error {
	e.scan = scanner{data: item}
	clear(e.seen)
	if e.scan.peek() != '{' {
		e.scan.fail(e.scan.pos, reasonNotObject)
		return e.scan.err
	}
	e.value(root)
	if e.scan.err == nil {
		e.scan.end()
	}
	switch {
	case e.err != nil:
		return e.err
	case e.scan.err != nil:
		return e.scan.err
	default:
		return nil
	}
}

// stop ends the walk over the item: the scanner's own fault makes every loop
// stop.
func (e *xmlEncoder) stop(err error) {
	if e.scan.err == nil {
		e.err = err
		e.scan.fail(e.scan.pos, reasonValue)
	}
}

// value writes the next value as an element, a list as several.
func (e *xmlEncoder) value(name string) {
	s := &e.scan
	switch s.peek() {
	case '{':
		e.tag(name, "<", ">")
		e.members()
		e.tag(name, "</", ">")
	case '[':
		empty := true
		for ok := s.open(']'); ok; ok = s.more(']') {
			empty = false
			if s.peek() == '[' {
				e.stop(fmt.Errorf("member %.64q: a list in a list has no form in XML", name))
				return
			}
			e.value(name)
		}
		if empty {
			e.tag(name, "<", "/>")
		}
	default:
		text := content(s.scalar())
		if len(text) == 0 {
			e.tag(name, "<", "/>")
			return
		}
		e.tag(name, "<", ">")
		e.text(name, text)
		e.tag(name, "</", ">")
	}
}

func (e *xmlEncoder) members() {
	s := &e.scan
	object := e.objects
	e.objects++
	for ok := s.open('}'); ok; ok = s.more('}') {
		key := s.key()
		if s.err != nil {
			return
		}
		id, known := e.ids[string(key)]
		if !known {
			if id, known = e.learn(string(key)); !known {
				return
			}
		}
		m := member{object, id}
		if e.seen[m] {
			// Two elements would be a list, where JSON lets the last one win.
			e.stop(fmt.Errorf("member %.64q stands there twice", key))
			return
		}
		e.seen[m] = true
		e.value(e.names[id])
	}
}

// learn checks a name and gives it a number.
func (e *xmlEncoder) learn(name string) (id int, ok bool) {
	if !isElementName(name) {
		e.stop(fmt.Errorf("member %.64q is no name of an XML element", name))
		return 0, false
	}
	id = len(e.names)
	e.names = append(e.names, name)
	e.ids[name] = id
	return id, true
}

func (e *xmlEncoder) tag(name, before, after string) {
	e.out = append(e.out, before...)
	e.out = append(e.out, name...)
	e.out = append(e.out, after...)
}

// text writes a text. A line feed stays, but a carriage return would be read as
// one.
func (e *xmlEncoder) text(name string, text []byte) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == '&':
			e.out = append(e.out, "&amp;"...)
		case r == '<':
			e.out = append(e.out, "&lt;"...)
		case r == '>':
			e.out = append(e.out, "&gt;"...)
		case r == '\r':
			e.out = append(e.out, "&#13;"...)
		case r < ' ' && r != '\n' && r != '\t', r == 0xFFFE, r == 0xFFFF:
			e.stop(fmt.Errorf("member %.64q holds %U, which has no form in XML", name, r))
			return
		default:
			e.out = utf8.AppendRune(e.out, r)
		}
		i += size
	}
}

// isElementName reports whether the name can be that of an element. A colon
// would make its first part a namespace.
func isElementName(name string) bool {
	plain := name != ""
	for i := range len(name) {
		switch c := name[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '_', i > 0 && (isDigit(c) || c == '-' || c == '.'):
		case c < utf8.RuneSelf:
			return false
		default:
			plain = false
		}
	}
	if plain || name == "" {
		return plain
	}
	// Which other letters a name may have is a matter of long tables, which
	// encoding/xml has and keeps to itself.
	_, err := xml.NewDecoder(bytes.NewReader([]byte("<" + name + "/>"))).RawToken()
	return err == nil
}
