package wire

import caperrors "github.com/capillary-go/capillary/errors"

// maxWarnings bounds the warnings kept of one item.
const maxWarnings = 64

// entry is one member of a list of errors or warnings: an object with code and
// message, or a bare code, or a bare text.
type entry struct {
	code    []byte
	message []byte
	members int
	coded   bool // it has a member code, whatever is in it
}

// number returns the entry's code; 0 if it has none that is a number.
func (e *entry) number() caperrors.Code {
	n, _ := integerOf(e.code)
	return caperrors.Code(n)
}

// isBlank reports whether the entry says nothing: an empty object, or a
// placeholder with code 0 and no message.
func (e *entry) isBlank() bool {
	if e.members == 0 {
		return true
	}
	if len(content(e.message)) > 0 {
		return false
	}
	n, ok := integerOf(e.code)
	return e.coded && (ok && n == 0 || len(content(e.code)) == 0)
}

// entry consumes one entry.
func (r *reader) entry() entry {
	s := &r.scan
	var e entry
	if s.peek() != '{' {
		token := s.scalar()
		if _, ok := integerOf(token); ok {
			e = entry{code: token, coded: true, members: 1}
		} else if flagOf(token) != flagFalse && len(content(token)) > 0 {
			e = entry{message: token, members: 1}
		}
		return e
	}
	for ok := s.open('}'); ok; ok = s.more('}') {
		e.members++
		switch string(s.key()) {
		case "code", "errorCode": // the latter in the parts of coupon and points calls
			e.code, e.coded = s.scalar(), true
		case "message", "errorMessage":
			e.message = s.scalar()
		default:
			s.skip()
		}
	}
	return e
}

// faults is a list of errors, read down to the one that decides: the whole is
// transient only if all its codes are, else the first other code counts. The
// rest can't say more, since one cause is enough to refuse.
type faults struct {
	n       int
	code    caperrors.Code
	kind    caperrors.Kind
	scope   caperrors.Scope
	message []byte
	mixed   bool // the codes disagree about the outcome
}

func (f *faults) add(code caperrors.Code, message []byte, kind caperrors.Kind, scope caperrors.Scope) {
	f.n++
	if f.n > 1 {
		f.mixed = f.mixed || outcomeOf(kind, code) != outcomeOf(f.kind, f.code)
		if f.kind != caperrors.ErrTransient || kind == caperrors.ErrTransient {
			return
		}
	}
	f.code, f.kind, f.scope, f.message = code, kind, scope, message
}

// readErrors consumes a list of errors; one may stand there without a list. It
// adds to f, so that several places can count together.
func (r *reader) readErrors(f *faults, how resolver) {
	s := &r.scan
	if s.peek() != '[' {
		r.addError(f, how)
		return
	}
	for ok := s.open(']'); ok; ok = s.more(']') {
		r.addError(f, how)
	}
}

func (r *reader) addError(f *faults, how resolver) {
	if e := r.entry(); !e.isBlank() {
		kind, scope := r.resolve(how, e.number())
		f.add(e.number(), e.message, kind, scope)
	}
}

// notes is a list of warnings. The API hands out some failures as warnings;
// those are singled out.
type notes struct {
	list    []caperrors.Warning
	dropped bool
	queued  bool  // it is stored, and the rest is done later
	busy    entry // 521: another action runs for the customer
	void    entry // nothing was found to be done, unless there is a result
	denied  entry // refused whatever stands beside it
}

// keep adds a warning while there is room.
func (n *notes) keep(w caperrors.Warning) {
	if len(n.list) >= maxWarnings {
		n.dropped = true
		return
	}
	n.list = append(n.list, w)
}

// join adds the warnings that stand at another place.
func (n *notes) join(other *notes) {
	if len(other.list) == 0 {
		return
	}
	for _, w := range other.list {
		n.keep(w)
	}
	n.dropped = n.dropped || other.dropped
	n.queued = n.queued || other.queued
	for _, e := range []struct{ to, from *entry }{
		{&n.busy, &other.busy}, {&n.void, &other.void}, {&n.denied, &other.denied},
	} {
		if !e.to.coded {
			*e.to = *e.from
		}
	}
}

// readNotes consumes a list of warnings in any of its forms: a list of objects
// or of bare codes, the same below a member "warning", or one alone.
func (r *reader) readNotes(n *notes) {
	s := &r.scan
	switch s.peek() {
	case '[':
		for ok := s.open(']'); ok; ok = s.more(']') {
			e := r.entry()
			r.addNote(n, &e)
		}
	case '{':
		var e entry
		for ok := s.open('}'); ok; ok = s.more('}') {
			e.members++
			switch string(s.key()) {
			case "warning":
				e.members--
				r.readNotes(n)
			case "code":
				e.code, e.coded = s.scalar(), true
			case "message":
				e.message = s.scalar()
			default:
				s.skip()
			}
		}
		r.addNote(n, &e)
	default:
		e := r.entry()
		r.addNote(n, &e)
	}
}

func (r *reader) addNote(n *notes, e *entry) {
	if e.isBlank() {
		return
	}
	code := e.number()
	switch {
	case code == caperrors.CodeCustomerBusy:
		n.busy = *e
	case isVoid(&r.call, code):
		n.void = *e
	case isDenied(&r.call, code):
		n.denied = *e
	default:
		kind, _ := r.kindOf(r.scope(caperrors.ItemLevel), code)
		n.queued = n.queued || kind == caperrors.ErrQueued
	}
	if len(n.list) < maxWarnings {
		n.list = append(n.list, caperrors.Warning{Code: code, Message: r.texts.of(e.message)})
	} else {
		n.dropped = true
	}
}

// isVoid tells the label warnings of v2 that mean "nothing done" when they
// stand alone.
func isVoid(c *Call, code caperrors.Code) bool {
	return (code == 33000 || code == 33001) && (c.Entity == "customer" || c.Entity == "label")
}

// isDenied tells the warning of v2 promotions that the promotion was not
// issued. The API shows it beside a result, so a result does not outweigh it.
func isDenied(c *Call, code caperrors.Code) bool {
	return code == 8890 && c.Entity == "promotion"
}
