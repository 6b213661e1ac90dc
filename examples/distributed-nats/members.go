package main

import (
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// members knows which workers are alive, and from that which partitions are this worker's to take. It only decides who should; that
// nobody else can is for the pinned consumers and the ledger.
type members struct {
	job  *job
	self string
	say  func() any // this worker's progress
	born time.Time

	mu      sync.Mutex
	seen    map[string]time.Time // when a worker was last heard of, by this process' clock
	owners  map[int]record
	onTaken func(partition int, by record)
	changed chan struct{} // closed and made anew when something changed
}

func newMembers(j *job, self string, say func() any, onTaken func(int, record)) *members {
	return &members{
		job: j, self: self, say: say, onTaken: onTaken, born: time.Now(),
		seen: map[string]time.Time{self: time.Now()}, owners: make(map[int]record), changed: make(chan struct{}),
	}
}

// run announces this worker and listens to the others until ctx ends. Then it says goodbye.
func (m *members) run(ctx context.Context) error {
	workers, err := m.job.members.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer workers.Stop() //nolint:errcheck // nothing to do about it
	state, err := m.job.state.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer state.Stop() //nolint:errcheck // nothing to do about it
	beat := m.job.MemberTTL / 4
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	settled := time.NewTimer(m.listen())
	defer settled.Stop()
	last := time.Now()
	m.announce(ctx)
	for {
		select {
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = m.job.members.Delete(bye, m.self) // else its silence tells
			return nil
		case entry := <-workers.Updates():
			m.heard(entry)
		case entry := <-state.Updates():
			m.owned(entry)
		case <-settled.C:
			m.mu.Lock()
			m.notify()
			m.mu.Unlock()
		case now := <-ticker.C:
			// After a pause of this very process the others' silence means nothing.
			m.expire(now, now.Sub(last) > 2*beat)
			last = now
			m.announce(ctx)
		}
	}
}

// listen is how long a new worker only listens, so that workers that start together don't take what is the others'.
func (m *members) listen() time.Duration { return m.job.MemberTTL / 8 }

func (m *members) announce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, m.job.MemberTTL/4)
	defer cancel()
	text, err := json.Marshal(m.say())
	if err != nil {
		text = nil
	}
	_, _ = m.job.members.Put(ctx, m.self, text) // the next one is soon
}

func (m *members) heard(entry jetstream.KeyValueEntry) {
	if entry == nil || entry.Key() == m.self {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.seen[entry.Key()]
	gone := entry.Operation() != jetstream.KeyValuePut
	if gone {
		delete(m.seen, entry.Key())
	} else {
		m.seen[entry.Key()] = time.Now()
	}
	if known == gone {
		m.notify()
	}
}

// expire forgets workers that were silent for too long. forgive: start to count anew.
func (m *members) expire(now time.Time, forgive bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[m.self] = now
	for id, at := range m.seen {
		switch {
		case forgive:
			m.seen[id] = now
		case now.Sub(at) > m.job.MemberTTL:
			delete(m.seen, id)
			m.notify()
		}
	}
}

func (m *members) owned(entry jetstream.KeyValueEntry) {
	if entry == nil || !strings.HasPrefix(entry.Key(), "p") {
		return
	}
	partition, err := strconv.Atoi(entry.Key()[1:])
	var r record
	if err != nil || json.Unmarshal(entry.Value(), &r) != nil {
		return
	}
	m.mu.Lock()
	before := m.owners[partition]
	m.owners[partition] = r
	if before.Owner != r.Owner {
		m.notify()
	}
	m.mu.Unlock()
	if before.Term != r.Term {
		m.onTaken(partition, r)
	}
}

// notify wakes whoever waits. It is called with the lock held.
func (m *members) notify() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// free reports whether this worker should take the partition now: it is assigned to it, and its owner released it or is gone. The
// channel is closed when the answer may be another.
func (m *members) free(partition int) (ok bool, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	owner := m.owners[partition].Owner
	_, alive := m.seen[owner]
	ok = time.Since(m.born) >= m.listen() && m.assignedTo(partition) == m.self && (owner == "" || owner == m.self || !alive)
	return ok, m.changed
}

// mine reports whether the partition is assigned to this worker.
func (m *members) mine(partition int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.assignedTo(partition) == m.self
}

func (m *members) assignedTo(partition int) string {
	ids := make([]string, 0, len(m.seen))
	for id := range m.seen {
		ids = append(ids, id)
	}
	return assign(ids, m.job.Partitions)[partition]
}

// assign spreads the partitions over the workers. Every worker comes to the same result by itself, no two of them differ by more than
// one, and when one comes or goes most partitions stay where they are: of the workers with room, each partition has its own order of
// preference.
func assign(workers []string, partitions int) []string {
	owners := make([]string, partitions)
	if len(workers) == 0 {
		return owners
	}
	each, more := partitions/len(workers), partitions%len(workers)
	held := make(map[string]int, len(workers))
	room := func(worker string) bool { return held[worker] < each || held[worker] == each && more > 0 }
	for p := range owners {
		best := ""
		for _, w := range workers {
			if room(w) && (best == "" || cmp.Or(cmp.Compare(weight(w, p), weight(best, p)), cmp.Compare(w, best)) > 0) {
				best = w
			}
		}
		if held[best] == each {
			more--
		}
		held[best]++
		owners[p] = best
	}
	return owners
}

func weight(worker string, partition int) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(worker + "/" + strconv.Itoa(partition))) // it never fails
	// FNV alone differs too little for names that differ only at the end.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}
