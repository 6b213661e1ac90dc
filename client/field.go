package client

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/capillary-go/capillary/internal/wire"
)

// element returns a member of an object; nil if there is none.
func element(object []byte, name string) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return nil
	}
	return members[name]
}

// usualFields is how many paths are read without an allocation for them. The
// catalogue has no more than 6.
const usualFields = 8

// itemFields returns the reader of the key fields and, behind them, the id.
func (ep *Endpoint) itemFields() *wire.Fields {
	paths := make([]string, 0, len(ep.KeyFields)+1)
	return wire.CompileFields(append(append(paths, ep.KeyFields...), ep.IDField)...)
}

// inspect checks an item and reads its key and id with what itemFields returned.
func inspect(fields *wire.Fields, item []byte) (key, id string, err error) {
	var room [usualFields][]byte
	found, err := fields.Read(item, room[:0])
	if err != nil {
		return "", "", misfit("item", -1, "is not one JSON object", err)
	}
	last := len(found) - 1
	var first []byte
	for _, text := range found[:last] {
		if len(text) > 0 {
			first = text
			break
		}
	}
	key, id = texts(first, found[last])
	return key, id, nil
}

// texts returns two texts as strings in one allocation.
func texts(a, b []byte) (first, second string) {
	if bytes.Equal(a, b) {
		first = string(a)
		return first, first
	}
	var both strings.Builder
	both.Grow(len(a) + len(b))
	both.Write(a)
	both.Write(b)
	return both.String()[:len(a)], both.String()[len(a):]
}

// id returns the natural id of an encoded item, empty if it has none.
func (ep *Endpoint) id(item []byte) string {
	if ep.IDField == "" {
		if ep.List != "" {
			id, _ := wire.Scalar(item)
			return id
		}
		return ""
	}
	if found, err := wire.CompileFields(ep.IDField).Read(item, nil); err == nil {
		return string(found[0])
	}
	return ""
}

// comparesIDs reports whether the answer to n items can name them.
func (ep *Endpoint) comparesIDs(n int) bool {
	// With FailedID the lists do.
	return ep.IDField != "" && (ep.FailedID != "" || ep.EchoID != "" && n > 1)
}

// ids returns what the answer's echo can be compared with; nil if there is
// nothing to compare. The texts share their memory: an allocation for each
// would be most of what reading them costs.
func (ep *Endpoint) ids(items [][]byte) []string {
	if !ep.comparesIDs(len(items)) {
		return nil
	}
	fields := wire.CompileFields(ep.IDField)
	ids := make([]string, len(items))
	var room [1][]byte
	var all strings.Builder
	for i, item := range items {
		found, err := fields.Read(item, room[:0])
		if err != nil {
			continue // an item without an id
		}
		start := all.Len()
		if start == 0 {
			all.Grow((len(found[0]) + 1) * len(items)) // ids are mostly of one length
		}
		all.Write(found[0])
		ids[i] = all.String()[start:]
	}
	return ids
}
