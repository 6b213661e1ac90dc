package batch

import (
	"bytes"
	"encoding/json"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Engine loads items of type T through one sender. It is safe for concurrent
// use: items of several Do and Run calls share its calls, and no key is in
// flight twice among them. An engine that does nothing holds no goroutine.
type Engine[T any] struct {
	core   *core
	encode func(T) ([]byte, error)
	key    func(item T, body []byte) string
	id     func(item T, body []byte) string
}

// New returns an engine that sends through sender. Items are encoded with
// encoding/json; []byte and json.RawMessage are sent as they are, and must not
// change before their result.
//
// The error joins an *caperrors.ArgumentError for each field of cfg that is
// wrong.
func New[T any](sender Sender, cfg Config[T]) (*Engine[T], error) {
	if sender == nil {
		return nil, &caperrors.ArgumentError{Field: "sender", Index: -1, Reason: "must not be nil"}
	}
	endpoint, _ := sender.(Endpoint)
	set, err := cfg.settings(endpoint)
	if err != nil {
		return nil, err
	}
	return &Engine[T]{
		core:   newCore(set, sender),
		encode: encoder[T](),
		key:    reader(cfg.Key, endpoint, Endpoint.Key),
		id:     reader(cfg.ID, endpoint, Endpoint.ID),
	}, nil
}

// reader returns the function that reads a key or an id: the caller's, else
// the endpoint's, else none.
func reader[T any](own func(T) string, endpoint Endpoint, fallback func(Endpoint, []byte) string) func(T, []byte) string {
	switch {
	case own != nil:
		return func(item T, _ []byte) string { return own(item) }
	case endpoint != nil:
		return func(_ T, body []byte) string { return fallback(endpoint, body) }
	default:
		return func(T, []byte) string { return "" }
	}
}

// encoder returns the function that encodes an item, chosen once by its type.
func encoder[T any]() func(T) ([]byte, error) {
	var zero T
	switch any(zero).(type) {
	case []byte, json.RawMessage:
		return func(item T) ([]byte, error) {
			switch raw := any(item).(type) {
			case []byte:
				return checked(raw)
			case json.RawMessage:
				return checked(raw)
			default:
				return json.Marshal(item)
			}
		}
	default:
		return func(item T) ([]byte, error) {
			body, err := json.Marshal(item)
			if err != nil {
				return nil, err
			}
			return object(body)
		}
	}
}

// checked refuses what would damage the body of the whole call.
func checked(raw []byte) ([]byte, error) {
	if !json.Valid(raw) {
		return nil, &caperrors.ArgumentError{Field: "item", Index: -1, Reason: "is not valid JSON"}
	}
	return object(raw)
}

func object(body []byte) ([]byte, error) {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, &caperrors.ArgumentError{Field: "item", Index: -1, Reason: "must encode to a JSON object"}
	}
	return body, nil
}

// prepare encodes an item and reads its key and id. A panic in the caller's
// functions is that item's error.
func (e *Engine[T]) prepare(item T) (enc encoded) {
	defer func() {
		if p := recover(); p != nil {
			enc.err = &PanicError{Value: p, Stack: stack()}
		}
	}()
	enc.body, enc.err = e.encode(item)
	if enc.err != nil {
		return enc
	}
	enc.key = e.key(item, enc.body)
	enc.id = e.id(item, enc.body)
	return enc
}
