package wire

import (
	"bytes"

	caperrors "github.com/capillary-go/capillary/errors"
)

// item is one answered item: what it says of itself, before it is paired with
// an item sent.
type item struct {
	verdict caperrors.Verdict
	id      []byte // the token at Call.EchoID; nil if there is none
	failed  bool   // the API counts it among the failures
	bare    bool   // it has no status of its own
}

// reader holds what one pass over a body found.
type reader struct {
	scan  scanner
	call  Call
	http  HTTP
	texts texts

	items    []item // in the order of the answer, at most keep of them
	keep     int
	answered int    // items in the answer, kept or not
	found    bool   // the place of the items was there
	place    []byte // the member at the top that the last items stood below
	before   mark   // what was there before that

	raw     []byte   // the body without what surrounds the JSON text
	status  statusV1 // of the request: response.status in v1.1
	errors  faults   // errors at the top
	top     topV2
	remarks []string // become Reply.Diagnostics

	known knownKind
	like  alike
}

// keepOpen bounds the items that are held of a read. The API answers 1,000 a
// call at most.
const keepOpen = 10_000

// keepItems bounds the items that are held of an answer with more items than
// were sent: an answer of two bytes an item must not cost hundreds each.
func (c *Call) keepItems() int {
	if c.Open {
		return keepOpen
	}
	return 2*c.sent() + 64
}

// sent returns how many items were sent.
func (c *Call) sent() int {
	if c.Open {
		return 1
	}
	return max(c.Count, 0)
}

// begin makes r ready to read an answer.
func (r *reader) begin(h *HTTP, c *Call) {
	*r = reader{
		scan: scanner{data: h.Body},
		call: *c,
		http: *h,
		keep: c.keepItems(),
		top:  topV2{total: -1, failed: -1, counted: -1},

		place: r.place[:0],
		like:  r.like.empty(),
	}
	if c.Dialect != V2Single { // which has one thing and no items
		r.items = c.Room.take(c.sent())
	}
}

// mark and rewind let the last of several equal names win.
type mark struct{ kept, answered int }

func (r *reader) mark() mark { return mark{len(r.items), r.answered} }

func (r *reader) rewind(m mark) {
	r.items, r.answered = r.items[:m.kept], m.answered
}

// enter consumes the value of a member at the top that leads to items. Several
// members may; of one that comes again the later value counts.
func (r *reader) enter(name []byte, rest string) {
	if !bytes.Equal(r.place, name) {
		r.place, r.before = append(r.place[:0], name...), r.mark()
	} else {
		r.rewind(r.before)
		r.found = r.answered > 0
	}
	r.walk(rest)
}

// forget drops the items read so far.
func (r *reader) forget() {
	r.rewind(mark{})
	r.found, r.place = false, r.place[:0]
	r.before = mark{}
}

// walk consumes the value that stands where the paths, the rests of Call.Items,
// go on, and reads the items they lead to.
func (r *reader) walk(paths string) {
	s := &r.scan
	first := s.peek()
	switch {
	case paths == "":
		r.list()
	case first == '{':
		before, last := r.mark(), ""
		for ok := s.open('}'); ok; ok = s.more('}') {
			name := s.key()
			rest, leads := step(paths, name)
			if !leads {
				s.skip()
				continue
			}
			if last != string(name) {
				last, before = string(name), r.mark()
			} else {
				r.rewind(before)
			}
			r.walk(rest)
		}
	case first == '[':
		// The container came as a list: its elements are the items, or each
		// holds some of them.
		r.found = true
		for ok := s.open(']'); ok; ok = s.more(']') {
			if r.leads(paths) {
				r.walk(paths)
			} else {
				r.item()
			}
		}
	default:
		s.skip()
	}
}

// leads looks ahead whether the next value is an object with a member on the
// paths. A look at each level of a path of few levels keeps reading linear.
func (r *reader) leads(paths string) bool {
	ahead := r.scan
	if ahead.peek() != '{' {
		return false
	}
	has := false
	for ok := ahead.open('}'); ok; ok = ahead.more('}') {
		_, leads := step(paths, ahead.key())
		has = has || leads
		ahead.skip()
	}
	return has && ahead.err == nil
}

// list consumes the list of items. One item may stand there without a list; an
// empty list may be null or an empty text.
func (r *reader) list() {
	s := &r.scan
	switch s.peek() {
	case '[':
		r.found = true
		for ok := s.open(']'); ok; ok = s.more(']') {
			r.item()
		}
	case '{':
		r.found = true
		r.item()
	default:
		s.skip()
	}
}

// item consumes one item.
func (r *reader) item() {
	s := &r.scan
	r.answered++
	if len(r.items) >= r.keep {
		s.skip()
		return
	}
	first := s.peek()
	start := s.pos
	r.items = append(r.items, item{})
	it := &r.items[len(r.items)-1]
	switch {
	case first != '{':
		s.skip()
		it.strip()
		if s.err == nil && r.call.Dialect == V2Lists {
			it.id = s.data[start:s.pos]
		}
	case r.like.read(s, it):
	case r.call.Dialect == V1JSON:
		r.itemV1(it)
		r.like.learn(r, it, start)
	default:
		r.itemV2(it)
		if r.call.Dialect == V2Bulk {
			r.like.learn(r, it, start)
		}
	}
	it.verdict.Raw = s.data[start:s.pos:s.pos]
}

// strip makes an item one without a status.
func (it *item) strip() {
	it.bare, it.verdict = true, caperrors.Verdict{Diagnostic: diagNoStatus}
}

// texts shares equal strings: most items of an answer carry the same message.
type texts struct {
	recent [4]string
	next   int
}

func (t *texts) of(token []byte) string {
	text := content(token)
	if len(text) == 0 {
		return ""
	}
	for _, have := range t.recent {
		if have == string(text) {
			return have
		}
	}
	t.next = (t.next + 1) % len(t.recent)
	t.recent[t.next] = string(text)
	return t.recent[t.next]
}
