package wire

import caperrors "github.com/capillary-go/capillary/errors"

// statusV1 is a status or an item_status of v1.1.
type statusV1 struct {
	present   bool
	flag      flag
	clash     bool // two flags that contradict each other
	code      caperrors.Code
	message   []byte
	total     int // -1 if not told
	succeeded int // -1 if not told
}

// tells reports whether the status says anything.
func (st *statusV1) tells() bool { return st.present && (st.code != 0 || st.flag != flagNone) }

func emptyStatus() statusV1 { return statusV1{total: -1, succeeded: -1} }

// readV1 consumes a v1.1 answer. The status may stand behind the items, the
// wrapper may be missing, and a refusal may come in the form of v2.
func (r *reader) readV1() {
	s := &r.scan
	r.status = emptyStatus()
	if s.peek() != '{' {
		s.skip()
		return
	}
	wrapped := false
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		switch {
		case string(name) == "response" && s.peek() == '{':
			wrapped = true
			r.bodyV1()
		case string(name) == "errors":
			r.errors = faults{}
			r.readErrors(&r.errors, requestFirst)
		case wrapped:
			s.skip()
		default:
			r.memberV1(name, &statusV1{})
		}
	}
}

// bodyV1 consumes what is below response. What stood before it, an earlier
// response included, does not count.
func (r *reader) bodyV1() {
	s := &r.scan
	r.forget()
	r.status = emptyStatus()
	flat := emptyStatus()
	for ok := s.open('}'); ok; ok = s.more('}') {
		r.memberV1(s.key(), &flat)
	}
	if !r.status.present && !r.found && flat.present {
		r.status = flat
	}
}

// memberV1 consumes one member of the body. The upload of logs answers with
// the members of a status and no status around them; those go to flat.
func (r *reader) memberV1(name []byte, flat *statusV1) {
	s := &r.scan
	rest, leads := step(r.call.Items, name)
	switch {
	case string(name) == "status" && s.peek() == '{':
		r.status = emptyStatus()
		r.statusV1(&r.status, nil)
	case leads:
		r.enter(name, rest)
	case string(name) == "code":
		if n, ok := integerOf(s.scalar()); ok {
			flat.code, flat.present = caperrors.Code(n), true
		}
	case string(name) == "success":
		flat.flag = flagOf(s.scalar())
	case string(name) == "message":
		flat.message = s.scalar()
	default:
		s.skip()
	}
}

// statusV1 consumes a status object. Warnings are read if n is not nil.
func (r *reader) statusV1(st *statusV1, n *notes) {
	s := &r.scan
	st.present = true
	success, status := flagNone, flagNone
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		switch {
		case string(name) == "success":
			success = flagOf(s.scalar())
		case string(name) == "status":
			status = flagOf(s.scalar())
		case string(name) == "code":
			n, _ := integerOf(s.scalar())
			st.code = caperrors.Code(n)
		case string(name) == "message":
			st.message = s.scalar()
		case string(name) == "total", string(name) == "count":
			st.total = counterOf(s.scalar())
		case string(name) == "success_count", string(name) == "successCount":
			st.succeeded = counterOf(s.scalar())
		case string(name) == "warnings" && n != nil:
			*n = notes{}
			r.readNotes(n)
		default:
			s.skip()
		}
	}
	st.flag = success
	if success == flagNone {
		st.flag = status
	} else if status != flagNone && status != success {
		// The careful one counts where the code is not known.
		st.flag, st.clash = flagFalse, true
	}
}

// counterOf reads a counter; -1 if there is none.
func counterOf(token []byte) int {
	n, ok := integerOf(token)
	if !ok || n < 0 {
		return -1
	}
	return n
}

// itemV1 consumes one item of v1.1.
func (r *reader) itemV1(it *item) {
	s := &r.scan
	var (
		st statusV1
		n  notes
		id []byte
		ps parts
	)
	head, rest := cutPath(r.call.EchoID)
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		switch {
		case string(name) == "item_status" && s.peek() == '{':
			st, n = statusV1{}, notes{}
			r.statusV1(&st, &n)
		case r.call.Parts != "" && r.onParts(name, &ps):
		case string(name) == head && head != "":
			id = s.find(rest)
		default:
			s.skip()
		}
	}
	it.id = id
	r.judgeV1(it, &st, &n)
	if ps.n > 0 && !it.bare {
		r.withParts(it, &ps, false)
	}
}

// judgeV1 decides one item.
func (r *reader) judgeV1(it *item, st *statusV1, n *notes) {
	v := &it.verdict
	v.Scope, v.Warnings = r.scope(caperrors.ItemLevel), n.list
	known := r.fromStatus(v, st)
	it.bare = !known && st.code == 0 && st.flag == flagNone
	if n.busy.coded && r.isBusyV1(v, known) {
		v.Outcome, v.Code, v.Kind = caperrors.Refused, caperrors.CodeCustomerBusy, caperrors.ErrTransient
		v.Diagnostic, it.bare = "", false
	}
	if it.bare {
		it.strip()
		return
	}
	if st.clash {
		v.Diagnostic = remark(diagFlagsClash, v.Diagnostic)
	}
	if n.queued && v.Outcome == caperrors.Applied && v.Kind == 0 {
		v.Kind = caperrors.ErrQueued
	}
	if n.dropped {
		v.Diagnostic = remark(v.Diagnostic, diagWarningsCut)
	}
	it.failed = v.Outcome == caperrors.Refused || v.Outcome == caperrors.Duplicate
}

// fromStatus fills a verdict from a status: a known code first, then the flag.
// Where a code is also sent beside things that were done, the flag comes first.
// It reports whether the code is known.
func (r *reader) fromStatus(v *caperrors.Verdict, st *statusV1) bool {
	kind, known := r.kindOf(v.Scope, st.code)
	v.Code, v.Kind, v.Message = st.code, kind, r.texts.of(st.message)
	switch {
	case known && st.flag == flagTrue && kind != 0 && r.mayWarn(v.Scope, st.code):
		v.Outcome, v.Kind = caperrors.Applied, 0
		if kind == caperrors.ErrQueued {
			v.Kind = kind
		}
	case known:
		v.Outcome = outcomeOf(kind, st.code)
		if st.flag == flagTrue && kind != 0 && kind != caperrors.ErrQueued {
			v.Diagnostic = diagFlagTrue
		}
		if st.flag == flagFalse && kind == 0 {
			v.Diagnostic = diagFlagFalse
		}
	case st.flag == flagTrue:
		// The flag says that the number, which no table has, is a success.
		v.Outcome, v.Kind = caperrors.Applied, 0
	case st.flag == flagFalse:
		v.Outcome = caperrors.Refused
	default:
		v.Diagnostic = diagNoVerdict
	}
	return known
}

// isBusyV1 reports whether a warning 521 decides: the item is no success, and
// no known code says that it is there already or may be.
func (r *reader) isBusyV1(v *caperrors.Verdict, known bool) bool {
	return v.Outcome == caperrors.Refused || (v.Outcome == caperrors.Unknown && !known)
}
