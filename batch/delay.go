package batch

import (
	"container/heap"
	"time"
)

// delay is something that may go on at a later time: a delayed item, or a key
// that stays closed.
type delay struct {
	due time.Time
	it  *item
	key *keyState
}

// delayHeap is a min-heap by due time, for container/heap.
type delayHeap []delay

func (h delayHeap) Len() int { return len(h) }

func (h delayHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h delayHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *delayHeap) Push(x any) {
	if d, ok := x.(delay); ok {
		*h = append(*h, d)
	}
}

// Pop implements heap.Interface.
func (h *delayHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = delay{}
	*h = old[:len(old)-1]
	return last
}

// delayItem keeps an item that take gave out until due. Its keys stay out.
func (p *packer) delayItem(it *item, due time.Time) {
	p.delayed++
	heap.Push(&p.delays, delay{due: due, it: it})
}

// closeKeys keeps the keys of an item that is out closed until due, whatever
// becomes of it.
func (p *packer) closeKeys(it *item, due time.Time) {
	for i := range it.places() {
		if k := it.place(i).key; k != nil && !k.closed {
			k.closed = true
			heap.Push(&p.delays, delay{due: due, key: k})
		}
	}
}

// release makes ready what is due.
func (p *packer) release(now time.Time) {
	for len(p.delays) > 0 && !p.delays[0].due.After(now) {
		d, ok := heap.Pop(&p.delays).(delay)
		switch {
		case !ok:
			return
		case d.it != nil:
			p.delayed--
			p.giveBack(d.it)
		default:
			d.key.closed = false
			p.resume(d.key)
		}
	}
}

// nextDue returns when release has something to do.
func (p *packer) nextDue() (time.Time, bool) {
	if len(p.delays) == 0 {
		return time.Time{}, false
	}
	return p.delays[0].due, true
}

// criticalDue returns when the delayed key may go on whose backlog takes as many
// calls as there are left, at run items a call: until then every call that
// leaves it out is a call more in the end.
func (p *packer) criticalDue(calls, run int) (time.Time, bool) {
	n := (calls-1)*run + 1
	if calls < 2 || p.longest < n {
		return time.Time{}, false
	}
	var due time.Time
	found := false
	for _, d := range p.delays {
		backlog := 0
		switch {
		case d.it == nil:
			backlog = d.key.backlog()
		case d.it.first.key != nil:
			backlog = longestOf(d.it)
		}
		if backlog >= n && (!found || d.due.Before(due)) {
			due, found = d.due, true
		}
	}
	return due, found
}
