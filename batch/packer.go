package batch

import "container/heap"

// packer decides which items ride in the next call. Its invariant: a key is
// ready only while none of its items is out, so that any choice of ready keys
// makes a legal call, one item of each. Nothing is searched: every step for an
// item takes constant time, or logarithmic if it is delayed.
//
// Order among the ready: the key with the longest backlog first, because it
// needs the most calls, one after another; among equals the older. Items
// without a key fill what room is left. What was passed over for too many calls,
// with a key or without, goes before all.
//
// A packer is not safe for concurrent use.
type packer struct {
	keys    map[string]*keyState
	keyless itemList // ready items without a key
	delays  delayHeap

	buckets []bucket // ready keys by backlog
	top     int      // no bucket above it holds a key
	oldest  *keyState
	newest  *keyState
	ready   int // keys that are ready

	backlogs []int // number of keys by backlog, ready or not
	longest  int   // longest backlog of any key
	blocked  int   // items waiting behind a key that is out or closed
	delayed  int   // items in delays
	calls    uint64

	spare *keyState // free list, linked by nextSame
}

type bucket struct{ head, tail *keyState }

func newPacker() *packer {
	return &packer{keys: make(map[string]*keyState)}
}

// available is the number of items that a call could carry now.
func (p *packer) available() int { return p.ready + p.keyless.len }

// admit takes a new item.
func (p *packer) admit(it *item) {
	if it.name == "" {
		it.since = p.calls
		p.keyless.pushBack(it)
		return
	}
	k := p.keys[it.name]
	if k == nil {
		k = p.newKey(it.name)
	}
	it.key = k
	p.enqueue(k, it, false)
}

// enqueue adds an item to its key's queue and keeps the books.
func (p *packer) enqueue(k *keyState, it *item, front bool) {
	if front {
		k.waiting.pushFront(it)
	} else {
		k.waiting.pushBack(it)
	}
	p.count(k.backlog()-1, k.backlog())
	switch {
	case k.busy():
		p.blocked++
	case k.ready:
		p.leaveBucket(k)
		p.joinBucket(k, front)
	default:
		p.makeReady(k, front)
	}
}

// take removes up to n items, no two of one key, and appends them to out.
// patience is the number of calls after which what was passed over goes first.
func (p *packer) take(n int, patience uint64, out []*item) []*item {
	p.calls++
	// Half a call at the most: one without the longest backlog is a call more in
	// the end.
	for room := (n + 1) / 2; room > 0; room-- {
		it := p.takeOverdue(patience)
		if it == nil {
			break
		}
		out = append(out, it)
		n--
	}
	for n > 0 && p.ready > 0 {
		for p.buckets[p.top].head == nil {
			p.top--
		}
		out = append(out, p.takeKey(p.buckets[p.top].head))
		n--
	}
	for n > 0 && p.keyless.len > 0 {
		out = append(out, p.takeKeyless())
		n--
	}
	return out
}

// takeOverdue removes the item that was passed over the longest, if that is too
// long; else it returns nil.
func (p *packer) takeOverdue(patience uint64) *item {
	k, it := p.oldest, p.keyless.head
	switch {
	case k != nil && (it == nil || k.readySince <= it.since):
		if p.calls-k.readySince > patience {
			return p.takeKey(k)
		}
	case it != nil && p.calls-it.since > patience:
		return p.takeKeyless()
	}
	return nil
}

func (p *packer) takeKeyless() *item {
	it := p.keyless.head
	p.keyless.remove(it)
	return it
}

func (p *packer) takeKey(k *keyState) *item {
	p.unready(k)
	it := k.waiting.head
	k.waiting.remove(it)
	k.out = it
	p.blocked += k.waiting.len
	return it
}

// finish ends an item that take gave out, or that is delayed: its verdict is
// final. Its key goes on with its next item.
func (p *packer) finish(it *item) {
	k := it.key
	if k == nil {
		return
	}
	p.count(k.backlog(), k.backlog()-1)
	p.blocked -= k.waiting.len
	k.out = nil
	if k.closed {
		p.blocked += k.waiting.len
		return
	}
	p.resume(k)
}

// giveBack returns an item that take gave out to where it came from, as the
// next of its key.
func (p *packer) giveBack(it *item) {
	k := it.key
	if k == nil {
		p.keyless.pushFront(it)
		return
	}
	p.count(k.backlog(), k.backlog()-1)
	p.blocked -= k.waiting.len
	k.out = nil
	if k.closed {
		p.blocked += k.waiting.len
	}
	p.enqueue(k, it, true)
}

// resume makes a key that is no longer out ready again, or forgets it.
func (p *packer) resume(k *keyState) {
	if k.waiting.len == 0 {
		delete(p.keys, k.name)
		*k = keyState{nextSame: p.spare}
		p.spare = k
		return
	}
	p.makeReady(k, false)
}

// drop removes every item for which f is true that is not in a call or a
// group, and appends it to out: f decides by the job.
func (p *packer) drop(f func(*item) bool, out []*item) []*item {
	for it := p.keyless.head; it != nil; {
		next := it.next
		if f(it) {
			p.keyless.remove(it)
			out = append(out, it)
		}
		it = next
	}
	kept := p.delays[:0]
	var ended []*item
	for _, d := range p.delays {
		if d.it != nil && f(d.it) {
			p.delayed--
			ended = append(ended, d.it)
			continue
		}
		kept = append(kept, d)
	}
	clear(p.delays[len(kept):])
	p.delays = kept
	heap.Init(&p.delays)
	for _, it := range ended {
		p.finish(it)
	}
	out = append(out, ended...)
	for _, k := range p.keys {
		out = p.dropWaiting(k, f, out)
	}
	return out
}

// dropWaiting removes the items of one key that wait and for which f is true.
func (p *packer) dropWaiting(k *keyState, f func(*item) bool, out []*item) []*item {
	was := k.backlog()
	for it := k.waiting.head; it != nil; {
		next := it.next
		if f(it) {
			k.waiting.remove(it)
			if k.busy() {
				p.blocked--
			}
			out = append(out, it)
		}
		it = next
	}
	if k.backlog() == was {
		return out
	}
	p.count(was, k.backlog())
	if k.ready {
		p.unready(k)
	}
	if !k.busy() {
		p.resume(k)
	}
	return out
}
