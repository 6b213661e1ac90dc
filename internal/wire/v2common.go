package wire

import caperrors "github.com/capillary-go/capillary/errors"

// topV2 is what stands beside the items of a v2 answer, or around its only one.
type topV2 struct {
	object  bool
	members int
	things  int // members that speak of more than the call itself
	notes   notes
	status  statusV1 // of the one thing, where the call has it
	total   int      // totalCount; -1 if not told
	failed  int      // failureCount or failedCount; -1 if not told
	success flag     // the flag; a counter of that name is none
	results places   // where createdId, entity, data or result holds something
	text    bool     // a member error holds a text: another server's way to tell an error
	parts   partFaults
	counted int    // successCount; -1 if not told
	inner   faults // redemptionStatus, or error in the singular
}

// redemption consumes the status of a coupon's redemption and adds it to the
// errors if it tells a failure.
func (r *reader) redemption(f *faults) {
	s := &r.scan
	if s.peek() != '{' {
		s.skip()
		return
	}
	st := emptyStatus()
	r.statusV1(&st, nil)
	scope := r.scope(caperrors.ItemLevel)
	kind, known := r.kindOf(scope, st.code)
	if known && kind == 0 || !known && st.flag != flagFalse {
		return
	}
	*f = faults{n: 1, code: st.code, kind: asError(kind), scope: scope, message: st.message}
}

// places is a set of members by name, so that the last of equal names wins.
type places uint8

const (
	atCreatedID places = 1 << iota
	atEntityID
	atEntity
	atData
	atResult
)

func placeOf(name []byte) places {
	switch string(name) {
	case "createdId":
		return atCreatedID
	case "entityId":
		return atEntityID
	case "entity":
		return atEntity
	case "data":
		return atData
	default:
		return atResult
	}
}

func (p *places) set(place places, on bool) {
	if *p &^= place; on {
		*p |= place
	}
}

// holdsSomething reports whether a value tells that something was made. Null,
// false, an empty text, 0 and negative ids don't; an object or a list does if
// structured is set and it is not empty.
func holdsSomething(value []byte, structured bool) bool {
	if len(value) == 0 {
		return false
	}
	switch value[0] {
	case 'n', 'f', '0', '-':
		return false
	case '"':
		return len(value) > 2
	case '{', '[':
		inner := scanner{data: value, pos: 1}
		return structured && inner.peek() != value[0]+2
	default:
		return true
	}
}
