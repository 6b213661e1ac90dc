package batch

import "slices"

// packer decides which items ride in the next call. Its invariant: a key is
// ready only while none of its items is out, so that any choice of ready keys
// makes a legal call, one item of each. Nothing is searched: every step for an
// item takes constant time, or logarithmic if it is delayed.
//
// An item with several keys stands in the queue of each, and may go once it is
// the head of all and none of them is out. All queues follow one order, that of
// acceptance, so the oldest item that is not final heads all of its queues:
// items cannot wait for each other in a ring. It is ready under its first key.
//
// Order among the ready: the key with the longest backlog first, because it
// needs the most calls, one after another; among equals the older. Items
// without a key fill what room is left. What was passed over for too many calls,
// with a key or without, goes before all.
//
// A packer is not safe for concurrent use.
type packer struct {
	keys    keyTable
	keyless queue // ready items without a key
	delays  delayHeap
	seq     uint64 // items accepted

	buckets []bucket // ready keys by backlog
	top     int      // no bucket above it holds a key
	oldest  *keyState
	newest  *keyState
	ready   int // keys that are ready

	backlogs []int // number of keys by backlog, ready or not
	longest  int   // longest backlog of any key
	blocked  int   // places of items waiting behind a key that is out or closed
	delayed  int   // items in delays
	queued   int   // places of items in the queues of keys
	calls    uint64

	runs bool // a call may carry several items of a key, in their order
}

type bucket struct{ head, tail *keyState }

func newPacker(runs bool) *packer {
	return &packer{keys: newKeyTable(), runs: runs}
}

// available is the number of items that a call could carry now. With runs and
// items of several keys it may be too high.
func (p *packer) available() int {
	if p.runs && p.ready > 0 {
		return p.queued - p.blocked + p.keyless.len
	}
	return p.ready + p.keyless.len
}

// admit takes a new item. None of its keys' names is empty or there twice.
func (p *packer) admit(it *item) {
	p.seq++
	it.seq, it.first.it = p.seq, it
	if it.name == "" {
		it.since = p.calls
		p.keyless.pushBack(&it.first)
		return
	}
	it.first.key = p.keys.obtain(it.name)
	if len(it.others) > 0 {
		it.more = slices.Grow(it.more, len(it.others)) // links point into it, so it must not move later
		for _, name := range it.others {
			it.more = append(it.more, link{it: it, key: p.keys.obtain(name)})
		}
	}
	for i := range it.places() {
		ln := it.place(i)
		k := ln.key
		k.waiting.pushBack(ln)
		p.queued++
		p.count(k.backlog()-1, k.backlog())
		if k.busy() {
			p.blocked++
		}
	}
	p.offerHeads(it, false)
}

// offerHeads offers the next item of each key of an item that came into its
// queues. In front means that it had its turn and was sent back.
func (p *packer) offerHeads(it *item, front bool) {
	for i := range it.places() {
		if k := it.place(i).key; !k.busy() {
			p.offer(k.waiting.head.it, front)
		}
	}
}

// take removes what a call can carry and appends it to out: no two items of one
// key, or with runs, those of a key in their order. patience is the number of
// calls after which what was passed over goes first. The first item that is too
// heavy for the rest ends it.
func (p *packer) take(room load, patience uint64, out []*item) []*item {
	p.calls++
	// Half a call at the most: one without the longest backlog is a call more in
	// the end.
	for overdue := (room.n + 1) / 2; overdue > 0; overdue-- {
		ln := p.overdue(patience)
		if ln == nil {
			break
		}
		if !room.takes(ln.it) {
			return out
		}
		if ln.key == nil {
			out = append(out, p.takeKeyless())
		} else {
			out = append(out, p.takeKey(ln.key))
		}
	}
	for p.ready > 0 {
		for p.buckets[p.top].head == nil {
			p.top--
		}
		k := p.buckets[p.top].head
		if !room.takes(k.waiting.head.it) {
			return out
		}
		out = append(out, p.takeKey(k))
		for p.runs && p.joins(k.waiting.head) {
			if !room.takes(k.waiting.head.it) {
				return out
			}
			out = append(out, p.takeOut(k.waiting.head.it))
		}
	}
	for p.keyless.len > 0 && room.takes(p.keyless.head.it) {
		out = append(out, p.takeKeyless())
	}
	return out
}

// overdue returns the item that was passed over the longest, if that is too
// long; else nil.
func (p *packer) overdue(patience uint64) *link {
	k, ln := p.oldest, p.keyless.head
	switch {
	case k != nil && (ln == nil || k.readySince <= ln.it.since):
		if p.calls-k.readySince > patience {
			return &k.waiting.head.it.first
		}
	case ln != nil && p.calls-ln.it.since > patience:
		return ln
	}
	return nil
}

func (p *packer) takeKeyless() *item {
	ln := p.keyless.head
	p.keyless.remove(ln)
	return ln.it
}

// takeKey removes the next item of a ready key.
func (p *packer) takeKey(k *keyState) *item {
	p.unready(k)
	return p.takeOut(k.waiting.head.it)
}

// takeOut removes an item from the queues of all its keys, which are out from
// now on.
func (p *packer) takeOut(it *item) *item {
	for i := range it.places() {
		ln := it.place(i)
		k := ln.key
		k.waiting.remove(ln)
		p.queued--
		if k.busy() {
			p.blocked--
		} else {
			p.blocked += k.waiting.len
		}
		k.out++
		k.taken = p.calls
	}
	return it
}

// joins reports whether an item may ride behind others of its keys that are in
// the call being made.
func (p *packer) joins(head *link) bool {
	if head == nil {
		return false
	}
	for i := range head.it.places() {
		ln := head.it.place(i)
		if k := ln.key; k.waiting.head != ln || k.closed || k.out > 0 && k.taken != p.calls {
			return false
		}
	}
	return true
}

// finish ends an item that take gave out, or that is delayed: its verdict is
// final. Its keys go on with their next items.
func (p *packer) finish(it *item) {
	if it.first.key == nil {
		return
	}
	for i := range it.places() {
		k := it.place(i).key
		p.count(k.backlog(), k.backlog()-1)
		k.out--
		p.resume(k)
	}
}

// giveBack returns an item that take gave out to where it came from, as the
// next of its keys.
func (p *packer) giveBack(it *item) {
	if it.first.key == nil {
		p.keyless.pushFront(&it.first)
		return
	}
	for i := range it.places() {
		ln := it.place(i)
		k := ln.key
		k.out--
		if k.busy() {
			p.blocked++
		} else {
			p.blocked -= k.waiting.len
		}
		k.waiting.insert(ln)
		p.queued++
	}
	p.offerHeads(it, true)
}

// resume lets a key go on that was busy, unless it still is; or forgets it.
func (p *packer) resume(k *keyState) {
	if k.busy() {
		return
	}
	p.blocked -= k.waiting.len
	p.goOn(k)
}

// goOn offers the next item of a key that is not busy, or forgets the key.
func (p *packer) goOn(k *keyState) {
	if k.waiting.len == 0 {
		p.keys.forget(k)
		return
	}
	p.offer(k.waiting.head.it, false)
}
