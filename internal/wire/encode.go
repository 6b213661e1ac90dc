package wire

import (
	"bytes"
	"encoding/json"
)

// Encode joins encoded items to a request body: a bare array if root is empty,
// else {"root":{"<root>":[…]}} as v1.1 wants it. The items are copied as they
// are; check them with [CheckObject]. It allocates the result only.
func Encode(root string, items [][]byte) []byte { return AppendItems(nil, root, items) }

// AppendItems appends to dst what [Encode] returns. It allocates only if dst
// has no room, unless the name needs escapes.
func AppendItems(dst []byte, root string, items [][]byte) []byte {
	before, after := "[", "]"
	if root != "" {
		before, after = `{"root":{`, "]}}"
	}
	size := len(before) + len(after) + max(len(items)-1, 0)
	for _, item := range items {
		size += len(item)
	}
	name := ""
	if root != "" {
		name = escapedName(root)
		size += len(`"":[`) + len(name)
	}
	body := append(grow(dst, size), before...)
	if root != "" {
		body = append(body, '"')
		body = append(body, name...)
		body = append(body, `":[`...)
	}
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, after...)
}

// grow makes room for size bytes behind dst, and no more.
func grow(dst []byte, size int) []byte {
	if cap(dst)-len(dst) >= size {
		return dst
	}
	return append(make([]byte, 0, len(dst)+size), dst...)
}

// isPlainName reports whether the name needs no escape.
func isPlainName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// EncodeIn puts encoded items into an object as its member: {…,"<member>":[…]}.
// Object is an encoded JSON object without that member, or empty. It allocates
// the result only, unless the name needs escapes.
func EncodeIn(object []byte, member string, items [][]byte) []byte {
	return AppendItemsIn(nil, object, member, items)
}

// AppendItemsIn appends to dst what [EncodeIn] returns.
func AppendItemsIn(dst, object []byte, member string, items [][]byte) []byte {
	head := bytes.TrimSpace(object)
	head = bytes.TrimSuffix(head, []byte("}"))
	head = bytes.TrimRight(head, " \t\r\n")
	if len(head) == 0 {
		head = []byte("{")
	}
	size := len(head) + len(member) + len(`,"":[]}`) + len(items)
	for _, item := range items {
		size += len(item)
	}
	body := append(grow(dst, size), head...)
	if len(head) > 1 {
		body = append(body, ',')
	}
	body = append(body, '"')
	body = append(body, escapedName(member)...)
	body = append(body, `":[`...)
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, "]}"...)
}

// escapedName returns a member's name as it stands between quotes.
func escapedName(name string) string {
	if isPlainName(name) {
		return name
	}
	encoded, err := json.Marshal(name)
	if err != nil { // a string always has an encoding
		return ""
	}
	return string(encoded[1 : len(encoded)-1])
}
