// Package client calls the Capillary loyalty API, v1.1 and v2.
//
//	c, err := client.New("https://eu.api.capillarytech.com", client.WithBasic(till, password))
//	resp, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: bill})
//
// A [Client] has one base URL and one set of credentials; [Client.With] gives it
// other ones, or another policy, for one call or for one of several tills. Every
// call is of an [Endpoint], which is data: the catalogue ([Catalogue], [Lookup],
// and a variable for each) has the documented ones, others are a literal away.
//
//   - [Client.Call] makes one call for one thing: add a transaction, get a
//     customer; also for several, where an object with a list in it or a list of
//     ids is taken.
//   - [Do] is the same and reads the answer into a type of yours, and [All] reads
//     a list page by page.
//   - [Send] makes one call with many items and returns the verdict on each.
//   - [Client.Bulk] is what the engines of package batch load millions of items
//     through.
//
// # What an answer means
//
// The HTTP status is no verdict, nor is a success flag or a failure counter.
// The body decides, item by item: applied, duplicate (the server had it already),
// refused, unknown, or not sent.
//
// Unknown means that the call was sent and no usable answer came: a cut
// connection, a time-out, the page of a gateway. The API has no idempotency
// key, so a write that is sent again may be done twice. Ask the API what became
// of it, or declare the call repeatable ([Request.Repeatable]) if doing it twice
// does no harm.
//
// # What is tried again
//
//	status 461, 503, 521 in the body      after a wait with jitter
//	HTTP 429, 503, 521 of the edge        the same, and as long as Retry-After asks
//	nothing was sent                      the same
//	status 401, 498, HTTP 401             once, with a new token, or what [WithCredentials] now gives
//	unknown outcome                       only reads, and what is declared repeatable
//	everything else                       never
//
// A [retry.Policy] bounds attempts and time ([WithRetry]), and a budget shared by
// all calls of a client bounds what repetition adds when the service is in
// trouble. [Send] repeats its call, not single items of it.
//
// # Errors
//
// With errors being the standard package and caperrors
// github.com/capillary-go/capillary/errors:
//
//	a fault in the arguments, nothing sent   errors.As(err, &argumentError)
//	refused for now, worth a later try       errors.Is(err, caperrors.ErrTransient)
//	the input is wrong                       errors.Is(err, caperrors.ErrInvalid)
//	credentials refused                      errors.Is(err, caperrors.ErrUnauthenticated)
//	the server has it already                errors.Is(err, caperrors.ErrDuplicate)
//	one number                               errors.Is(err, caperrors.CodeSearchBusy)
//	some items of many are not done          errors.As(err, &batchError)
//	done or not?                             caperrors.OutcomeOf(err)
//
// Every call that failed is a [caperrors.CallError]: what was tried, how often,
// and why it was given up. No error, log line or print of a Client holds a
// credential.
//
// # Watching it
//
// [WithObserve] gives one stream of events; client/otelcapillary, a module of its
// own, makes OpenTelemetry's metrics and traces of it. Nothing is logged by
// default; [WithLogger] lists the records and their attributes. To test code that
// calls the API, see client/clienttest.
package client
