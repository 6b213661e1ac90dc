package wire

import caperrors "github.com/capillary-go/capillary/errors"

// partsV2 is what an item of v2 says of itself.
type partsV2 struct {
	errors  faults
	notes   notes
	inner   inner
	stated  bool   // it has a list of errors or warnings
	told    places // it has an id or a result
	results places // something was made: the id or the result holds something
	refused places // the result is false
	success flag
	partial bool // some children failed
	status  statusV1
	parts   parts
	id      []byte
}

// itemV2 consumes one item of a bulk answer.
func (r *reader) itemV2(it *item) {
	s := &r.scan
	var p partsV2
	head, rest := cutPath(r.call.EchoID)
	extra := r.call.Status != "" || r.call.Parts != ""
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		first := s.peek()
		start := s.pos
		echo := string(name) == head && head != ""
		switch string(name) {
		case "errors":
			p.errors, p.stated = faults{}, p.stated || first != 'n'
			r.readErrors(&p.errors, itemFirst)
		case "error": // of the badges: an object or null
			if first == '{' {
				p.inner.errors = faults{}
				r.readErrors(&p.inner.errors, itemFirst)
			} else {
				s.skip()
			}
			p.stated = true
		case "warnings":
			p.notes, p.stated = notes{}, p.stated || first != 'n'
			r.readNotes(&p.notes)
		case "success":
			p.success = flagOf(s.scalar())
		case "childFailureCount":
			p.partial = counterOf(s.scalar()) > 0
		case "result", "entity", "data":
			if echo && rest != "" && !r.isNested(name) {
				p.id, echo = s.find(rest), false
			} else {
				r.resultV2(&p, name)
			}
			p.add(placeOf(name), s.data[start:s.pos], true)
		case "entityId":
			s.skip()
			// An object there repeats the input, also on a failure.
			p.add(atEntityID, s.data[start:s.pos], false)
		default:
			if echo {
				p.id, echo = s.find(rest), false
			} else {
				s.skip()
			}
		}
		if echo && s.err == nil {
			again := scanner{data: s.data[start:s.pos]}
			p.id = again.find(rest)
		}
		if extra && s.err == nil {
			r.extraV2(&p, name, s.data[start:s.pos])
		}
	}
	it.id = p.id
	r.judgeV2(it, &p)
}

// extraV2 reads a member again for the status and the parts of the calls that
// have them.
func (r *reader) extraV2(p *partsV2, name, value []byte) {
	outer := r.scan
	if rest, leads := step(r.call.Status, name); leads {
		r.scan = scanner{data: value}
		r.statusAt(rest, &p.status, &p.notes)
	}
	if _, leads := step(r.call.Parts, name); leads {
		r.scan = scanner{data: value}
		r.onParts(name, &p.parts)
	}
	r.scan = outer
}

// inner is what a result says of itself. It is kept apart from the item's own
// lists, which may stand before or behind it.
type inner struct {
	errors faults
	notes  notes
}

// add notes a value that tells of an effect.
func (p *partsV2) add(place places, value []byte, structured bool) {
	if len(value) == 0 {
		return
	}
	p.told.set(place, value[0] != 'n')
	p.refused.set(place, value[0] == 'f')
	p.results.set(place, holdsSomething(value, structured))
}

// isNested tells where a result may hold a status of its own: coupons put
// redemptionStatus and warnings there, hierarchies put lists into the entity.
func (r *reader) isNested(name []byte) bool {
	return string(name) == "entity" || string(name) == "result" && r.call.Entity == "coupon"
}

// resultV2 consumes a result or an entity, and reads the statuses that some
// calls keep in it.
func (r *reader) resultV2(p *partsV2, name []byte) {
	s := &r.scan
	if !r.isNested(name) || s.peek() != '{' {
		s.skip()
		return
	}
	p.inner = inner{}
	for ok := s.open('}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "errors":
			r.readErrors(&p.inner.errors, itemFirst)
		case "warnings":
			r.readNotes(&p.inner.notes)
		case "redemptionStatus":
			r.redemption(&p.inner.errors)
		default:
			s.skip()
		}
	}
}

// judgeV2 decides one item: its errors first, then the warnings that are
// failures.
func (r *reader) judgeV2(it *item, p *partsV2) {
	if r.call.Status == NoStatus {
		// What it lists is not about this call.
		it.strip()
		return
	}
	if p.errors.n == 0 {
		p.errors = p.inner.errors
	}
	p.notes.join(&p.inner.notes)
	v := &it.verdict
	v.Scope, v.Warnings = r.scope(caperrors.ItemLevel), p.notes.list
	switch {
	case p.errors.n > 0:
		r.fromErrors(v, &p.errors)
		it.failed = true
		r.beside(v, &p.notes, p.results != 0)
	case r.fromNotes(v, &p.notes, p.results != 0):
		it.failed = true
	case p.status.present:
		r.fromStatus(v, &p.status)
		it.failed = v.Outcome == caperrors.Refused || v.Outcome == caperrors.Duplicate
	case p.success == flagFalse:
		v.Diagnostic = diagSuccessFalse
	case p.refused != 0:
		v.Diagnostic = diagResultFalse
	case !p.stated && p.told == 0:
		it.strip()
		return
	default:
		v.Outcome = caperrors.Applied
		if p.partial {
			v.Kind, v.Diagnostic = caperrors.ErrPartial, diagChildren
		}
	}
	if p.notes.queued && v.Outcome == caperrors.Applied && v.Kind == 0 {
		v.Kind = caperrors.ErrQueued
	}
	if p.notes.dropped {
		v.Diagnostic = remark(v.Diagnostic, diagWarningsCut)
	}
	if p.parts.n > 0 {
		r.withParts(it, &p.parts, p.results != 0)
	}
}

// beside corrects what an error says by what stands beside it. A warning 521
// makes a refusal one for now. What can be tried again was not done, but then
// nothing can have been made: beside a result nobody knows.
func (r *reader) beside(v *caperrors.Verdict, n *notes, result bool) {
	if n.busy.coded && v.Outcome == caperrors.Refused && v.Kind != caperrors.ErrTransient {
		v.Code, v.Kind, v.Message = caperrors.CodeCustomerBusy, caperrors.ErrTransient, r.texts.of(n.busy.message)
		v.Scope = r.scope(caperrors.ItemLevel)
		v.Diagnostic = remark(v.Diagnostic, diagBusyOutweighs)
	}
	switch {
	case !result:
	case v.Kind == caperrors.ErrTransient && v.Outcome == caperrors.Refused:
		v.Outcome, v.Kind = caperrors.Unknown, caperrors.ErrUncertain
		v.Diagnostic = remark(v.Diagnostic, diagTransientMade)
	default:
		v.Diagnostic = remark(v.Diagnostic, diagResultError)
	}
}

// fromErrors fills a verdict from a list of errors.
func (r *reader) fromErrors(v *caperrors.Verdict, f *faults) {
	v.Outcome, v.Scope, v.Code, v.Kind = outcomeOf(f.kind, f.code), f.scope, f.code, f.kind
	v.Message = r.texts.of(f.message)
	if f.mixed {
		v.Diagnostic = diagErrorsDisagree
	}
}

// fromNotes fills a verdict from a warning that is a failure, and reports
// whether there is one.
func (r *reader) fromNotes(v *caperrors.Verdict, n *notes, result bool) bool {
	e := &n.denied
	switch {
	case n.denied.coded:
		v.Diagnostic = diagDenied
	case n.busy.coded && !result:
		e = &n.busy
	case n.void.coded && !result:
		e = &n.void
		v.Diagnostic = diagDenied
	default:
		return false
	}
	code := e.number()
	kind, _ := r.kindOf(v.Scope, code)
	v.Outcome, v.Code, v.Kind, v.Message = caperrors.Refused, code, asError(kind), r.texts.of(e.message)
	return true
}
