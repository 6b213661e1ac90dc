package wire

import (
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// knownKind remembers the last look-up: items of one answer mostly share a code.
type knownKind struct {
	scope caperrors.Scope
	code  caperrors.Code
	kind  caperrors.Kind
	known bool
	set   bool
}

func (r *reader) scope(level caperrors.Level) caperrors.Scope {
	return caperrors.Scope{Version: r.call.Version, Entity: r.call.Entity, Level: level}
}

// kindOf returns what the code means. The call's own codes outrank the table.
// The bool is false if neither has it.
func (r *reader) kindOf(scope caperrors.Scope, code caperrors.Code) (caperrors.Kind, bool) {
	switch {
	case code == 0:
		return caperrors.ErrUnrecognised, false
	case slices.Contains(r.call.Oversize, code):
		return caperrors.ErrOversize, true
	case slices.Contains(r.call.Replay, code):
		return caperrors.ErrDuplicate, true
	}
	if k := &r.known; !k.set || k.code != code || k.scope != scope {
		meaning, known := caperrors.Lookup(scope, code)
		r.known = knownKind{scope: scope, code: code, kind: meaning.Kind, known: known, set: true}
	}
	return r.known.kind, r.known.known
}

// mayWarn reports whether the table has the code as one that is also sent
// beside things that were done.
func (r *reader) mayWarn(scope caperrors.Scope, code caperrors.Code) bool {
	if slices.Contains(r.call.Oversize, code) || slices.Contains(r.call.Replay, code) {
		return false
	}
	meaning, _ := caperrors.Lookup(scope, code)
	return meaning.Warning
}

// outcomeOf is what a code of that kind says of the thing it stands on.
func outcomeOf(kind caperrors.Kind, code caperrors.Code) caperrors.Outcome {
	switch kind {
	case 0, caperrors.ErrQueued:
		// Queued is stored: it must not be sent again.
		return caperrors.Applied
	case caperrors.ErrDuplicate:
		return caperrors.Duplicate
	case caperrors.ErrUncertain:
		return caperrors.Unknown
	case caperrors.ErrPartial:
		// Partly done is neither done nor refused; 500 says that nothing was.
		if code == caperrors.CodeAllFailed {
			return caperrors.Refused
		}
		return caperrors.Unknown
	default:
		return caperrors.Refused
	}
}

// asError is the kind of a code that stands in a list of errors. The list
// outranks a table that knows the number as a success.
func asError(kind caperrors.Kind) caperrors.Kind {
	if kind == 0 {
		return caperrors.ErrRefused
	}
	return kind
}

// resolver tells a list of errors where its codes are to be looked up.
type resolver uint8

const (
	// itemFirst is for errors on an item, or on the only thing of an answer.
	itemFirst resolver = iota
	// requestFirst is for errors on a request of many. Codes of the entity
	// stand there too, such as 8120 for too many ids, so the item rows are
	// asked after the request rows.
	requestFirst
)

// resolve returns the kind of a code in a list of errors and the scope that
// gave it.
func (r *reader) resolve(how resolver, code caperrors.Code) (caperrors.Kind, caperrors.Scope) {
	request, item := r.scope(caperrors.RequestLevel), r.scope(caperrors.ItemLevel)
	if how == requestFirst {
		kind, known := r.kindOf(request, code)
		if known {
			return asError(kind), request
		}
		if kind, known = r.kindOf(item, code); known {
			return asError(kind), item
		}
		return asError(kind), request
	}
	kind, _ := r.kindOf(item, code)
	return asError(kind), item
}

// isGeneral reports whether a code on the only thing of an answer speaks of the
// request: the entity has no row of its own for it.
func (r *reader) isGeneral(code caperrors.Code) bool {
	general, known := caperrors.Lookup(r.scope(caperrors.RequestLevel), code)
	if !known {
		return false
	}
	special, _ := caperrors.Lookup(r.scope(caperrors.ItemLevel), code)
	return general == special
}
