package batch

import caperrors "github.com/capillary-go/capillary/errors"

// item is one accepted item on its way to a final verdict. It is in exactly one
// place: waiting behind its key, ready, delayed, in an isolated group, or in a
// call.
type item struct {
	job   *job
	slot  int // place of the caller's value in the job
	index int // position in the input
	id    string
	name  string // of its key; empty for none
	body  []byte
	key   *keyState // nil: the item has no key

	since uint64 // number of calls made when an item without a key was accepted

	prev, next *item

	attempts  int               // calls that carried it
	strikes   int               // answers that spoke of the item itself and count against MaxAttempts
	bounces   int               // answers that sent its whole call back
	conflicts int               // request-level 521 answers to calls that carried it
	known     caperrors.Outcome // what is known so far: NotSent, Refused, or Unknown once a send ended so
	suspect   bool              // its call was refused as oversize at a size that was accepted before

	verdict caperrors.Verdict // last answer about it
	err     error             // last call that came to nothing; nil if verdict is newer
}

// itemList is a FIFO of items, linked through them.
type itemList struct {
	head, tail *item
	len        int
}

func (l *itemList) pushBack(it *item) {
	it.prev, it.next = l.tail, nil
	if l.tail != nil {
		l.tail.next = it
	} else {
		l.head = it
	}
	l.tail = it
	l.len++
}

func (l *itemList) pushFront(it *item) {
	it.prev, it.next = nil, l.head
	if l.head != nil {
		l.head.prev = it
	} else {
		l.tail = it
	}
	l.head = it
	l.len++
}

func (l *itemList) remove(it *item) {
	if it.prev != nil {
		it.prev.next = it.next
	} else {
		l.head = it.next
	}
	if it.next != nil {
		it.next.prev = it.prev
	} else {
		l.tail = it.prev
	}
	it.prev, it.next = nil, nil
	l.len--
}

// keyState exists exactly while its key has items that are not final, or while
// the key is closed after a time-out.
type keyState struct {
	name    string
	waiting itemList // head goes next; the item in flight or delayed is not in it
	out     *item    // the item in flight, delayed or isolated; nil if none
	closed  bool     // no item may go: a timed-out call may still be at work

	ready      bool
	readySince uint64 // number of calls made when the key became ready
	bucket     int    // backlog under which it stands among the ready

	prevSame, nextSame *keyState // ready keys with the same backlog
	prevAge, nextAge   *keyState // ready keys by age
}

// backlog is the number of the key's items that are not final.
func (k *keyState) backlog() int {
	if k.out != nil {
		return k.waiting.len + 1
	}
	return k.waiting.len
}

// busy reports whether the key's next item has to wait for something.
func (k *keyState) busy() bool { return k.out != nil || k.closed }
