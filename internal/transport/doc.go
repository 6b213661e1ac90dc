// Package transport sends one request until it is answered for good, or until
// there is a reason to stop. It is the only package that knows
// go-retryablehttp, which turns the loop; the package retry gives the waits.
//
// # Three ways an attempt ends
//
//   - Answered: the body was read and [Request.Judge] says what it means. A
//     transient refusal may be repeated: nothing was done.
//   - Not sent: no connection was had, so no byte of the request left. It may be
//     repeated.
//   - Unknown: sent, and no usable answer. It is repeated only if the request
//     is [Request.Repeatable].
//
// # What go-retryablehttp is kept from
//
// Each call has a client to itself while it lasts, whose callbacks lead into the
// call. They decide everything after each attempt, before the wait: its body is
// then already dropped, and its Backoff callback could not stop the loop. It is
// given no logger and no way to reach the connection pool, which it would close
// after each failure. Its errors, which hold the whole URL, are dropped: the
// call builds its own. The order of its loop is held by tests.
//
// # What is used again
//
// The call's own state, the client, its callbacks, and the hooks and the clock of
// the first attempt go on to another call, and the request's memory back to
// whoever lent it, only if that call had one attempt, straight through net/http's
// own transport, whose hooks show that all that was begun has ended. In any other
// case they are left to the garbage collector.
//
// With the clock goes the context that it would have cancelled, if nothing did.
// It is tied to a caller's context only while an attempt lasts. What an attempt
// shows of itself to net/http, with the caller's values and the deadline, is a
// view of it and never used again: dialers may look at it later. Where a
// middleware, an observer or hooks of the caller's are in the way, each attempt
// has a context of the usual kind, a child of the caller's.
//
// # What is shared with net/http
//
// The header with the credentials, if the caller has made one that serves all
// calls, and the address. Both go to a round tripper, which must not change a
// request; where anybody else sees the request it gets its own header.
//
// # Redirects
//
// Only a repeatable GET or HEAD follows redirects, at most five, within the same
// scheme, host and port; they are part of one attempt. Any other redirect is a
// [caperrors.DecodeError] of kind [caperrors.ErrUnsupported]. Its outcome is
// refused for 307 and 308, which ask for the same request elsewhere, and unknown
// for 301, 302 and 303: servers send these after the work was done, too.
package transport
