package batch

import (
	"fmt"
	"time"
)

// Learner is the limit learner, for tests of it alone.
type Learner struct {
	l    *limits
	Wake chan struct{}
}

// NewLearner returns a learner that knows nothing.
func NewLearner() *Learner { return &Learner{l: newLimits(), Wake: make(chan struct{}, 1)} }

func (l *Learner) Size(start, maxItems int) (int, bool) { return l.l.size(start, maxItems, l.Wake) }
func (l *Learner) Began(n int) bool                     { return l.l.began(n) }
func (l *Learner) Ended(probe bool)                     { l.l.ended(probe) }
func (l *Learner) Accepted(n int, probe bool)           { l.l.accepted(n, probe) }

func (l *Learner) Learned() int {
	size, _ := l.l.learned()
	return size
}

func (l *Learner) TimedOut(n, size int) { l.l.timedOut(n, size) }

// Target is what a call may carry after one got no answer in time; 0: anything.
func (l *Learner) Target() int {
	_, target := l.l.learned()
	return target
}

func (l *Learner) Contradicted(n int) { l.l.contradicted(n) }
func (l *Learner) Loose() bool        { return l.l.isLoose() }

func (l *Learner) Fell(lo, hi int) { l.l.fell(lo, hi) }

// Rejected returns "repack", "isolate" or "too big".
func (l *Learner) Rejected(n, named int, probe bool) string {
	return [...]string{repack: "repack", isolate: "isolate", tooBig: "too big"}[l.l.rejected(n, named, probe)]
}

// Packer is the packer over numbered items, for tests of it alone.
type Packer struct {
	p     *packer
	items map[int]*item
	jobs  map[*item]int
}

// Books are the packer's counts.
type Books struct{ Available, Ready, Blocked, Delayed, Longest, Keys int }

func NewPacker(runs bool) *Packer {
	return &Packer{p: newPacker(runs), items: make(map[int]*item), jobs: make(map[*item]int)}
}

func (p *Packer) Admit(id int, key string, job int, more ...string) {
	it := &item{index: id, name: key, others: more}
	p.items[id], p.jobs[it] = it, job
	p.p.admit(it)
}

func (p *Packer) Take(n int, patience uint64) []int { return ids(p.p.take(load{n: n}, patience, nil)) }
func (p *Packer) Finish(id int)                     { p.p.finish(p.items[id]) }
func (p *Packer) GiveBack(id int)                   { p.p.giveBack(p.items[id]) }
func (p *Packer) Delay(id int, due time.Time)       { p.p.delayItem(p.items[id], due) }
func (p *Packer) Close(id int, due time.Time)       { p.p.closeKeys(p.items[id], due) }
func (p *Packer) Release(now time.Time)             { p.p.release(now) }
func (p *Packer) NextDue() (time.Time, bool)        { return p.p.nextDue() }
func (p *Packer) CriticalDue(n int) (time.Time, bool) {
	return p.p.criticalDue(n, 1)
}

// Drop removes a job's items that are not in a call.
func (p *Packer) Drop(job int) []int {
	return ids(p.p.drop(func(it *item) bool { return p.jobs[it] == job }, nil))
}

// DropKey removes a job's waiting items of one key.
func (p *Packer) DropKey(key string, job int) []int {
	k := p.p.keys.get(key)
	if k == nil {
		return nil
	}
	return ids(p.p.dropWaiting(k, func(it *item) bool { return p.jobs[it] == job }, nil))
}

func (p *Packer) Books() Books {
	return Books{
		Available: p.p.available(), Ready: p.p.ready, Blocked: p.p.blocked, Delayed: p.p.delayed,
		Longest: p.p.longest, Keys: p.p.keys.len,
	}
}

func ids(items []*item) []int {
	var out []int
	for _, it := range items {
		out = append(out, it.index)
	}
	return out
}

// Gate is the concurrency gate, for tests of it alone.
type Gate struct{ g *gate }

func NewGate(maxCalls int) Gate                         { return Gate{newGate(maxCalls)} }
func (g Gate) Begin(inFlight int)                       { g.g.begin(inFlight) }
func (g Gate) Observe(now time.Time, rtt time.Duration) { g.g.observe(now, rtt) }
func (g Gate) Accepted()                                { g.g.accepted(g.g.refusedFrom) }
func (g Gate) Busy(now time.Time, after time.Duration)  { g.g.busy(now, now, after) }

// AcceptedSince and BusySince tell of a call that went out at started.
func (g Gate) AcceptedSince(started time.Time) { g.g.accepted(started) }

func (g Gate) BusySince(now, started time.Time, after time.Duration) {
	g.g.busy(now, started, after)
}

func (g Gate) Limit() int             { return g.g.limit }
func (g Gate) ClosedUntil() time.Time { return g.g.closedUntil }

// Leftovers says what an engine without a job still holds; empty if nothing.
func Leftovers[T any](e *Engine[T]) string {
	c := e.core
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits.mu.Lock()
	defer c.limits.mu.Unlock()
	if len(c.asks) > 0 {
		return fmt.Sprintf("%d inquiries", len(c.asks))
	}
	c.packer.release(time.Now().Add(24 * time.Hour))
	got := fmt.Sprintf("live %d, calls %d, groups %d, jobs %d, keys %d, keyless %d, delays %d, blocked %d, delayed %d, longest %d, ready %d, probing %v, events %d",
		c.live, len(c.calls), len(c.groups), len(c.jobs), c.packer.keys.len, c.packer.keyless.len, len(c.packer.delays),
		c.packer.blocked, c.packer.delayed, c.packer.longest, c.packer.ready, c.limits.probing, len(c.events))
	if got == "live 0, calls 0, groups 0, jobs 0, keys 0, keyless 0, delays 0, blocked 0, delayed 0, longest 0, ready 0, probing false, events 0" {
		return ""
	}
	return got
}

// Held returns how many items an engine holds, and in how many keys.
func Held[T any](e *Engine[T]) (items, keys int) {
	e.core.mu.Lock()
	defer e.core.mu.Unlock()
	return e.core.live, e.core.packer.keys.len
}

// HeldKeys returns how many keys a writer holds.
func HeldKeys[T any](w *Writer[T]) int {
	w.job.core.mu.Lock()
	defer w.job.core.mu.Unlock()
	return len(w.job.held)
}

// Misplaced says which item of an engine is in no place or in two; empty if
// each live one is in exactly one: waiting, delayed, in a group, or in a call.
func Misplaced[T any](e *Engine[T]) string {
	c := e.core
	c.mu.Lock()
	defer c.mu.Unlock()
	places := 0
	for _, q := range c.asks {
		places += len(q.items)
	}
	places += c.packer.keyless.len + c.packer.delayed
	for _, k := range c.packer.keys.all() {
		for ln := k.waiting.head; ln != nil; ln = ln.next {
			if ln.it.first.key == k { // of several keys, once
				places++
			}
		}
	}
	for _, g := range c.groups {
		places += len(g.items)
	}
	for cl := range c.calls {
		places += len(cl.items)
	}
	open := 0
	for j := range c.jobs {
		open += j.open
		if j.live > c.window || j.live < j.open {
			return fmt.Sprintf("a job holds %d items, %d of them open, in a window of %d", j.live, j.open, c.window)
		}
	}
	if places != c.live || c.live < open {
		return fmt.Sprintf("%d items live, %d open, %d in some place", c.live, open, places)
	}
	return ""
}

// KeyTable is the table of keys, for tests of it alone.
type KeyTable struct{ t keyTable }

func NewKeyTable() *KeyTable { return &KeyTable{newKeyTable()} }

// Obtain returns the number that the key was given when it was new.
func (t *KeyTable) Obtain(name string, next int) int {
	k := t.t.obtain(name)
	if k.out == 0 {
		k.out = next
	}
	return k.out
}

// Number returns the number of a key; 0 if it has no state.
func (t *KeyTable) Number(name string) int {
	if k := t.t.get(name); k != nil {
		return k.out
	}
	return 0
}

func (t *KeyTable) Forget(name string) { t.t.forget(t.t.get(name)) }

// Names returns those of all keys, and how many the table says it has.
func (t *KeyTable) Names() (names []string, count int) {
	for _, k := range t.t.all() {
		names = append(names, k.name)
	}
	return names, t.t.len
}

// Longest returns the length of the longest chain.
func (t *KeyTable) Longest() int {
	longest := 0
	for _, k := range t.t.chains {
		n := 0
		for ; k != nil; k = k.nextNamed {
			n++
		}
		longest = max(longest, n)
	}
	return longest
}
