package errors

import "fmt"

// Version is a generation of the API, as the code tables name it.
type Version string

// The versions.
const (
	V1      Version = "v1.1"
	V2      Version = "v2"
	V3      Version = "v3"
	Gateway Version = "gateway"
)

// Level tells whether a code speaks of a request or of one item of it.
type Level uint8

// The levels.
const (
	RequestLevel Level = iota
	ItemLevel
)

// String returns "request" or "item".
func (l Level) String() string {
	if l == ItemLevel {
		return "item"
	}
	return "request"
}

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name. Any other text is an error.
func (l *Level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "request":
		*l = RequestLevel
	case "item":
		*l = ItemLevel
	default:
		return fmt.Errorf("level %q is neither request nor item", Mask(string(text)))
	}
	return nil
}

// Scope is where a code was read. It gives the code its meaning; see [Lookup].
type Scope struct {
	Version Version `json:"version,omitempty"` // the zero value matches the status page alone
	Entity  string  `json:"entity,omitempty"`  // as the code tables name it, in the singular: transaction, customer, coupon, …
	Level   Level   `json:"level"`             // of the request or of one item
}

// String returns the scope as "v2 transaction item".
func (s Scope) String() string {
	text := s.Level.String()
	if s.Entity != "" {
		text = s.Entity + " " + text
	}
	if s.Version != "" {
		text = string(s.Version) + " " + text
	}
	return text
}
