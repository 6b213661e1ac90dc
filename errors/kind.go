package errors

import "fmt"

// Kind is a family of codes. It is decided once, at decoding, from the code
// and its [Scope], and stored in the error. A Kind is an error, so that
// errors.Is(err, ErrTransient) asks for the family.
//
// The zero Kind says that the code stands for success.
type Kind uint8 //nolint:errname // a family of codes; it is an error so that errors.Is can compare it

// The kinds.
const (
	// ErrTransient: refused for now, nothing was done; a later try can succeed.
	ErrTransient Kind = iota + 1
	// ErrOversize: the call carried more than the endpoint takes at once;
	// nothing was done.
	ErrOversize
	// ErrPartial: some or all items failed; the items say which.
	ErrPartial
	// ErrInvalid: the input is not valid.
	ErrInvalid
	// ErrUnauthenticated: credentials or token not accepted.
	ErrUnauthenticated
	// ErrPermission: the credentials don't allow this.
	ErrPermission
	// ErrNotFound: the thing asked for does not exist.
	ErrNotFound
	// ErrUnsupported: method, media type or operation not supported.
	ErrUnsupported
	// ErrMisconfigured: a header or an org setting is wrong, so that every
	// call will be refused the same way.
	ErrMisconfigured
	// ErrDuplicate: the server has this very item already.
	ErrDuplicate
	// ErrConflict: another item holds the identifier.
	ErrConflict
	// ErrUncertain: the server itself does not know whether it was done.
	ErrUncertain
	// ErrQueued: accepted, done later; not to be sent again.
	ErrQueued
	// ErrRefused: refused for a reason of the entity, which the code names.
	ErrRefused
	// ErrUnrecognised: a number that no table has. It is not transient.
	ErrUnrecognised
)

var kindNames = [...]string{
	0:                  "success",
	ErrTransient:       "transient",
	ErrOversize:        "oversize",
	ErrPartial:         "partial",
	ErrInvalid:         "invalid",
	ErrUnauthenticated: "unauthenticated",
	ErrPermission:      "permission",
	ErrNotFound:        "not-found",
	ErrUnsupported:     "unsupported",
	ErrMisconfigured:   "misconfigured",
	ErrDuplicate:       "duplicate",
	ErrConflict:        "conflict",
	ErrUncertain:       "uncertain",
	ErrQueued:          "queued",
	ErrRefused:         "refused",
	ErrUnrecognised:    "unrecognised",
}

// String returns the kind's name, such as "transient".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unrecognised"
}

// Error returns the kind's name, such as "transient".
func (k Kind) Error() string { return k.String() }

// MarshalText returns the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name. Any other text is an error.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kindNames {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("kind %q is none of this package", Mask(string(text)))
}
