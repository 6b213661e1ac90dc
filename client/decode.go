package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Decode reads an answer, such as [Response.Raw] or the Raw of a verdict, into
// a value of your own. Fields that V does not have are passed over. Numbers in
// fields of type any become [json.Number], since ids outgrow float64.
func Decode[V any](raw json.RawMessage) (V, error) {
	var v V
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err := dec.Decode(&v)
	if errors.Is(err, io.EOF) {
		return v, fmt.Errorf("decode answer into %T: nothing to decode", v)
	}
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
		err = errors.New("more than one value")
	}
	var zero V
	return zero, fmt.Errorf("decode answer into %T: %w", zero, err)
}
