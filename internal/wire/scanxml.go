package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"unicode/utf8"
)

// The reasons for which an XML body is not read, beside those of a scanner.
const (
	reasonXML      = "bad XML"
	reasonTag      = "an end tag without its start tag"
	reasonDoctype  = "a document type declaration"
	reasonEncoding = "an encoding other than UTF-8, or an XML version other than 1.0"
	reasonUTF8     = "invalid UTF-8"
	reasonTop      = "the XML has neither response nor root at its top"
	reasonLong     = "a tag longer than 64 KiB"
	reasonMany     = "more XML elements than an answer has"
)

// An answer of 20,000 items stays below these. They hold the tree of a hostile
// body at 40 MB.
const (
	maxXMLNodes = 1 << 20
	maxXMLNames = 1 << 16
	maxXMLTag   = 1 << 16
)

const xmlSpace = " \t\r\n"

// xmlNode is an element or a text between two tags.
type xmlNode struct {
	name     int // index into xmlTree.names
	from, to int // an element's first and last child; a text's place in xmlTree.text
	next     int // next sibling
}

// xmlTree is an XML document. Node 0 stands for none.
type xmlTree struct {
	body  []byte
	nodes []xmlNode
	text  []byte // all texts, one behind the other
	names []string
	index map[string]int

	// group's notes by name: the element whose children it counts, and the
	// last of them.
	owner, tail []int
}

// The first names of each tree. No element can have the name of the first.
const (
	nameText = iota
	nameElement
)

// readTree reads an XML document. It is as strict as encoding/xml, and more:
// one element at the top, nothing but white space and comments around it, no
// document type declaration anywhere, and thus no entities but the five that
// XML has, UTF-8 throughout, and the bounds above. Attributes, comments and
// processing instructions are passed over, and so is white space between tags.
func readTree(body []byte) (*xmlTree, *syntaxError) {
	t := &xmlTree{
		body:  body,
		nodes: make([]xmlNode, 1, 64),
		names: []string{nameText: "#text", nameElement: "element"},
		index: map[string]int{"element": nameElement},
	}
	if !utf8.Valid(body) {
		return nil, &syntaxError{offset: firstInvalid(body), reason: reasonUTF8}
	}
	source := &tagReader{Reader: bytes.NewReader(body)}
	d := xml.NewDecoder(source)
	open := make([]int, 1, maxDepth+1) // the way to the innermost open element
	for {
		start := int(d.InputOffset())
		source.begin(body[start:])
		token, err := d.RawToken() // Token would keep a second stack of the open tags
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.fault(int(d.InputOffset()), reasonOf(err))
		}
		inner := len(open) - 1
		reason := ""
		switch token := token.(type) {
		case xml.StartElement:
			if reason = t.open(open[inner], token.Name, inner); reason == "" {
				open = append(open, len(t.nodes)-1)
			}
		case xml.EndElement:
			if inner == 0 || t.nameOf(open[inner]) != fullName(token.Name) {
				reason = reasonTag
			} else {
				open = open[:inner]
			}
		case xml.CharData:
			reason = t.chars(open[inner], token, inner)
		case xml.Directive:
			reason = reasonDoctype
		}
		if reason != "" {
			return nil, &syntaxError{offset: start, reason: reason}
		}
	}
	if len(open) > 1 || t.top() == 0 {
		return nil, &syntaxError{offset: len(body), reason: reasonCut}
	}
	return t, nil
}

// top returns the only element that no other one holds.
func (t *xmlTree) top() int { return t.nodes[0].from }

func (t *xmlTree) nameOf(node int) string { return t.names[t.nodes[node].name] }

// open adds an element below parent, at the depth given.
func (t *xmlTree) open(parent int, name xml.Name, depth int) string {
	switch {
	case depth >= maxDepth:
		return reasonDeep
	case depth == 0 && t.top() != 0:
		return reasonTrailing
	case len(t.nodes) > maxXMLNodes:
		return reasonMany
	}
	id := t.idOf(fullName(name))
	if id >= maxXMLNames {
		return reasonMany
	}
	t.add(parent, xmlNode{name: id})
	return ""
}

// idOf returns the place of a name in names.
func (t *xmlTree) idOf(name string) int {
	id, known := t.index[name]
	if !known {
		id = len(t.names)
		t.names = append(t.names, name)
		t.index[name] = id
	}
	return id
}

// chars adds a text below parent. Texts with no tag between them are one.
func (t *xmlTree) chars(parent int, piece []byte, depth int) string {
	blank := len(bytes.Trim(piece, xmlSpace)) == 0
	if depth == 0 {
		if blank {
			return ""
		}
		if t.top() == 0 {
			return reasonXML
		}
		return reasonTrailing
	}
	last := t.nodes[parent].to
	if last == 0 || t.nodes[last].name != nameText {
		if blank {
			return ""
		}
		if len(t.nodes) > maxXMLNodes {
			return reasonMany
		}
		last = t.add(parent, xmlNode{name: nameText, from: len(t.text)})
	}
	t.text = append(t.text, piece...)
	t.nodes[last].to = len(t.text)
	return ""
}

func (t *xmlTree) add(parent int, node xmlNode) int {
	at := len(t.nodes)
	t.nodes = append(t.nodes, node)
	if before := t.nodes[parent].to; before != 0 {
		t.nodes[before].next = at
	} else {
		t.nodes[parent].from = at
	}
	t.nodes[parent].to = at
	return at
}

// fault is the error that the decoder found before a byte. What goes wrong at
// the end was cut there.
func (t *xmlTree) fault(at int, reason string) *syntaxError {
	if at >= len(t.body) && reason == reasonXML {
		at, reason = len(t.body), reasonCut
	}
	return &syntaxError{offset: at, reason: reason}
}

// reasonOf keeps the decoder's own text away: it quotes the body.
func reasonOf(err error) string {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errLongTag):
		return reasonLong
	case errors.As(err, &syntax):
		return reasonXML
	default:
		return reasonEncoding
	}
}

var errLongTag = errors.New(reasonLong)

// tagReader ends a tag that goes on and on: the decoder would hold a million
// attributes in forty times their size.
type tagReader struct {
	*bytes.Reader
	left int // of the tag; negative: no tag
}

// begin tells what the next token is read from.
func (r *tagReader) begin(rest []byte) {
	r.left = -1
	if len(rest) > 1 && rest[0] == '<' && rest[1] != '!' && rest[1] != '?' {
		r.left = maxXMLTag
	}
}

func (r *tagReader) ReadByte() (byte, error) {
	if r.left == 0 {
		return 0, errLongTag
	}
	r.left--
	return r.Reader.ReadByte()
}

func firstInvalid(body []byte) int {
	at := 0
	for at < len(body) {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return at
}

func fullName(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}
