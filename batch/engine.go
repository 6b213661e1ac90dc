package batch

import (
	"bytes"
	"encoding/json"
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Engine loads items of type T through one sender. It is safe for concurrent
// use: items of several Do and Run calls share its calls, and no key is in
// flight twice among them. An engine that does nothing holds no goroutine.
//
// What it does about failures:
//
//   - An item refused for now (521 and the like) is tried [Config.MaxAttempts]
//     times.
//   - A call refused as a whole because the server is busy (461, 503, 429) costs
//     its items no attempt: outages burn time, bounded by [Advanced.MaxOutage],
//     and tokens of the client's budget; an empty budget makes the engine wait.
//     Calls without an answer count as an outage, too: the engine slows down and
//     stops in the end, before the whole input is unknown.
//   - A call without an answer leaves its items unknown, and [Config.OnUnknown]
//     says what follows. After a time-out the server may still be at work: the
//     keys of such a call stay closed for as long again, and the next calls carry
//     half as many items, so that less is at stake in each; see
//     [Progress.Target].
//   - A refusal that every call would meet (401, 403, 404, 405, 415, 1061, 1062,
//     1064) stops the job.
//   - A call refused for its content (400) is split until the item at fault is
//     alone, so that its neighbours go; bounded, so that a wrong request does not
//     cost two calls an item.
//   - A call refused for its size (1060 and the like) teaches how many items fit;
//     a number named by the server is taken at once. An edge that refuses a body
//     for its bytes (413 without a code of the API) teaches a second limit, beside
//     that of items; see [Progress.LimitBytes].
type Engine[T any] struct {
	core    *core
	encode  func(T) ([]byte, error)
	inspect func(body []byte) (key, id string, err error)
	key, id func(T) string // the caller's; nil: what inspect returns counts
	keys    func(T) []string
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
	raw := isRaw[T]()
	c := newCore(set, sender)
	if cfg.Reconcile != nil {
		c.reconcile = reconciler(cfg.Reconcile)
	}
	c.knowsIDs = endpoint != nil && cfg.ID == nil
	return &Engine[T]{
		core:    c,
		encode:  encoder[T](raw),
		inspect: inspector(endpoint, raw),
		key:     cfg.Key,
		id:      cfg.ID,
		keys:    cfg.Keys,
	}, nil
}

// isRaw reports whether items are encoded already, by their type.
func isRaw[T any]() bool {
	var zero T
	switch any(zero).(type) {
	case []byte, json.RawMessage:
		return true
	default:
		return false
	}
}

// encoder returns the function that encodes an item.
func encoder[T any](raw bool) func(T) ([]byte, error) {
	if !raw {
		return func(item T) ([]byte, error) { return inJSON(item) }
	}
	return func(item T) ([]byte, error) {
		switch body := any(item).(type) {
		case []byte:
			return body, nil
		case json.RawMessage:
			return body, nil
		default:
			return inJSON(item)
		}
	}
}

func inJSON(item any) ([]byte, error) {
	body, err := json.Marshal(item)
	if err != nil {
		return nil, &caperrors.ArgumentError{Field: "item", Index: -1, Reason: "does not encode to JSON", Err: err}
	}
	return body, nil
}

// inspector returns the function that checks a body and reads its key and id:
// the endpoint's, else one that only checks.
func inspector(endpoint Endpoint, raw bool) func(body []byte) (key, id string, err error) {
	if endpoint != nil {
		return endpoint.Inspect
	}
	check := object
	if raw {
		check = rawObject
	}
	return func(body []byte) (key, id string, err error) { return "", "", check(body) }
}

// rawObject refuses what would damage the body of the whole call.
func rawObject(raw []byte) error {
	if !json.Valid(raw) {
		return &caperrors.ArgumentError{Field: "item", Index: -1, Reason: "is not valid JSON"}
	}
	return object(raw)
}

func object(body []byte) error {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return &caperrors.ArgumentError{Field: "item", Index: -1, Reason: "must encode to a JSON object"}
	}
	return nil
}

// distinct returns the first of some keys and the others, without empty ones
// and without any twice.
func distinct(keys []string) (first string, more []string) {
	for _, key := range keys {
		switch {
		case key == "" || key == first || slices.Contains(more, key):
		case first == "":
			first = key
		default:
			more = append(more, key)
		}
	}
	return first, more
}

// prepare encodes an item, checks it once and reads its key and id. A panic in the caller's
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
	if enc.key, enc.id, enc.err = e.inspect(enc.body); enc.err != nil {
		return enc
	}
	switch {
	case e.key != nil:
		enc.key = e.key(item)
	case e.keys != nil:
		enc.key, enc.more = distinct(e.keys(item))
	}
	if e.id != nil {
		enc.id = e.id(item)
	}
	return enc
}
