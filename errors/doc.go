// Package errors holds the status codes of the Capillary loyalty API, what
// they mean, the outcomes of items, and every error type of this module.
// Import it as caperrors:
//
//	import caperrors "github.com/capillary-go/capillary/errors"
//
// # Two levels
//
// The API answers every call on two levels: a code for the request and a code
// for each item in it. A [Code] is the bare number. The same number means
// different things by API version, entity and level (604 is a repeated bill
// number, or a missing one-time password), so a code alone has no meaning:
// [Lookup] takes a [Scope] with it. The meaning is looked up once, when an
// answer is decoded, and stored as a [Kind] beside the scope and the code.
//
// # Errors of a call
//
// A failed call returns one [CallError]: what was tried, how often, why it
// stopped, and what is known of the effect at the server. It wraps exactly one
// inner error, which says what came back last:
//
//   - [RequestError]: the API refused the request as a whole;
//   - [BatchError]: the API answered item by item and some items failed;
//   - [TransportError]: no usable answer arrived;
//   - [DecodeError]: an answer arrived that is not the API's;
//   - [CredentialsError]: the caller's own function gave no credentials.
//
// If the pace or the credentials then kept the call from being tried again, that
// stands beside the answer, and errors.As finds both.
//
// An [ArgumentError] is found before anything is sent and stands alone. Several
// are joined by errors.Join.
//
// Codes, kinds and stop reasons are constants and errors at once:
//
//	errors.Is(err, caperrors.CodeSearchBusy)  // compares the number
//	errors.Is(err, caperrors.ErrTransient)    // compares the kind
//	errors.Is(err, caperrors.ErrRetryBudget)  // compares the reason for stopping
//
// On a batch each of these means "some item". A [RequestError] or [DecodeError]
// also matches one with the same fields; the other errors hold causes, and two
// of them are the same only if they are one.
//
// # What never appears
//
// No error holds a request, a response, a header or a body; of an answer that is
// not the API's, a [DecodeError] has the first 200 characters, unless it repeats
// eight letters and digits in a row of what was sent. An [ArgumentError] quotes
// nothing of a value that does not encode. Their text is one line.
// Every formatting verb, log handler and JSON encoder gets the same masked text:
// runs of seven or more digits, telephone numbers in groups and mail addresses,
// which may belong to a customer, are replaced, control characters are escaped.
// [Mask] tells more.
//
// # JSON
//
// Every error, and every result of packages client and batch, encodes to a JSON
// object for tools in other languages. schema.json beside this file tells its
// members; "type" says which error it is. What package errors or fmt has joined
// or wrapped has no JSON form: encode what errors.As finds in it.
//
// # With package fmt
//
// Package fmt cannot call methods on unexported fields. Don't print a struct
// that keeps an error in one with %s or %q: fmt calls the verb wrong and shows
// all fields of the error. With %v it shows an address.
package errors
