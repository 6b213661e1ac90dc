package main

import (
	"slices"
	"time"
)

// order keeps the items of each customer of a partition in order, also when the server delivers them again in any order. An item goes to
// the writer only if no earlier one of its customer waits for another delivery. It knows only customers with an item that waits or is
// with the writer, so it is bounded by the messages that the partition may have pending.
type order struct{ lanes map[string]*lane }

// lane is one customer.
type lane struct {
	out     int       // items with the writer
	waiting []uint64  // sequences to be delivered again, ascending
	held    bool      // the writer holds the customer since an item of it failed
	due     time.Time // when the first waiting item is delivered again, at the earliest
}

// verdict is what becomes of an item that was delivered.
type verdict uint8

const (
	admit   verdict = iota // give it to the writer
	release                // release the customer first, then give it to the writer
	wait                   // an earlier item is still to come, or its fate is open
)

func newOrder() *order { return &order{lanes: make(map[string]*lane)} }

// inherit notes an item that was delivered, though not here, and is to come again.
func (o *order) inherit(token string, seq uint64, due time.Time) {
	l := o.lane(token)
	if len(l.waiting) == 0 || seq < l.waiting[0] {
		l.due = due
	}
	l.wait(seq)
}

// arrive decides about an item that was delivered. Unless it says wait, the item counts as given to the writer.
func (o *order) arrive(token string, seq uint64) verdict {
	l := o.lanes[token]
	if l == nil {
		o.lanes[token] = &lane{out: 1}
		return admit
	}
	if len(l.waiting) > 0 && l.waiting[0] < seq || l.held && l.out > 0 {
		l.wait(seq)
		return wait
	}
	if len(l.waiting) > 0 && l.waiting[0] == seq {
		l.waiting = l.waiting[1:]
	}
	l.out++
	if l.held {
		l.held = false
		return release
	}
	return admit
}

// earliest tells that the stream has no item of the customer before seq.
func (o *order) earliest(token string, seq uint64) {
	if l := o.lanes[token]; l != nil {
		at, _ := slices.BinarySearch(l.waiting, seq)
		l.waiting = l.waiting[at:]
	}
}

// gone tells that an item will not be delivered again: it was settled without the writer. The bool is as with ended.
func (o *order) gone(token string, seq uint64) bool {
	l := o.lanes[token]
	if l == nil {
		return false
	}
	if at, ok := slices.BinarySearch(l.waiting, seq); ok {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
	return o.tidy(token, l)
}

// ended tells that an item is no longer with the writer. again: it is to be delivered again, at due. held: the writer holds its
// customer. The bool is true if the customer is to be released now.
func (o *order) ended(token string, seq uint64, again, held bool, due time.Time) bool {
	l := o.lanes[token]
	if l == nil {
		return held
	}
	l.out--
	l.held = l.held || held
	if again {
		if len(l.waiting) == 0 || seq < l.waiting[0] {
			l.due = due
		}
		l.wait(seq)
	}
	return o.tidy(token, l)
}

// dueIn is how long it takes until the customer's first waiting item comes again.
func (o *order) dueIn(token string, now time.Time) time.Duration {
	if l := o.lanes[token]; l != nil && l.due.After(now) {
		return l.due.Sub(now)
	}
	return 0
}

// held returns the customers that the writer holds.
func (o *order) held() []string {
	var tokens []string
	for token, l := range o.lanes {
		if l.held {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

func (o *order) lane(token string) *lane {
	l := o.lanes[token]
	if l == nil {
		l = &lane{}
		o.lanes[token] = l
	}
	return l
}

// tidy forgets a customer with nothing under way, and reports whether the writer still holds it.
func (o *order) tidy(token string, l *lane) bool {
	if l.out > 0 || len(l.waiting) > 0 {
		return false
	}
	delete(o.lanes, token)
	return l.held
}

func (l *lane) wait(seq uint64) {
	if at, ok := slices.BinarySearch(l.waiting, seq); !ok {
		l.waiting = slices.Insert(l.waiting, at, seq)
	}
}
