package retry

// Class tells why something is repeated. The zero Class, [None], says that it
// is final.
type Class uint8

// The classes.
const (
	// None: final, not to be repeated.
	None Class = iota
	// Transport: no answer arrived, such as a refused connection.
	Transport
	// Conflict: one customer is locked for the moment (status 521).
	Conflict
	// Overload: the service or its edge is busy (461, 503).
	Overload
	// Throttled: more calls a minute than are allowed (429).
	Throttled
)

// What a repetition costs. The AWS SDKs' retry rules of 2026 take 14 tokens, also
// after 502 and 503, and 5 where the server throttles: it is then well, and the
// caller goes too fast.
const (
	repeatCost    = 14
	throttledCost = 5
)

// String returns none, transport, conflict, overload or throttled.
func (c Class) String() string {
	switch c {
	case Transport:
		return "transport"
	case Conflict:
		return "conflict"
	case Overload:
		return "overload"
	case Throttled:
		return "throttled"
	default:
		return "none"
	}
}

// Cost returns the tokens that one repetition costs: 14, or 5 for [Throttled].
// [None] is not repeated and costs nothing.
func (c Class) Cost() int {
	switch c {
	case Transport, Conflict, Overload:
		return repeatCost
	case Throttled:
		return throttledCost
	default:
		return 0
	}
}
