package clienttest

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// item is what the simulator reads of a transaction or customer.
type item struct {
	raw      json.RawMessage
	object   bool     // whether raw is a JSON object
	number   string   // bill number; of a customer the first identifier
	customer string   // what must not be in flight twice
	names    []string // of a customer all identifiers

	profiles json.RawMessage // of a v2 customer
	echo     v1Echo
}

// v1Echo is what a v1.1 answer repeats of its request.
type v1Echo struct {
	kind                      string
	customer                  json.RawMessage
	mobile, email, externalID string
	firstName, lastName       string
}

// text is a JSON string, number or boolean taken as text. Anything else is empty, as if the field were missing.
type text string

// UnmarshalJSON never fails: the server judges the item, not its syntax.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	switch firstByte(raw) {
	case '"':
		if plain := raw[1 : len(raw)-1]; bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
			*t = text(bytes.TrimSpace(plain))
			return nil
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = text(strings.TrimSpace(s))
	case '{', '[', 'n':
	default:
		*t = text(raw)
	}
	return nil
}

type v2TransactionFields struct {
	BillNumber      text `json:"billNumber"`
	IdentifierValue text `json:"identifierValue"`
}

func v2Transaction(raw json.RawMessage) item {
	var f v2TransactionFields
	it := item{raw: raw, object: unmarshalObject(raw, &f)}
	it.number, it.customer = string(f.BillNumber), string(f.IdentifierValue)
	return it
}

type v1TransactionFields struct {
	Number   text            `json:"number"`
	Type     text            `json:"type"`
	Customer json.RawMessage `json:"customer"`
}

func v1Transaction(raw json.RawMessage) item {
	var f v1TransactionFields
	it := item{raw: raw, object: unmarshalObject(raw, &f)}
	it.number = string(f.Number)
	var c v1CustomerFields
	if unmarshalObject(f.Customer, &c) {
		it.customer = c.key()
		it.echo.customer = f.Customer
	}
	it.echo.kind = strings.ToUpper(string(f.Type))
	return it
}

type v1CustomerFields struct {
	Mobile     text `json:"mobile"`
	Email      text `json:"email"`
	ExternalID text `json:"external_id"`
	UserID     text `json:"user_id"`
	FirstName  text `json:"firstname"`
	LastName   text `json:"lastname"`
}

// key returns the first identifier that is not empty.
func (f *v1CustomerFields) key() string {
	if names := f.names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

func (f *v1CustomerFields) names() []string {
	var names []string
	for _, name := range []text{f.Mobile, f.Email, f.ExternalID, f.UserID} {
		if name != "" {
			names = append(names, string(name))
		}
	}
	return names
}

func v1Customer(raw json.RawMessage) item {
	var f v1CustomerFields
	it := item{raw: raw, object: unmarshalObject(raw, &f)}
	it.names = f.names()
	it.number, it.customer = f.key(), f.key()
	it.echo = v1Echo{
		mobile: string(f.Mobile), email: string(f.Email), externalID: string(f.ExternalID),
		firstName: string(f.FirstName), lastName: string(f.LastName),
	}
	return it
}

// loose is a JSON value that is empty where it is of another type.
type loose[T any] struct{ value T }

// UnmarshalJSON never fails on a well-formed value.
func (l *loose[T]) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &l.value); err != nil {
		var zero T
		l.value = zero
	}
	return nil
}

type v2CustomerFields struct {
	Profiles json.RawMessage `json:"profiles"`
}

type v2Profile struct {
	Identifiers loose[[]loose[v2Identifier]] `json:"identifiers"`
}

type v2Identifier struct {
	Value text `json:"value"`
}

func v2Customer(raw json.RawMessage) item {
	var f v2CustomerFields
	it := item{raw: raw, object: unmarshalObject(raw, &f)}
	it.profiles = f.Profiles
	var profiles loose[[]loose[v2Profile]]
	if f.Profiles != nil && json.Unmarshal(f.Profiles, &profiles) != nil {
		return it
	}
	for _, profile := range profiles.value {
		for _, identifier := range profile.value.Identifiers.value {
			if name := string(identifier.value.Value); name != "" {
				it.names = append(it.names, name)
			}
		}
	}
	if len(it.names) > 0 {
		it.number, it.customer = it.names[0], it.names[0]
	}
	return it
}

// unmarshalObject tells whether raw is an object, which v then holds.
func unmarshalObject(raw json.RawMessage, v any) bool {
	return isObject(raw) && json.Unmarshal(raw, v) == nil
}

// appendText appends s as a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	return appendText(b, value)
}
