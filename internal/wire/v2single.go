package wire

import caperrors "github.com/capillary-go/capillary/errors"

// readV2Single consumes the answer to a call for one thing. There is no common
// wrapper; the thing is bare, or below createdId, entity, data or result.
func (r *reader) readV2Single() {
	s := &r.scan
	t := &r.top
	r.status = emptyStatus()
	if s.peek() != '{' {
		s.skip()
		return
	}
	t.object = true
	for ok := s.open('}'); ok; ok = s.more('}') {
		t.members++
		name := s.key()
		if !isRemark(name) {
			t.things++
		}
		first := s.peek()
		start := s.pos
		switch string(name) {
		case "errors":
			r.errors = faults{}
			r.readErrors(&r.errors, itemFirst)
		case "error": // also in the singular
			if first == '{' || first == '[' {
				r.readErrors(&t.inner, itemFirst)
			} else {
				t.text = len(content(s.scalar())) > 0
			}
		case "warnings":
			t.notes = notes{}
			r.readNotes(&t.notes)
		case "success":
			t.success = flagOf(s.scalar())
		case "createdId", "data", "result":
			s.skip()
			t.results.set(placeOf(name), holdsSomething(s.data[start:s.pos], true))
		case "entity":
			r.entityV2()
			t.results.set(atEntity, holdsSomething(s.data[start:s.pos], true))
		case "response":
			if r.isStatus() {
				r.bodyV1()
			} else {
				s.skip()
			}
		case "redemptionStatus":
			switch {
			case r.call.Status == "redemptionStatus":
				r.statusAt("", &t.status, &t.notes)
			case r.call.Entity == "coupon":
				r.redemption(&t.inner)
			default:
				s.skip()
			}
		default:
			if rest, leads := step(r.call.Status, name); leads {
				r.statusAt(rest, &t.status, &t.notes)
			} else {
				r.counterV2(name)
			}
		}
	}
}

// isRemark reports whether a member speaks of the call and not of the thing. A
// gateway answers with such members alone, under any HTTP status.
func isRemark(name []byte) bool {
	switch string(name) {
	case "message", "msg", "code", "status", "statusCode", "errorCode", "errorMessage", "error", "detail", "title",
		"reason", "path", "timestamp", "success", "requestId":
		return true
	default:
		return false
	}
}

// entityV2 consumes an entity, and reads the counters that calls for several
// coupons of one customer keep in it.
func (r *reader) entityV2() {
	s := &r.scan
	if s.peek() != '{' {
		s.skip()
		return
	}
	for ok := s.open('}'); ok; ok = s.more('}') {
		r.counterV2(s.key())
	}
}

// counterV2 consumes a member that may tell how many parts of the one thing
// failed, and which.
func (r *reader) counterV2(name []byte) {
	s := &r.scan
	t := &r.top
	switch string(name) {
	case "totalCount":
		t.total = counterOf(s.scalar())
	case "failedCount", "failureCount":
		t.failed = counterOf(s.scalar())
	case "failedToRevoke", "unprocessedCoupons":
		r.readParts()
	case "failures": // a counter elsewhere
		if s.peek() == '[' {
			r.readParts()
		} else {
			s.skip()
		}
	case "currencyExpiryUpdateResponse":
		s.peek()
		start := s.pos
		s.skip()
		t.parts.done = holdsSomething(s.data[start:s.pos], true)
	default:
		s.skip()
	}
}

// partFaults are the parts of one thing that failed.
type partFaults struct {
	faults faults
	list   []caperrors.Warning
	done   bool // other parts are done
}

func (r *reader) readParts() {
	s := &r.scan
	p := &r.top.parts
	if s.peek() != '[' {
		s.skip()
		return
	}
	*p = partFaults{done: p.done}
	for ok := s.open(']'); ok; ok = s.more(']') {
		e := r.entry()
		if e.isBlank() {
			continue
		}
		kind, scope := r.resolve(itemFirst, e.number())
		p.faults.add(e.number(), e.message, kind, scope)
		if len(p.list) < maxWarnings {
			p.list = append(p.list, caperrors.Warning{Code: e.number(), Message: r.texts.of(e.message)})
		}
	}
}

// judgeV2Single decides the one thing.
func (r *reader) judgeV2Single() (Reply, error) {
	t := &r.top
	v := caperrors.Verdict{Scope: r.scope(caperrors.ItemLevel), Warnings: t.notes.list, Raw: r.raw}
	if t.notes.dropped {
		v.Diagnostic = diagWarningsCut
	}
	if r.errors.n == 0 {
		r.errors = t.inner
	}
	result := t.results != 0
	fine := r.http.Status >= 200 && r.http.Status < 300
	switch {
	case !t.object:
		return Reply{}, decodeError(&r.http, -1, shapeSingle)
	case r.status.tells():
		if f, refused := r.refusal(); refused {
			return r.whole(&f), nil
		}
		if r.allFailed() {
			v = r.failedVerdict()
			v.Raw = r.raw
		} else {
			v.Diagnostic = remark(v.Diagnostic, diagNoStatus)
		}
	case r.failedInPart():
		v.Outcome, v.Kind = caperrors.Applied, caperrors.ErrPartial
		v.Warnings = append(v.Warnings, t.parts.list...)
		if r.errors.n > 0 {
			v.Warnings = append(v.Warnings, caperrors.Warning{Code: r.errors.code, Message: r.texts.of(r.errors.message)})
		}
		v.Diagnostic = remark(v.Diagnostic, diagPartFailed)
	case r.errors.n > 0:
		general := r.isGeneral(r.errors.code)
		if general {
			r.errors.scope.Level = caperrors.RequestLevel
		}
		refusal := general || r.errors.kind == caperrors.ErrOversize || r.errors.code == caperrors.CodeAllFailed
		if refusal && !result {
			return r.whole(&r.errors), nil
		}
		r.fromErrors(&v, &r.errors)
		r.beside(&v, &t.notes, result)
	case r.failedInAll():
		r.fromErrors(&v, &t.parts.faults)
	case t.status.present:
		return r.judgeStatus(&v), nil
	case r.fromNotes(&v, &t.notes, result):
	case !fine && !result:
		return Reply{}, decodeError(&r.http, -1, shapeSingle)
	case t.text:
		v.Diagnostic = remark(v.Diagnostic, diagErrorText)
	case t.success == flagFalse:
		v.Diagnostic = remark(v.Diagnostic, diagSuccessFalse)
	case t.members == 0:
		v.Diagnostic = remark(v.Diagnostic, diagEmpty)
	case t.things == 0 && t.success != flagTrue:
		v.Diagnostic = remark(v.Diagnostic, diagRemarksAlone)
	default:
		v.Outcome = caperrors.Applied
		if t.notes.queued {
			v.Kind = caperrors.ErrQueued
		}
		if !fine {
			v.Diagnostic = remark(v.Diagnostic, diagHTTPApplied)
		}
	}
	return Reply{Verdicts: r.forAll(v)}, nil
}

// judgeStatus decides the one thing by a status of its own.
func (r *reader) judgeStatus(v *caperrors.Verdict) Reply {
	st := &r.top.status
	r.fromStatus(v, st)
	if v.Outcome == caperrors.Refused && r.isGeneral(st.code) {
		kind, scope := r.resolve(requestFirst, st.code)
		return r.whole(&faults{n: 1, code: st.code, kind: kind, scope: scope, message: st.message})
	}
	if v.Outcome == caperrors.Applied && v.Kind == 0 && r.top.notes.queued {
		v.Kind = caperrors.ErrQueued
	}
	return Reply{Verdicts: r.forAll(*v)}
}

// failedInPart reports whether some parts of the one thing failed and others
// are done: it must not be sent again as it is.
func (r *reader) failedInPart() bool {
	t := &r.top
	if t.total > 0 && t.failed >= 0 {
		return t.failed > 0 && t.failed < t.total
	}
	return t.parts.faults.n > 0 && t.parts.done
}

// failedInAll reports whether all parts of the one thing failed, which the API
// also calls a success.
func (r *reader) failedInAll() bool {
	t := &r.top
	if t.total > 0 && t.failed >= t.total {
		if t.parts.faults.n == 0 {
			t.parts.faults.add(0, nil, caperrors.ErrRefused, r.scope(caperrors.ItemLevel))
		}
		return true
	}
	return t.parts.faults.n > 0
}
