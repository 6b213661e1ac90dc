package batch

import "container/heap"

// each calls f for every item that is not in a call or a group.
func (p *packer) each(f func(*item)) {
	for ln := p.keyless.head; ln != nil; ln = ln.next {
		f(ln.it)
	}
	for _, k := range p.keys.all() {
		for ln := k.waiting.head; ln != nil; ln = ln.next {
			if ln == &ln.it.first { // once for an item with several keys
				f(ln.it)
			}
		}
	}
	for _, d := range p.delays {
		if d.it != nil {
			f(d.it)
		}
	}
}

// drop removes every item for which f is true that is not in a call or a
// group, and appends it to out: f decides by the job.
func (p *packer) drop(f func(*item) bool, out []*item) []*item {
	for ln := p.keyless.head; ln != nil; {
		next := ln.next
		if f(ln.it) {
			p.keyless.remove(ln)
			out = append(out, ln.it)
		}
		ln = next
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
	for _, k := range p.keys.all() {
		out = p.dropWaiting(k, f, out)
	}
	return out
}

// dropWaiting removes the items of one key that wait and for which f is true.
func (p *packer) dropWaiting(k *keyState, f func(*item) bool, out []*item) []*item {
	for ln := k.waiting.head; ln != nil; {
		next := ln.next
		if f(ln.it) {
			p.withdraw(ln.it)
			out = append(out, ln.it)
		}
		ln = next
	}
	return out
}

// withdraw removes a waiting item from the queues of all its keys.
func (p *packer) withdraw(it *item) {
	if k := it.first.key; k.ready && k.waiting.head == &it.first {
		p.unready(k)
	}
	for i := range it.places() {
		ln := it.place(i)
		k := ln.key
		p.count(k.backlog(), k.backlog()-1)
		k.waiting.remove(ln)
		p.queued--
		if k.busy() {
			p.blocked--
		}
	}
	for i := range it.places() {
		if k := it.place(i).key; !k.busy() {
			p.goOn(k)
		}
	}
}
