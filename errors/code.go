package errors

import "strconv"

// Code is a status code of the API, of a request or of an item. The number is
// kept as sent, known or not. A Code is an error, so that
// errors.Is(err, CodeSearchBusy) asks whether that number came back; it has no
// meaning without the [Scope] it was read in.
type Code int //nolint:errname // a code is a number first; it is an error so that errors.Is can compare it

// The request-level codes of the API's status page, and the four that the
// pages on access, tokens and rates add.
//
//nolint:errname // named for what they are first: codes
const (
	CodeSuccess         Code = 200  // every item was processed
	CodePartial         Code = 201  // some items failed; not the HTTP status 201
	CodeInvalidInput    Code = 400  // input, path, lookup type or index range not valid
	CodeUnauthenticated Code = 401  // credentials or token not accepted
	CodeForbidden       Code = 403  // v2 not enabled, mandatory field missing, or access denied: the message says which
	CodeNotFound        Code = 404  // resource unknown
	CodeNotSupported    Code = 405  // operation not supported
	CodeMediaType       Code = 415  // content type missing or not supported
	CodeRateLimited     Code = 429  // too many calls a minute
	CodeSearchBusy      Code = 461  // search engine busy
	CodeTokenExpired    Code = 498  // token expired; may stand beside success "true"
	CodeAllFailed       Code = 500  // every item failed
	CodeAccessUnknown   Code = 503  // authorisation status not available
	CodeCustomerBusy    Code = 521  // another action runs for the same customer
	CodeBatchTooLarge   Code = 1060 // more items than one call may carry
	CodeLookupType      Code = 1061 // attribution lookup header without its type header
	CodeTestControl     Code = 1062 // test or control status not valid
	CodeOrgID           Code = 1064 // org id not valid
	CodeAccessDenied    Code = 4000 // access group denies the resource
	CodeAccessCheckDown Code = 4001 // the access check itself is down
)

// Error returns the number in words, such as "status 461".
func (c Code) Error() string { return "status " + strconv.Itoa(int(c)) }
