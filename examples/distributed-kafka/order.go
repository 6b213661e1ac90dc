package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// delivery is a record of the items or of the retries that a worker has in hand.
type delivery struct {
	term   *term
	retry  bool // it comes from the retry topic
	offset int64
	at     string // its place, as the ledger names it
	id     string // of the item, unique in the job
	key    string // its customer; empty for none
	body   json.RawMessage
	mine   bool   // put into the retry topic by this very generation
	turn   uint64 // its place among all that arrived in its partition
	rounds int    // times that the engine gave it up for now
	due    time.Time

	afterUnknown bool // an earlier owner may have sent it
	uncertain    bool // a call with it ended without an answer

	noted int64         // offset of its first note in the ledger; -1 for none
	done  bool          // what follows may go out, and its offset be committed
	out   []*kgo.Record // its outcome, or its place in the retry topic
}

// place names a record as the ledger does.
func place(retry bool, offset int64) string {
	if retry {
		return "r" + strconv.FormatInt(offset, 10)
	}
	return "i" + strconv.FormatInt(offset, 10)
}

// placed reads what place wrote.
func placed(at string) (retry bool, offset int64) {
	if at == "" {
		return false, -1
	}
	offset, err := strconv.ParseInt(at[1:], 10, 64)
	if err != nil {
		return false, -1 // of nothing
	}
	return at[0] == 'r', offset
}

// lane is one customer of a partition, while it has something under way. An item without a customer has a lane to itself.
//
// Its items go in the order in which they arrived. An item that the engine gives up for now goes into the retry topic, and everything of
// the customer that comes later goes there, too, behind it, until none of it is left there. What comes from there and is given up once
// more waits here: put at the end of the topic, it would be behind its successors.
type lane struct {
	queue  []*delivery // from the retry topic, not due yet
	out    int         // with the writer
	failed []*delivery // items: into the retry topic as soon as none is with the writer
	back   []*delivery // retries: before the queue as soon as none is with the writer
	parked int         // from or for the retry topic, without an outcome
	held   bool        // the writer holds the customer
}

// lanes keeps the order within one partition. It says what is to go to the writer, what to the retry topic, and which customer is to be
// released; it does nothing itself. It is not safe for concurrent use.
type lanes struct {
	of      map[string]*lane
	waiting map[string]*lane // those with a queue

	feed    func(*delivery)
	move    func(*delivery)
	release func(key string)
}

func (ls *lanes) lane(d *delivery) (string, *lane) {
	name := d.key
	if name == "" {
		name = "\x00" + d.id
	}
	l := ls.of[name]
	if l == nil {
		l = &lane{}
		ls.of[name] = l
	}
	return name, l
}

// arrive takes a record.
func (ls *lanes) arrive(d *delivery, now time.Time) {
	name, l := ls.lane(d)
	if d.retry && !d.mine {
		l.parked++
	}
	switch {
	case d.retry && (len(l.queue) > 0 || len(l.back) > 0 || l.out == 0 && d.due.After(now)):
		l.queue = append(l.queue, d)
		ls.waiting[name] = l
	case !d.retry && len(l.failed) > 0:
		l.failed = append(l.failed, d)
	case !d.retry && l.parked > 0:
		l.parked++
		ls.move(d)
	default:
		l.out++
		ls.feed(d)
	}
}

// due gives to the writer what has waited long enough.
func (ls *lanes) due(now time.Time) {
	for name, l := range ls.waiting {
		if l.out > 0 || l.queue[0].due.After(now) {
			continue
		}
		queue := l.queue
		l.queue = nil
		delete(ls.waiting, name)
		for _, d := range queue {
			l.out++
			ls.feed(d)
		}
	}
}

// ended takes back what was with the writer. again: it goes later. held: the writer holds its customer.
func (ls *lanes) ended(d *delivery, again, held bool) {
	name, l := ls.lane(d)
	l.out--
	l.held = l.held || held
	switch {
	case again && d.retry:
		l.back = append(l.back, d)
	case again:
		l.failed = append(l.failed, d)
	case d.retry:
		l.parked--
	}
	if l.out == 0 {
		ls.tidy(name, l, d.key)
	}
}

// tidy does what waits for the writer to have nothing of a customer.
func (ls *lanes) tidy(name string, l *lane, key string) {
	byTurn := func(a, b *delivery) int { return cmp.Compare(a.turn, b.turn) }
	slices.SortFunc(l.failed, byTurn)
	for _, d := range l.failed {
		l.parked++
		ls.move(d)
	}
	slices.SortFunc(l.back, byTurn)
	l.queue = append(l.back, l.queue...)
	l.failed, l.back = nil, nil
	if l.held {
		l.held = false
		if key != "" {
			ls.release(key)
		}
	}
	if len(l.queue) > 0 {
		ls.waiting[name] = l
	} else if l.parked <= 0 {
		delete(ls.of, name)
	}
}

// backlog is the records of one topic and partition without a stored outcome, in the order of their offsets.
type backlog struct {
	list []*delivery
	next int64 // offset behind the last that went out; -1: unknown
}

// pop removes the first record if it may go out.
func (b *backlog) pop() *delivery {
	if len(b.list) == 0 {
		return nil
	}
	d := b.list[0]
	if !d.done {
		return nil
	}
	b.list[0] = nil
	b.list = b.list[1:]
	b.next = d.offset + 1
	return d
}
