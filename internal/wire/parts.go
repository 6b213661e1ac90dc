package wire

import caperrors "github.com/capillary-go/capillary/errors"

// parts are the things inside an item that have a status of their own.
type parts struct {
	n      int
	failed int
	faults faults
	notes  notes
}

// onParts consumes a member of an item if it leads to parts.
func (r *reader) onParts(name []byte, p *parts) bool {
	rest, leads := step(r.call.Parts, name)
	if leads {
		*p = parts{}
		r.walkParts(rest, p)
	}
	return leads
}

// walkParts consumes the value where the paths to the parts go on.
func (r *reader) walkParts(paths string, p *parts) {
	s := &r.scan
	switch s.peek() {
	case '[':
		for ok := s.open(']'); ok; ok = s.more(']') {
			r.walkParts(paths, p)
		}
	case '{':
		if paths == "" {
			r.part(p)
			return
		}
		for ok := s.open('}'); ok; ok = s.more('}') {
			if rest, leads := step(paths, s.key()); leads {
				r.walkParts(rest, p)
			} else {
				s.skip()
			}
		}
	default:
		s.skip()
	}
}

// part consumes one part. Without a status and without errors it counts as
// done, as its item says.
func (r *reader) part(p *parts) {
	s := &r.scan
	p.n++
	var (
		st statusV1
		n  notes
		f  faults
	)
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		rest, leads := step(r.call.PartStatus, name)
		switch {
		case leads:
			r.statusAt(rest, &st, &n)
		case string(name) == "errors":
			f = faults{}
			r.readErrors(&f, itemFirst)
		case string(name) == "warnings":
			r.readNotes(&n)
		default:
			s.skip()
		}
	}
	if f.n == 0 && st.present {
		v := caperrors.Verdict{Scope: r.scope(caperrors.ItemLevel)}
		if r.fromStatus(&v, &st); v.Outcome != caperrors.Applied {
			f = faults{n: 1, code: v.Code, kind: asError(v.Kind), scope: v.Scope, message: st.message}
		}
	}
	p.notes.join(&n)
	if f.n == 0 {
		return
	}
	p.failed++
	p.faults.add(f.code, f.message, f.kind, f.scope)
	p.notes.keep(caperrors.Warning{Code: f.code, Message: r.texts.of(f.message)})
}

// statusAt consumes the value where a path to a status goes on: an object or a
// word.
func (r *reader) statusAt(path string, st *statusV1, n *notes) {
	s := &r.scan
	first := s.peek()
	switch {
	case path == "" && first == '{':
		*st = emptyStatus()
		r.statusV1(st, n)
	case path == "":
		*st = emptyStatus()
		st.flag = wordOf(s.scalar())
		st.present = st.flag != flagNone
	case first == '{':
		for ok := s.open('}'); ok; ok = s.more('}') {
			if rest, leads := step(path, s.key()); leads {
				r.statusAt(rest, st, n)
			} else {
				s.skip()
			}
		}
	default:
		s.skip()
	}
}

// withParts corrects an item that tells success by its parts. Made says that
// something shows that the item itself was made.
func (r *reader) withParts(it *item, p *parts, made bool) {
	v := &it.verdict
	var n notes
	n.list = v.Warnings
	n.join(&p.notes)
	v.Warnings = n.list
	switch {
	case p.failed == 0 || v.Outcome != caperrors.Applied:
	case p.failed == p.n && !made:
		v.Outcome, v.Scope, v.Code, v.Kind = outcomeOf(p.faults.kind, p.faults.code), p.faults.scope, p.faults.code, p.faults.kind
		v.Message = r.texts.of(p.faults.message)
		v.Diagnostic = remark(v.Diagnostic, diagAllPartsFailed)
		it.failed = true
	default:
		v.Kind = caperrors.ErrPartial
		v.Diagnostic = remark(v.Diagnostic, diagPartFailed)
	}
	if n.dropped {
		v.Diagnostic = remark(v.Diagnostic, diagWarningsCut)
	}
}
