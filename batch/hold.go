package batch

import (
	"math"
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// holder is an item that holds what comes after it in its keys.
type holder struct {
	seq  uint64
	keys []string
}

// hold ends the job's later items of the holder's keys as not sent, and those to
// come. An item that is held holds the others of its keys: it comes before them.
func (c *core) hold(j *job, from holder) {
	if j.held == nil {
		j.held = make(map[string]uint64)
	}
	for todo := []holder{from}; len(todo) > 0; todo = todo[1:] {
		seq := todo[0].seq
		for _, name := range todo[0].keys {
			if held, already := j.held[name]; already && held <= seq {
				continue
			}
			j.held[name] = seq
			k := c.packer.keys.get(name)
			if k == nil {
				continue
			}
			later := func(it *item) bool { return it.job == j && it.seq > seq && it.has(name) }
			for _, it := range c.dropLater(k, later) {
				todo = append(todo, holder{it.seq, it.names()})
				c.deliver(it, it.known, caperrors.ErrPredecessor)
			}
		}
	}
}

// dropLater removes the items of a key that wait, for it or in the rest of a
// split call, and for which f is true. None is delayed: of one key, the later
// item is not settled before the earlier.
func (c *core) dropLater(k *keyState, f func(*item) bool) []*item {
	dropped := c.packer.dropWaiting(k, f, nil)
	if !c.sameKey {
		return dropped // only one of a key is out
	}
	for _, it := range c.dropGrouped(f) {
		c.packer.finish(it)
		dropped = append(dropped, it)
	}
	return dropped
}

// recall takes back what must not go before an item that is sent again or whose
// keys are closed: later items of its keys that wait to be sent alone.
func (c *core) recall(it *item) {
	if !c.sameKey {
		return
	}
	for todo := []*item{it}; len(todo) > 0 && len(c.groups) > 0; todo = todo[1:] {
		first := todo[0]
		names := first.names()
		later := c.dropGrouped(func(it *item) bool {
			return it.seq > first.seq && slices.ContainsFunc(names, it.has)
		})
		for _, it := range later {
			c.packer.giveBack(it)
		}
		todo = append(todo, later...)
	}
}

// dropGrouped removes the items for which f is true from the calls to be made
// alone.
func (c *core) dropGrouped(f func(*item) bool) []*item {
	var dropped []*item
	for i := range c.groups {
		keep := c.groups[i].items[:0]
		for _, it := range c.groups[i].items {
			if f(it) {
				dropped = append(dropped, it)
			} else {
				keep = append(keep, it)
			}
		}
		c.groups[i].items = keep
	}
	c.groups = slices.DeleteFunc(c.groups, func(g group) bool { return len(g.items) == 0 })
	return dropped
}

// holds reports whether an item comes after one that holds one of its keys.
func (j *job) holds(it *item) bool {
	if len(j.held) == 0 || it.name == "" {
		return false
	}
	seq := it.seq
	if seq == 0 {
		seq = math.MaxUint64 // new: it comes after all
	}
	held := func(name string) bool {
		from, is := j.held[name]
		return is && seq > from
	}
	return held(it.name) || slices.ContainsFunc(it.others, held)
}
