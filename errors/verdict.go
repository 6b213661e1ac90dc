package errors

import (
	"encoding/json"
	"log/slog"
)

// Warning is a status that the API reports beside an item that it applied. It
// is data: no error, and no reason to send the item again.
type Warning struct {
	Code    Code   `json:"code"`              // 0 if it has none
	Message string `json:"message,omitempty"` // the service's text, which may quote the input; v1.1 sends none
}

// Verdict is what one answer says of one item. It is what a sender returns for
// each item it was given, in the order given.
type Verdict struct {
	Outcome   Outcome   // what became of the item
	Scope     Scope     // where Code was read
	Code      Code      // 0 if the answer gave the item none, as v2 does on success
	Kind      Kind      // meaning of Code in Scope
	Message   string    // the service's text, which may quote the input
	Warnings  []Warning // what the service remarks though it did it
	RequestID string    // the service's name for the call that carried the item

	// Diagnostic tells where the answer contradicts itself about this item,
	// such as a success flag beside an error code. Empty: nowhere.
	Diagnostic string

	// Raw is the item's part of the answer. It may share memory with the
	// whole answer: copy it to keep it. Of an answer in XML it is that part
	// turned into JSON: an element is an object, one that repeats a list, a
	// text a string, an empty element null.
	Raw json.RawMessage
}

// MarshalJSON returns the verdict as an object with stable names and masked
// text, without Raw.
func (v Verdict) MarshalJSON() ([]byte, error) {
	attrs := []slog.Attr{slog.String("outcome", v.Outcome.String())}
	if v.Code != 0 {
		attrs = append(attrs, scopeAttrs(v.Scope, v.Code, v.Kind, v.Message)...)
	} else {
		attrs = appendString(attrs, "message", Mask(v.Message))
	}
	if len(v.Warnings) > 0 {
		attrs = append(attrs, slog.Any("warnings", MaskWarnings(v.Warnings)))
	}
	attrs = appendString(attrs, "request_id", MaskRequestID(v.RequestID))
	return marshalAttrs(appendString(attrs, "diagnostic", Mask(v.Diagnostic)))
}

// MaskWarnings returns a copy of the warnings with masked messages, for logs.
func MaskWarnings(warnings []Warning) []Warning {
	masked := make([]Warning, len(warnings))
	for i, w := range warnings {
		masked[i] = Warning{Code: w.Code, Message: Mask(w.Message)}
	}
	return masked
}
