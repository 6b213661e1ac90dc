package batch

// offer makes the head of a queue ready if it may go. If it is ready already,
// it finds its place among the ready anew: a backlog has changed.
func (p *packer) offer(it *item, front bool) {
	k := it.first.key
	switch {
	case k.ready:
		p.leaveBucket(k)
		p.joinBucket(k, front)
	case free(it):
		p.makeReady(k, front)
	}
}

// free reports whether an item is the next of all its keys and none is busy.
func free(it *item) bool {
	for i := range it.places() {
		if ln := it.place(i); ln.key.busy() || ln.key.waiting.head != ln {
			return false
		}
	}
	return true
}

// longestOf is the longest backlog among the keys of an item.
func longestOf(it *item) int {
	n := 0
	for i := range it.places() {
		n = max(n, it.place(i).key.backlog())
	}
	return n
}

// count moves a key from one backlog to another in the statistics.
func (p *packer) count(from, to int) {
	for len(p.backlogs) <= max(from, to) {
		p.backlogs = append(p.backlogs, 0)
	}
	if from > 0 {
		p.backlogs[from]--
	}
	if to > 0 {
		p.backlogs[to]++
	}
	p.longest = max(p.longest, to)
	for p.longest > 0 && p.backlogs[p.longest] == 0 {
		p.longest--
	}
}

// makeReady puts a key among the ready. In front means before the others of
// the same backlog: the key had its turn and was sent back. By age it always
// comes last, so that the oldest is found at the head of the list.
func (p *packer) makeReady(k *keyState, front bool) {
	k.ready = true
	k.readySince = p.calls
	p.joinBucket(k, front)
	k.prevAge, k.nextAge = p.newest, nil
	if p.newest != nil {
		p.newest.nextAge = k
	} else {
		p.oldest = k
	}
	p.newest = k
	p.ready++
}

// unready takes a key out of the ready.
func (p *packer) unready(k *keyState) {
	p.leaveBucket(k)
	if k.prevAge != nil {
		k.prevAge.nextAge = k.nextAge
	} else {
		p.oldest = k.nextAge
	}
	if k.nextAge != nil {
		k.nextAge.prevAge = k.prevAge
	} else {
		p.newest = k.prevAge
	}
	k.prevAge, k.nextAge = nil, nil
	k.ready = false
	p.ready--
}

// joinBucket puts a key among the ready keys of its backlog; of the longest, if
// its head has several.
func (p *packer) joinBucket(k *keyState, front bool) {
	k.bucket = longestOf(k.waiting.head.it)
	for len(p.buckets) <= k.bucket {
		p.buckets = append(p.buckets, bucket{})
	}
	p.top = max(p.top, k.bucket)
	b := &p.buckets[k.bucket]
	if front {
		k.prevSame, k.nextSame = nil, b.head
		if b.head != nil {
			b.head.prevSame = k
		} else {
			b.tail = k
		}
		b.head = k
		return
	}
	k.prevSame, k.nextSame = b.tail, nil
	if b.tail != nil {
		b.tail.nextSame = k
	} else {
		b.head = k
	}
	b.tail = k
}

// leaveBucket takes a key out of the ready keys of its backlog.
func (p *packer) leaveBucket(k *keyState) {
	b := &p.buckets[k.bucket]
	if k.prevSame != nil {
		k.prevSame.nextSame = k.nextSame
	} else {
		b.head = k.nextSame
	}
	if k.nextSame != nil {
		k.nextSame.prevSame = k.prevSame
	} else {
		b.tail = k.prevSame
	}
	k.prevSame, k.nextSame = nil, nil
}
