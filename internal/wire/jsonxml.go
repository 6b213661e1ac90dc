package wire

import "bytes"

// json returns the document as JSON, so that one set of rules reads and judges
// both. It is also what callers see of an item, since a JSON text is what they
// expect and can decode:
//
//   - an element with elements in it is an object; those with the same name are
//     one member, a list if there are several
//   - an element in which all elements are called "element" is a list
//   - any other element is a string without the white space around it; numbers
//     and truth values too, since XML doesn't tell them apart
//   - an empty element is null, whether it has the attribute null="true" or not:
//     the API writes lists, objects, numbers and texts so when there is nothing
//     in them, and null alone can be decoded into all of them
//   - a text between elements is a member "#text"
//
// Nothing else that the API writes is lost: its XML has no other attributes.
func (t *xmlTree) json() []byte {
	t.renameCode()
	t.owner, t.tail = make([]int, len(t.names)), make([]int, len(t.names))
	out := make([]byte, 0, len(t.body)+len(t.body)/4)
	if top := t.top(); t.nameOf(top) == "root" {
		return t.appendValue(out, top)
	}
	out = append(out, `{"response":`...)
	out = t.appendValue(out, t.top())
	return append(out, '}')
}

// renameCode lets the answer's status tell its code by the name that it has
// everywhere but in the XML of customer/interaction.
func (t *xmlTree) renameCode() {
	response := t.top()
	if t.nameOf(response) == "root" {
		response = t.childOf(response, "response")
	}
	status := t.childOf(response, "status")
	code := t.childOf(status, "response_code")
	if code != 0 && t.childOf(status, "code") == 0 {
		t.nodes[code].name = t.idOf("code")
	}
}

// childOf returns the first child with that name; 0 if there is none.
func (t *xmlTree) childOf(node int, name string) int {
	if node == 0 {
		return 0
	}
	child := t.nodes[node].from
	for child != 0 && t.nameOf(child) != name {
		child = t.nodes[child].next
	}
	return child
}

func (t *xmlTree) appendValue(out []byte, node int) []byte {
	n := &t.nodes[node]
	first := n.from
	switch {
	case n.name == nameText:
		return appendText(out, bytes.Trim(t.text[n.from:n.to], xmlSpace))
	case first == 0:
		return append(out, "null"...)
	case first == n.to && t.nodes[first].name == nameText:
		return t.appendValue(out, first)
	}
	if t.group(node) && t.nodes[first].name == nameElement {
		return t.appendRun(out, first, 0, true)
	}
	out = append(out, '{')
	for child := first; child != 0; {
		end, several := t.run(child)
		if child != first {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, t.nameOf(child)...)
		out = append(out, '"', ':')
		out = t.appendRun(out, child, end, several)
		child = end
	}
	return append(out, '}')
}

// group moves the children of a node so that those with the same name stand
// side by side, each name where it came first. It reports whether all have the
// same name.
func (t *xmlTree) group(node int) bool {
	names, before := 0, 0
	for child := t.nodes[node].from; child != 0; {
		next, name := t.nodes[child].next, t.nodes[child].name
		switch {
		case t.owner[name] != node:
			t.owner[name] = node
			names++
			before = child
		case t.tail[name] == before:
			before = child
		default:
			t.nodes[before].next = next
			t.nodes[child].next = t.nodes[t.tail[name]].next
			t.nodes[t.tail[name]].next = child
		}
		t.tail[name] = child
		child = next
	}
	t.nodes[node].to = before
	return names == 1
}

// run returns where the children that share a name with child end, and whether
// they are several.
func (t *xmlTree) run(child int) (end int, several bool) {
	end = t.nodes[child].next
	for end != 0 && t.nodes[end].name == t.nodes[child].name {
		end, several = t.nodes[end].next, true
	}
	return end, several
}

// appendRun appends the children from one up to another, as a list or as the
// one value there is.
func (t *xmlTree) appendRun(out []byte, child, end int, list bool) []byte {
	if !list {
		return t.appendValue(out, child)
	}
	mark := byte('[')
	for ; child != end; child = t.nodes[child].next {
		out = append(out, mark)
		out = t.appendValue(out, child)
		mark = ','
	}
	return append(out, ']')
}

// appendText appends a text as a JSON string. XML has no control characters
// but the three.
func appendText(out, text []byte) []byte {
	out = append(out, '"')
	for _, c := range text {
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
