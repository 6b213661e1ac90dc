package batch

func (p *packer) newKey(name string) *keyState {
	k := p.spare
	if k == nil {
		k = &keyState{}
	} else {
		p.spare = k.nextSame
	}
	*k = keyState{name: name}
	p.keys[name] = k
	return k
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

// joinBucket puts a key among the ready keys of its backlog.
func (p *packer) joinBucket(k *keyState, front bool) {
	k.bucket = k.backlog()
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
