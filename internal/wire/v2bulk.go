package wire

// readV2Bulk consumes a bulk answer. The list may be the whole body.
func (r *reader) readV2Bulk() {
	s := &r.scan
	r.status = emptyStatus()
	switch s.peek() {
	case '[':
		r.list()
		return
	case '{':
	default:
		s.skip()
		return
	}
	r.top.object = true
	head, rest := cutPath(r.call.Items)
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		switch {
		case string(name) == "response" && r.isStatus():
			// A refusal in the form of v1.1.
			r.rewind(mark{})
			r.found = false
			r.bodyV1()
		case string(name) == head && head != "":
			r.rewind(mark{})
			r.found = false
			r.walk(rest)
		case string(name) == "errors":
			r.errors = faults{}
			r.readErrors(&r.errors, requestFirst)
		case string(name) == "totalCount":
			r.top.total = counterOf(s.scalar())
		case string(name) == "failureCount", string(name) == "failedCount":
			r.top.failed = counterOf(s.scalar())
		default:
			s.skip()
		}
	}
}

// isStatus looks ahead whether the next value is a v1.1 envelope: an object
// with a status in it.
func (r *reader) isStatus() bool {
	ahead := r.scan
	if ahead.peek() != '{' {
		return false
	}
	has := false
	for ok := ahead.open('}'); ok; ok = ahead.more('}') {
		has = string(ahead.key()) == "status" && ahead.peek() == '{' || has
		ahead.skip()
	}
	return has
}
