package wire

import "encoding/json"

// Encode joins encoded items to a request body: a bare array if root is empty,
// else {"root":{"<root>":[…]}} as v1.1 wants it. The items are copied as they
// are; check them with [CheckObject]. It allocates the result only.
func Encode(root string, items [][]byte) []byte {
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
		if name = root; !isPlainName(root) {
			encoded, err := json.Marshal(root)
			if err != nil { // a string always has an encoding
				return nil
			}
			name = string(encoded[1 : len(encoded)-1])
		}
		size += len(`"":[`) + len(name)
	}
	body := append(make([]byte, 0, size), before...)
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

// isPlainName reports whether the name needs no escape.
func isPlainName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
