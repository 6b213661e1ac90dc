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
	// Overload: the service or its edge is busy (461, 503, 429).
	Overload
)

// What a repetition costs. The AWS SDKs' retry rules of 2026 take 14 tokens, and
// 5 where the server throttles: it has then said that it is alive.
const (
	repeatCost   = 14
	overloadCost = 5
)

// String returns none, transport, conflict or overload.
func (c Class) String() string {
	switch c {
	case Transport:
		return "transport"
	case Conflict:
		return "conflict"
	case Overload:
		return "overload"
	default:
		return "none"
	}
}

// Cost returns the tokens that one repetition costs: 14, or 5 for [Overload].
// [None] is not repeated and costs nothing.
func (c Class) Cost() int {
	switch c {
	case Transport, Conflict:
		return repeatCost
	case Overload:
		return overloadCost
	default:
		return 0
	}
}
