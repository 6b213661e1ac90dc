package client

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/capillary-go/capillary/internal/wire"
)

// field returns the string or number at a dotted path of an encoded object. A
// number in the path counts the elements of an array, from 0.
func field(item []byte, path string) (string, bool) {
	if !strings.ContainsAny(path, "0123456789") {
		return wire.Field(item, path)
	}
	segments := strings.Split(path, ".")
	last := len(segments) - 1
	for _, segment := range segments[:last] {
		if item = element(item, segment); item == nil {
			return "", false
		}
	}
	return wire.Field(item, segments[last])
}

// element returns a member of an object or an element of an array; nil if there
// is none.
func element(value []byte, name string) json.RawMessage {
	if i, err := strconv.Atoi(name); err == nil {
		var elements []json.RawMessage
		if json.Unmarshal(value, &elements) == nil && i >= 0 && i < len(elements) {
			return elements[i]
		}
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) != nil {
		return nil
	}
	return members[name]
}
