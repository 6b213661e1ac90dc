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
// The client, its callbacks and the hooks of the first attempt go on to another
// call, and the body's memory back to whoever lent it, only if that call had one
// attempt, straight through net/http's own transport, whose hooks show that all
// that was begun has ended. In any other case they are left to the garbage
// collector. Contexts and answers are never used again.
//
// # Redirects
//
// Only a repeatable GET or HEAD follows redirects, at most five, within the same
// scheme, host and port; they are part of one attempt. Any other redirect is a
// [caperrors.DecodeError] of kind [caperrors.ErrUnsupported]. Its outcome is
// refused for 307 and 308, which ask for the same request elsewhere, and unknown
// for 301, 302 and 303: servers send these after the work was done, too.
package transport
