package errors

import "fmt"

// Outcome is what is known of an item's effect at the server, once nothing
// more will be done about it. The zero value claims nothing: [Unknown].
type Outcome uint8

// The outcomes.
const (
	// Unknown: the item was sent and no usable answer tells what became of it.
	// It may have been applied.
	Unknown Outcome = iota
	// Applied: the server says that it did it.
	Applied
	// Duplicate: the server says that it had this very item already.
	Duplicate
	// Refused: the server says that it did not do it.
	Refused
	// NotSent: no byte of it left.
	NotSent
)

var outcomeNames = [...]string{
	Unknown:   "unknown",
	Applied:   "applied",
	Duplicate: "duplicate",
	Refused:   "refused",
	NotSent:   "not-sent",
}

// String returns the outcome's word: unknown, applied, duplicate, refused or
// not-sent.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return outcomeNames[Unknown]
}

// Done reports whether the server has the item: applied, or there before.
func (o Outcome) Done() bool { return o == Applied || o == Duplicate }

// MarshalText returns the outcome's word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads an outcome's word. Any other text is an error.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("outcome %q is none of unknown, applied, duplicate, refused, not-sent", Mask(string(text)))
}
