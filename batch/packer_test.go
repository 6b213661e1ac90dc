package batch_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// place is where the model has an item.
type place uint8

const (
	waiting place = iota
	out
	delayed
)

type modelItem struct {
	id, job int
	keys    []string // [""] for none
	place   place
	due     time.Time
}

// packerModel does in plain loops what the packer does by its books.
type packerModel struct {
	packer *batch.Packer
	rng    *rand.Rand
	now    time.Time
	next   int
	queues map[string][]*modelItem // items that are not final, by each of their keys, in order
	closed map[string]time.Time
	gone   map[int]bool

	several bool // items may have several keys
	runs    bool // a call may carry several items of a key
}

func newPackerModel(seed uint64) *packerModel {
	runs := seed%4 > 1
	return &packerModel{
		several: seed%2 == 1, runs: runs,
		packer: batch.NewPacker(runs), rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1, 0),
		queues: make(map[string][]*modelItem), closed: make(map[string]time.Time), gone: make(map[int]bool),
	}
}

// all returns the items in a place.
func (m *packerModel) all(p place) []*modelItem {
	var items []*modelItem
	for _, key := range slices.Sorted(maps.Keys(m.queues)) {
		for _, it := range m.queues[key] {
			if it.place == p && it.keys[0] == key {
				items = append(items, it)
			}
		}
	}
	return items
}

func (m *packerModel) busy(key string) bool {
	_, closed := m.closed[key]
	return closed || slices.ContainsFunc(m.queues[key], func(it *modelItem) bool { return it.place != waiting })
}

// free reports whether a waiting item with keys may go.
func (m *packerModel) free(it *modelItem) bool {
	return !slices.ContainsFunc(it.keys, func(key string) bool { return m.busy(key) || m.queues[key][0] != it })
}

// priority is the longest backlog of an item's keys.
func (m *packerModel) priority(it *modelItem) int {
	n := 0
	for _, key := range it.keys {
		n = max(n, len(m.queues[key]))
	}
	return n
}

func (m *packerModel) remove(it *modelItem) {
	for _, key := range it.keys {
		m.queues[key] = slices.DeleteFunc(m.queues[key], func(other *modelItem) bool { return other == it })
	}
	m.gone[it.id] = true
}

// books counts afresh.
func (m *packerModel) books() batch.Books {
	b := batch.Books{Delayed: len(m.all(delayed))}
	for _, it := range m.all(waiting) {
		switch {
		case it.keys[0] == "":
			b.Available++
		case m.free(it):
			b.Ready++
			b.Available++
		}
	}
	for key, items := range m.queues {
		if key == "" {
			continue
		}
		for i, it := range items {
			switch {
			case it.place != waiting:
			case m.busy(key):
				b.Blocked++
			case m.runs && b.Ready > 0 && (i > 0 || !m.free(it) || key != it.keys[0]):
				b.Available++ // it may ride behind another
			}
		}
		b.Longest = max(b.Longest, len(items))
		if len(items) > 0 || m.busy(key) {
			b.Keys++
		}
	}
	return b
}

func (m *packerModel) admit() {
	key := ""
	if m.rng.IntN(5) > 0 {
		key = strconv.Itoa(int(math.Sqrt(float64(m.rng.IntN(150)))))
	}
	it := &modelItem{id: m.next, keys: []string{key}, job: m.rng.IntN(3)}
	for key != "" && m.several && m.rng.IntN(3) == 0 {
		if more := strconv.Itoa(m.rng.IntN(12)); !slices.Contains(it.keys, more) {
			it.keys = append(it.keys, more)
		}
	}
	m.next++
	for _, key := range it.keys {
		m.queues[key] = append(m.queues[key], it)
	}
	m.packer.Admit(it.id, key, it.job, it.keys[1:]...)
}

func (m *packerModel) take() error {
	n, patience := 1+m.rng.IntN(12), uint64(m.rng.IntN(30))
	if m.rng.IntN(2) == 0 {
		patience = math.MaxUint64
	}
	before := m.books()
	var free []*modelItem
	for _, it := range m.all(waiting) {
		if it.keys[0] != "" && m.free(it) {
			free = append(free, it)
		}
	}
	busy := make(map[string]bool)
	for key := range m.queues {
		busy[key] = m.busy(key)
	}
	got := m.packer.Take(n, patience)
	if len(got) > n || !m.runs && len(got) != min(n, before.Available) {
		return fmt.Errorf("took %d of %d, %d are available", len(got), n, before.Available)
	}
	shortest := math.MaxInt
	var taken []*modelItem
	for _, id := range got {
		it := m.find(id)
		if it == nil || it.place != waiting {
			return fmt.Errorf("took item %d, which does not wait", id)
		}
		for _, key := range it.keys {
			i := slices.Index(m.queues[key], it)
			if key != "" && (busy[key] || !m.runs && i > 0 || slices.ContainsFunc(m.queues[key][:i],
				func(earlier *modelItem) bool { return !slices.Contains(taken, earlier) })) {
				return fmt.Errorf("keys %q twice out, or out of order", it.keys)
			}
		}
		if it.keys[0] != "" {
			shortest = min(shortest, m.priority(it))
		}
		taken = append(taken, it)
	}
	for _, it := range taken {
		it.place = out
	}
	if now := m.books(); len(got) < n && now.Ready > 0 {
		return fmt.Errorf("took %d of %d, %d keys are ready", len(got), n, now.Ready)
	}
	if patience < math.MaxUint64 || m.runs && m.several { // a run follows its key, not the key of its head with the longest backlog
		return nil
	}
	for _, it := range free {
		if it.place == waiting && m.priority(it) > shortest {
			return fmt.Errorf("keys %q have %d items and were passed over for one with %d", it.keys, m.priority(it), shortest)
		}
	}
	return nil
}

func (m *packerModel) find(id int) *modelItem {
	for _, items := range m.queues {
		for _, it := range items {
			if it.id == id {
				return it
			}
		}
	}
	return nil
}

// pick returns an item that is out, nil if none is.
func (m *packerModel) pick() *modelItem {
	items := m.all(out)
	if len(items) == 0 {
		return nil
	}
	return items[m.rng.IntN(len(items))]
}

func (m *packerModel) later() time.Time {
	return m.now.Add(time.Duration(1+m.rng.IntN(50)) * time.Second)
}

// giveBack puts an item in front of its queues again, where the model keeps it
// in any case.
func (*packerModel) giveBack(it *modelItem) { it.place = waiting }

func (m *packerModel) release() {
	m.now = m.now.Add(time.Duration(m.rng.IntN(20)) * time.Second)
	for _, it := range m.all(delayed) {
		if !it.due.After(m.now) {
			m.giveBack(it)
		}
	}
	for key, due := range m.closed {
		if !due.After(m.now) {
			delete(m.closed, key)
		}
	}
	m.packer.Release(m.now)
}

// drop removes a job's items that are not out, of one key or of all.
func (m *packerModel) drop() error {
	job := m.rng.IntN(3)
	var dropped, want []int
	if m.rng.IntN(2) == 0 {
		for _, place := range []place{waiting, delayed} {
			for _, it := range m.all(place) {
				if it.job == job {
					want = append(want, it.id)
					m.remove(it)
				}
			}
		}
		dropped = m.packer.Drop(job)
	} else {
		key := strconv.Itoa(m.rng.IntN(12))
		for _, it := range slices.Clone(m.queues[key]) {
			if it.job == job && it.place == waiting {
				want = append(want, it.id)
				m.remove(it)
			}
		}
		dropped = m.packer.DropKey(key, job)
	}
	slices.Sort(dropped)
	slices.Sort(want)
	if !slices.Equal(want, dropped) {
		return fmt.Errorf("dropped %v, want %v", dropped, want)
	}
	return nil
}

// close keeps an item's keys closed until due, unless they are.
func (m *packerModel) close(it *modelItem, due time.Time) {
	for _, key := range it.keys {
		if _, closed := m.closed[key]; !closed && key != "" {
			m.closed[key] = due
		}
	}
	m.packer.Close(it.id, due)
}

func (m *packerModel) step() error {
	it := m.pick()
	switch op := m.rng.IntN(100); {
	case op < 40:
		m.admit()
	case op < 60:
		return m.take()
	case op < 70:
		m.release()
	case op < 71:
		return m.drop()
	case it == nil:
	case op < 85:
		m.remove(it)
		m.packer.Finish(it.id)
	case op < 90:
		m.giveBack(it)
		m.packer.GiveBack(it.id)
	case op < 95:
		it.place, it.due = delayed, m.later()
		if m.rng.IntN(3) == 0 { // its call timed out
			m.close(it, it.due.Add(-time.Second))
		}
		m.packer.Delay(it.id, it.due)
	default: // a call that timed out: its item ends, its key stays closed
		m.close(it, m.later())
		m.remove(it)
		m.packer.Finish(it.id)
	}
	return nil
}

// T-12, T-50: after each step, what waits, what is out and what is delayed add up, and no key is left.
func TestThePackerKeepsItsBooks(t *testing.T) {
	t.Parallel()
	for seed := range uint64(scaled(100, 300)) {
		m := newPackerModel(seed)
		for range 400 {
			require.NoError(t, m.step(), "seed %d", seed)
			require.Equal(t, m.books(), m.packer.Books(), "seed %d", seed)
		}
		// Everything comes to its end, and nothing is left.
		for len(m.gone) < m.next {
			m.now = m.now.Add(time.Hour)
			m.release()
			require.NoError(t, m.take(), "seed %d", seed)
			for _, it := range m.all(out) {
				m.remove(it)
				m.packer.Finish(it.id)
			}
			require.Equal(t, m.books(), m.packer.Books(), "seed %d", seed)
		}
		m.now = m.now.Add(time.Hour)
		m.release()
		require.Equal(t, batch.Books{}, m.packer.Books(), "seed %d", seed)
	}
}

func TestGivenBackItemsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	p := batch.NewPacker(false)
	for i, key := range []string{"a", "", "a", "b", "", ""} {
		p.Admit(i, key, 0)
	}
	require.Equal(t, []int{0, 3, 1, 4}, p.Take(4, 100))
	for _, id := range []int{4, 1, 3, 0} {
		p.GiveBack(id)
	}
	assert.Equal(t, []int{0, 3, 1, 4, 5}, p.Take(9, 100))
}

// T-57.
func TestNothingStarves(t *testing.T) {
	t.Parallel()
	const patience = 20
	light := map[string]string{"a key with one item": "light", "an item without a key": ""}
	for name, key := range light {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := batch.NewPacker(false)
			id := 0
			heavy := func() {
				for k := range 8 {
					for range 3 {
						id++
						p.Admit(id, strconv.Itoa(k), 0)
					}
				}
			}
			heavy()
			p.Admit(-1, key, 0)
			retried := 0
			for call := 1; ; call++ {
				require.LessOrEqual(t, call, 2*patience, "passed over for too long")
				heavy() // there is always a longer backlog
				got := p.Take(4, patience)
				if slices.Contains(got, -1) {
					break
				}
				for i, done := range got {
					if i == 0 && retried < 100 { // and something that was sent back
						retried++
						p.GiveBack(done)
						continue
					}
					p.Finish(done)
				}
			}
		})
	}
}

func TestTheLongestDelayedKeyIsWaitedFor(t *testing.T) {
	t.Parallel()
	due := time.Unix(100, 0)
	p := batch.NewPacker(false)
	for id := range 5 {
		p.Admit(id, "long", 0)
	}
	p.Admit(5, "short", 0)
	_, critical := p.CriticalDue(5)
	assert.False(t, critical, "it is not delayed")
	require.Equal(t, []int{0, 5}, p.Take(2, 100))
	p.Delay(5, due)
	p.Delay(0, due.Add(time.Second))
	next, _ := p.NextDue()
	assert.Equal(t, due, next)
	got, critical := p.CriticalDue(5)
	assert.True(t, critical)
	assert.Equal(t, due.Add(time.Second), got)
	_, critical = p.CriticalDue(6)
	assert.False(t, critical, "there are more calls left than it has items")
	_, critical = p.CriticalDue(1)
	assert.False(t, critical, "one call takes all that is left")
}
