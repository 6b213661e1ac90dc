package wire

import caperrors "github.com/capillary-go/capillary/errors"

// readV2Lists consumes an answer that tells apart what was done and what
// failed by the list in which it stands.
func (r *reader) readV2Lists() {
	s := &r.scan
	r.status = emptyStatus()
	if s.peek() != '{' {
		s.skip()
		return
	}
	r.top.object = true
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		switch {
		case string(name) == "errors":
			r.errors = faults{}
			r.readErrors(&r.errors, requestFirst)
		case string(name) == "warnings":
			r.top.notes = notes{}
			r.readNotes(&r.top.notes)
		case string(name) == "success":
			r.top.success = flagOf(s.scalar())
		case string(name) == "response" && r.isStatus():
			r.bodyV1()
		default:
			r.listsV2(name, r.call.Items, r.call.Failed)
		}
	}
}

// listsV2 consumes a member on the way to the lists. The counters stand beside
// them.
func (r *reader) listsV2(name []byte, done, failed string) {
	s := &r.scan
	toDone, isDone := step(done, name)
	toFailed, isFailed := step(failed, name)
	switch {
	case isFailed && toFailed == "":
		r.readFailures()
	case isDone && toDone == "":
		r.dropItems(false)
		r.list()
	case isDone || isFailed:
		if s.peek() != '{' {
			s.skip()
			return
		}
		for ok := s.open('}'); ok; ok = s.more('}') {
			r.listsV2(s.key(), toDone, toFailed)
		}
	default:
		r.countV2(name)
	}
}

// dropItems forgets the items of a list that comes again.
func (r *reader) dropItems(failed bool) {
	kept := r.items[:0]
	for i := range r.items {
		if r.items[i].failed != failed {
			kept = append(kept, r.items[i])
		}
	}
	r.answered -= len(r.items) - len(kept)
	r.items = kept
}

// readFailures consumes the list of what failed.
func (r *reader) readFailures() {
	s := &r.scan
	if s.peek() != '[' {
		r.countV2([]byte("failures")) // a counter elsewhere
		return
	}
	r.found = true
	r.dropItems(true)
	for ok := s.open(']'); ok; ok = s.more(']') {
		r.failure()
	}
}

// failure consumes one failure: an entry that also names what failed, one item
// or several.
func (r *reader) failure() {
	s := &r.scan
	s.peek()
	start := s.pos
	before := r.mark()
	e := entry{}
	if s.peek() != '{' {
		e = r.entry()
	} else {
		for ok := s.open('}'); ok; ok = s.more('}') {
			switch name := s.key(); string(name) {
			case "code", "errorCode":
				e.code, e.coded = s.scalar(), true
			case "message", "errorMessage":
				e.message = s.scalar()
			case r.call.FailedID:
				r.rewind(before)
				r.named()
			default:
				s.skip()
			}
		}
	}
	if r.answered == before.answered {
		r.failed(nil)
	}
	kind, scope := r.resolve(itemFirst, e.number())
	v := caperrors.Verdict{Raw: s.data[start:s.pos:s.pos]}
	r.fromErrors(&v, &faults{n: 1, code: e.number(), kind: kind, scope: scope, message: e.message})
	for i := before.kept; i < len(r.items); i++ {
		r.items[i].verdict = v
	}
}

// named consumes the ids of what failed for one reason.
func (r *reader) named() {
	s := &r.scan
	if s.peek() != '[' {
		if id := s.scalar(); id != nil {
			r.failed(id)
		}
		return
	}
	for ok := s.open(']'); ok; ok = s.more(']') {
		r.failed(s.scalar())
	}
}

func (r *reader) failed(id []byte) {
	if r.answered++; len(r.items) < r.keep {
		r.items = append(r.items, item{id: id, failed: true})
	}
}
