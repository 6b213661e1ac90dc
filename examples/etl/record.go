package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// record is one record of the input.
type record struct {
	row     int             // from 1
	body    json.RawMessage // the item, compact; nil if err is not
	id, key string
	err     error // why it could not be read
}

// MarshalJSON returns the item's body, or why there is none.
func (r record) MarshalJSON() ([]byte, error) { return r.body, r.err }

// maxRecord bounds one record in bytes, so that a quote that is never closed does not fill the memory.
const maxRecord = 16 << 20

var (
	errNotUTF8   = errors.New("is not UTF-8")
	errTooLarge  = fmt.Errorf("is larger than %d MiB", maxRecord>>20)
	errNotObject = errors.New("is not a JSON object")
)

// object returns raw without white space between its tokens if it is one JSON object.
func object(raw []byte) (json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, errNotUTF8
	}
	var b bytes.Buffer
	b.Grow(len(raw))
	if err := json.Compact(&b, raw); err != nil {
		return nil, fmt.Errorf("is not valid JSON: %w", err)
	}
	if body := b.Bytes(); body[0] == '{' {
		return body, nil
	}
	return nil, errNotObject
}
