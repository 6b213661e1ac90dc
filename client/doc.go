// Package client calls the Capillary loyalty API, v1.1 and v2.
//
//	c, err := client.New("https://eu.api.capillarytech.com", client.WithBasic(till, password))
//	resp, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: bill})
//
// A [Client] has one base URL and one set of credentials; [Client.With] gives it
// other ones, or another policy, for one call or for one of several tills. There
// are several ways to call, all by an [Endpoint], which is data:
//
//   - [Client.Call] makes one call for one thing: add a transaction, get a
//     customer. It also makes the calls for several that take an object with a
//     list in it, or a list of ids to read by.
//   - [Do] is the same and reads the answer into a type of yours, and [All] reads
//     a list page by page.
//   - [Send] makes one call with many items and returns the verdict on each.
//   - [Client.Bulk] gives the sender that the engines of package batch load
//     millions of items through.
//
// The catalogue ([Catalogue], [Lookup], and a variable for each) has the
// documented endpoints; others are a literal away.
//
// # What an answer means
//
// The HTTP status is no verdict, nor is a success flag or a failure counter.
// The body decides, item by item. The verdict on an item has one of five
// outcomes: applied, duplicate (the server had it already), refused, unknown,
// not sent.
//
// Unknown means that the call was sent and no usable answer came: a cut
// connection, a time-out, the page of a gateway. The API has no idempotency
// key, so a write that is sent again may be done twice. Unknown is therefore
// never folded into success or failure. Ask the API what became of it, or
// declare the call repeatable if doing it twice does no harm.
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
// A [retry.Policy] bounds attempts and time ([WithRetry]), and a budget that all
// calls of a client share bounds how much repetition adds when the service is in
// trouble. [Send] repeats its call, not single items of it.
//
// # A write that may be sent twice
//
// [Request.Repeatable], and [Endpoint.Repeatable] for all calls of a copy of an
// endpoint, say that doing the work twice leaves the same as doing it once: the
// service knows the thing again by its bill number or the like, or sets a value.
// Such a write is sent again after an unknown outcome, like a read. It changes
// nothing else: what is refused for good stays refused, and every repetition is
// paid from the budget. An answer that then calls the thing a duplicate may be
// speaking of the call's own first attempt, which AfterUnknown tells. Don't
// declare it for what adds or takes points, issues coupons or sends messages
// without such a number.
//
// # No circuit breaker
//
// A breaker counts failures and then refuses all calls for a time. The budget
// does what is wanted of it without its price: in an outage repetition dies out
// (when half of the attempts fail, to 1.2 requests a call if the service is busy
// and 1.07 if it gives no answer; when all fail, to one), while first attempts go
// on, so that the client sees at once when the service is back, and one bad
// endpoint does not close the others. Where a program must
// stop calling altogether, put a breaker around its own calls, such as
// github.com/sony/gobreaker: it sees what a call came to, and
// [caperrors.ErrTransient] tells it what to count. Within [WithMiddleware] it
// would see HTTP alone, whose status is no verdict here.
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
// [WithObserve] gives one stream of events, on which metrics and traces are
// built; client/otelcapillary, a module of its own, has those of OpenTelemetry.
//
// Nothing is logged by default. [WithLogger] gets these records:
//
//	debug   attempt             one HTTP request ended
//	debug   call                a call ended, whatever came of it
//	warn    call given up       it ended though its last answer was not final
//	error   observer panicked   a function given to WithObserve did
//
// Their attributes, each left out where it does not apply:
//
//	op            the endpoint's name, such as v2/transactions/bulk
//	attempt       number of the attempt, from 1
//	attempts      how many there were
//	outcome       of the attempt or call: applied, duplicate, refused, unknown, not-sent
//	elapsed       how long it took; a call from its first attempt on
//	wait          delay before the next attempt
//	http_status   of the answer, or the last one
//	request_id    the service's name for it, for which its support asks
//	applied       number of items with this outcome; so are the next four
//	duplicate
//	refused
//	unknown
//	not_sent
//	code          status code of the refusal
//	kind          what the code means, such as transient
//	stop          why the call was given up
//	error         what went wrong, without the service's own words
//	event         of the panic
//
// No record holds a body, a header, a query, an item's id or key, or a text of
// the service, which may quote a customer. The levels are for operators: that
// items are refused is an answer, and its place is the caller's error.
package client
