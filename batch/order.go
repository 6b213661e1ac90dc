package batch

// order holds back results until those of all earlier items are there. No more
// than a window of items is held in all, so that a ring of that size has room
// for every result that can come.
type order struct {
	next int // turn whose result goes out next
	ring []settled
	held []bool // by place in the ring
}

func newOrder(window int) *order {
	return &order{ring: make([]settled, window), held: make([]bool, window)}
}

// release takes the result of the item that was accepted as number turn, and
// appends to out what may go out now.
func (o *order) release(turn int, s settled, out []settled) []settled {
	place := turn % len(o.ring)
	o.ring[place], o.held[place] = s, true
	for place = o.next % len(o.ring); o.held[place]; place = o.next % len(o.ring) {
		out = append(out, o.ring[place])
		o.ring[place], o.held[place] = settled{}, false
		o.next++
	}
	return out
}

// waiting returns the results that are held back.
func (o *order) waiting() []settled {
	var all []settled
	for place, held := range o.held {
		if held {
			all = append(all, o.ring[place])
		}
	}
	return all
}
