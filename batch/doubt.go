package batch

import (
	"slices"
	"time"
)

// doubt is the question why a call was refused as oversize at a size that was
// accepted before: one of its items is too large by itself, or the limit fell.
//
// One call decides it, the trial: the first half of the refused one, and so on
// down while that is refused as well. Once a half is accepted its other half
// goes: if that is refused, one of its items is at fault, and the limit stands;
// if it is accepted, the two together were too many, and the limit fell. Other
// calls that are refused meanwhile wait for the answer. Once a second one is
// that was not split off, fresh calls wait as well: each would be one more that
// is refused if the limit fell.
type doubt struct {
	first   int       // size of the call that raised it; 0: there is none
	size    int       // smallest size of its parts that was refused
	upheld  int       // size of the half that was accepted; 0 before
	started time.Time // when that call went out
	pressed bool      // another call was refused since
}

// doubted settles a call that was refused as oversize at a size that was
// accepted before.
func (c *core) doubted(cl *call) {
	switch d := &c.doubt; {
	case cl.trial && d.upheld > 0:
		c.limitStands()
		c.insert(halve(c.wantedOf(cl)))
	case cl.trial:
		c.try(cl)
	case d.first > 0 && c.sameKey && cl.group:
		c.split(cl) // the other half may hold the same keys, and must not go before it
	case d.first > 0:
		if items := c.wantedOf(cl); len(items) > 0 {
			c.groups = append(c.groups, group{items: items, waits: true, refused: true})
			d.pressed = d.pressed || !cl.group
		}
	case cl.group && !cl.both():
		c.insert(halve(c.wantedOf(cl))) // on the way to the item at fault
	default:
		*d = doubt{first: len(cl.items), started: cl.started}
		c.try(cl)
	}
}

// halves is what became of the two halves of a call that was refused as
// oversize.
type halves struct {
	size              int // of the call
	refused, accepted int
}

// both notes that a half of a call was refused, and reports whether the other
// half was as well: it takes two items at fault, or a limit that fell.
func (cl *call) both() bool {
	if cl.halves == nil {
		return false
	}
	cl.halves.refused++
	return cl.halves.refused > 1
}

// try makes the first half of a refused call the trial.
func (c *core) try(cl *call) {
	c.doubt.size = len(cl.items)
	parts := halve(c.wantedOf(cl))
	for i := range parts {
		parts[i].trial, parts[i].waits = i == 0, i > 0
	}
	c.insert(parts)
}

// upheld notes that the server took a call, which may say that the limit stands,
// or that it fell.
func (c *core) upheld(cl *call) {
	d := &c.doubt
	if cl.halves != nil && !cl.trial {
		if cl.halves.accepted++; cl.halves.accepted > 1 {
			c.limits.contradicted(cl.halves.size)
		}
	}
	switch {
	case d.first == 0:
	case cl.trial && d.upheld > 0:
		c.limits.fell(d.upheld, d.size)
		c.limitFell()
	case cl.trial:
		d.upheld = len(cl.items)
		if at := slices.IndexFunc(c.groups, func(g group) bool { return g.waits && !g.refused }); at >= 0 {
			c.groups[at].waits, c.groups[at].trial = false, true
		}
	case len(cl.items) >= d.first && !cl.started.Before(d.started):
		c.limitStands()
	}
}

// undecided ends a doubt whose trial came to nothing that says anything about
// sizes: the next call that is refused raises it anew.
func (c *core) undecided() {
	if c.doubt.first == 0 || slices.ContainsFunc(c.groups, func(g group) bool { return g.trial }) {
		return
	}
	for cl := range c.calls {
		if cl.trial {
			return
		}
	}
	c.limitStands()
}

// limitStands ends the doubt: in each call that was refused meanwhile, an item
// is at fault.
func (c *core) limitStands() {
	groups := c.groups
	c.groups = nil
	for _, g := range groups {
		if g.refused {
			c.groups = append(c.groups, halve(g.items)...)
			continue
		}
		g.waits, g.trial = false, false
		c.groups = append(c.groups, g)
	}
	c.forgetDoubt()
}

// limitFell ends the doubt: what waited goes in smaller calls.
func (c *core) limitFell() {
	var waited []group
	c.groups = slices.DeleteFunc(c.groups, func(g group) bool {
		if g.waits || g.trial {
			waited = append(waited, g)
		}
		return g.waits || g.trial
	})
	for _, g := range slices.Backward(waited) {
		for _, it := range slices.Backward(g.items) {
			c.bounce(it)
		}
	}
	c.forgetDoubt()
}

// forgetDoubt forgets the doubt.
func (c *core) forgetDoubt() {
	c.doubt = doubt{}
	for cl := range c.calls {
		cl.trial = false
	}
}

// halve returns the items of a call that was refused as oversize, as two calls.
func halve(items []*item) []group {
	parts := inTwo(items)
	if len(parts) > 1 {
		both := &halves{size: len(items)}
		parts[0].halves, parts[1].halves = both, both
	}
	return parts
}

// nextGroup returns the place of the next group that may go; -1 if none may.
func (c *core) nextGroup() int {
	return slices.IndexFunc(c.groups, func(g group) bool { return !g.waits })
}
