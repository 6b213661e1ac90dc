package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

var (
	errNothing = errors.New("nothing to decode")
	errSeveral = errors.New("more than one value")
)

// Decode reads an answer, such as [Response.Raw] or the Raw of a verdict, into
// a value of your own. Fields that V does not have are passed over. Numbers in
// fields of type any become [json.Number], since ids outgrow float64. The error
// names the member that does not fit and does not quote it; it wraps that of
// encoding/json, which may.
func Decode[V any](raw json.RawMessage) (V, error) {
	var v V
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err := dec.Decode(&v)
	switch {
	case errors.Is(err, io.EOF):
		err = errNothing
	case err == nil:
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
		err = errSeveral
	}
	var zero V
	return zero, newUnfitError[V](err)
}
