// Package retry holds the numbers and the pure decisions of repetition: how
// often, after what wait, and paid from which budget. It knows nothing of HTTP
// and sends nothing.
//
// # Classes
//
// What may be repeated belongs to a [Class]. The class decides the base of the
// wait and its price:
//
//	Transport   nothing was sent, or the connection broke    50 ms   14 tokens
//	Conflict    the customer is locked by another action    250 ms   14 tokens
//	Overload    the service or its edge sheds load             1 s   14 tokens
//	Throttled   more calls a minute than are allowed           1 s    5 tokens
//
// # Waits
//
// [Policy.Delay] draws each wait evenly between 0 and the least of MaxDelay and
// base·2ⁿ ("full jitter"), so that callers that failed together don't come back
// together. A wait that the server asks for is read by [ParseRetryAfter].
//
// # Budget
//
// A [Budget] bounds repetition over all calls that share it. While the service
// is well the budget is full and never in the way. When more and more calls
// fail it runs dry, and a call is then sent once and not again: an outage is
// not made worse by a multiple of its load. In the long run a call is sent
// 1 + (1−p)/(cost·p) times where each attempt fails with probability p: 1.07
// times at p = 0.5 and 14 tokens, 1.2 at 5, once at p = 1. Throttled calls, which
// are those at 5, come to less if the caller also slows down, as package client
// does.
package retry
