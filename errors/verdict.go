package errors

import "encoding/json"

// Warning is a status that the API reports beside an item that it applied. It
// is data: no error, and no reason to send the item again.
type Warning struct {
	Code    Code   `json:"code"`
	Message string `json:"message,omitempty"` // the service's text, which may quote the input; v1.1 sends none
}

// Verdict is what one answer says of one item. It is what a sender returns for
// each item it was given, in the order given.
type Verdict struct {
	Outcome   Outcome
	Scope     Scope
	Code      Code   // 0 if the answer gave the item none, as v2 does on success
	Kind      Kind   // meaning of Code in Scope
	Message   string // the service's text, which may quote the input
	Warnings  []Warning
	RequestID string // the service's name for the call that carried the item

	// Diagnostic tells where the answer contradicts itself about this item,
	// such as a success flag beside an error code. Empty: nowhere.
	Diagnostic string

	// Raw is the item's part of the answer. It may share memory with the
	// whole answer: copy it to keep it. Of an answer in XML it is that part
	// turned into JSON: an element is an object, one that repeats a list, a
	// text a string, an empty element null.
	Raw json.RawMessage
}
