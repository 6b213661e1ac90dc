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
	for ok := s.open('}'); ok; ok = s.more('}') {
		name := s.key()
		rest, leads := step(r.call.Items, name)
		status, tells := step(r.call.RequestStatus, name)
		switch {
		case string(name) == "response" && r.isStatus():
			// A refusal in the form of v1.1.
			r.bodyV1()
		case leads && tells: // both stand below it
			again := r.scan
			r.enter(name, rest)
			r.scan, again = again, r.scan
			r.statusAt(status, &r.status, &r.top.notes)
			r.scan = again
		case leads:
			r.enter(name, rest)
		case tells:
			r.statusAt(status, &r.status, &r.top.notes)
		case string(name) == "errors":
			r.errors = faults{}
			r.readErrors(&r.errors, requestFirst)
		default:
			r.countV2(name)
		}
	}
}

// countV2 consumes a member that may be a counter.
func (r *reader) countV2(name []byte) {
	s := &r.scan
	switch string(name) {
	case "totalCount", "total":
		r.top.total = counterOf(s.scalar())
	case "failureCount", "failedCount", "failures":
		r.top.failed = counterOf(s.scalar())
	case "successCount":
		r.top.counted = counterOf(s.scalar())
	default:
		s.skip()
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
