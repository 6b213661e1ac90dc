package batch

import (
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// item is one accepted item on its way to a final verdict. It is in exactly one
// place: waiting behind its key, ready, delayed, in an isolated group, or in a
// call.
type item struct {
	job    *job
	slot   int // place of the caller's value in the job
	index  int // position in the input
	turn   int // number of items that the job accepted before it
	id     string
	name   string   // of its first key; empty for none
	others []string // names of its further keys
	body   []byte

	seq   uint64 // order of acceptance, over all jobs
	since uint64 // number of calls made when an item without a key was accepted
	first link   // its place in the queue of its first key, or among those without
	more  []link // its places in the queues of its further keys

	nextSpare *item

	attempts  int               // calls that carried it
	strikes   int               // answers that spoke of the item itself and count against MaxAttempts
	bounces   int               // answers that sent its whole call back
	conflicts int               // request-level 521 answers to calls that carried it
	known     caperrors.Outcome // what is known so far: NotSent, Refused, or Unknown once a send ended so
	lost      bool              // a send ended unknown
	delivers  bool              // its result is that of an earlier run
	undecided bool              // its call was refused, as every call would be: that says nothing about the item

	verdict caperrors.Verdict // last answer about it
	err     error             // last call that came to nothing; nil if verdict is newer
}

// names returns the names of the item's keys; none if it has none.
func (it *item) names() []string {
	if it.name == "" {
		return nil
	}
	return append([]string{it.name}, it.others...)
}

// has reports whether a name is one of the item's keys.
func (it *item) has(name string) bool {
	return name != "" && (it.name == name || slices.Contains(it.others, name))
}

// places is the number of queues that the item stands in: one for each key, and
// one without.
func (it *item) places() int { return 1 + len(it.more) }

// place returns the item's place in its i-th queue.
func (it *item) place(i int) *link {
	if i == 0 {
		return &it.first
	}
	return &it.more[i-1]
}

// link is the place of an item in one queue.
type link struct {
	it         *item
	key        *keyState // nil: the item has no key
	prev, next *link
}

// queue is a FIFO of items, linked through them.
type queue struct {
	head, tail *link
	len        int
}

func (q *queue) pushBack(ln *link) { q.insertAfter(ln, q.tail) }

func (q *queue) pushFront(ln *link) { q.insertAfter(ln, nil) }

// insert puts an item that was out back to its place. Only what came back
// before it can stand in front of it, so that the search is short.
func (q *queue) insert(ln *link) {
	var before *link
	for next := q.head; next != nil && next.it.seq < ln.it.seq; next = next.next {
		before = next
	}
	q.insertAfter(ln, before)
}

// insertAfter inserts an item behind another, nil being the front.
func (q *queue) insertAfter(ln, before *link) {
	after := q.head
	if before != nil {
		after = before.next
		before.next = ln
	} else {
		q.head = ln
	}
	if after != nil {
		after.prev = ln
	} else {
		q.tail = ln
	}
	ln.prev, ln.next = before, after
	q.len++
}

func (q *queue) remove(ln *link) {
	if ln.prev != nil {
		ln.prev.next = ln.next
	} else {
		q.head = ln.next
	}
	if ln.next != nil {
		ln.next.prev = ln.prev
	} else {
		q.tail = ln.prev
	}
	ln.prev, ln.next = nil, nil
	q.len--
}

// keyState exists exactly while its key has items that are not final, or while
// the key is closed after a time-out.
type keyState struct {
	name      string
	hash      uint64
	nextNamed *keyState // in the same chain of the table

	waiting queue  // head goes next; what is in flight or delayed is not in it
	out     int    // items in flight, delayed or isolated
	taken   uint64 // number of the call that took an item last

	readySince uint64 // number of calls made when the key became ready
	bucket     int    // backlog under which it stands among the ready
	ready      bool   // the head may go, and stands under this key: it is the head's first
	closed     bool   // no item may go: a timed-out call may still be at work

	prevSame, nextSame *keyState // ready keys with the same backlog
	prevAge, nextAge   *keyState // ready keys by age
}

// backlog is the number of the key's items that are not final.
func (k *keyState) backlog() int { return k.waiting.len + k.out }

// busy reports whether the key's next item has to wait for something.
func (k *keyState) busy() bool { return k.out > 0 || k.closed }
