package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// model is a partition with its two topics, a writer that holds customers, and clocks that tick. It checks what lanes promises.
type model struct {
	t     *testing.T
	rnd   *rand.Rand
	lanes lanes
	now   time.Time
	turn  uint64

	items, retry []*delivery // topics, not read yet
	writer       []*delivery
	held         map[string]bool
	ended        map[string][]int // customer: rows, in the order of their outcomes
}

func newModel(t *testing.T, seed uint64) *model {
	t.Helper()
	m := &model{
		t: t, rnd: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1000, 0), held: make(map[string]bool), ended: make(map[string][]int),
	}
	m.lanes = lanes{
		of: make(map[string]*lane), waiting: make(map[string]*lane),
		feed: func(d *delivery) { m.writer = append(m.writer, d) },
		move: func(d *delivery) {
			assert.False(t, d.retry, "what comes from the retry topic does not go back to it")
			m.retry = append(m.retry, &delivery{retry: true, mine: true, id: d.id, key: d.key, offset: d.offset, due: d.due})
		},
		release: func(key string) { delete(m.held, key) },
	}
	return m
}

// read has a record arrive.
func (m *model) read(topic *[]*delivery) {
	d := (*topic)[0]
	*topic = (*topic)[1:]
	d.turn = m.turn
	m.turn++
	m.lanes.arrive(d, m.now)
}

// answer has an item of the writer get its result. As a writer does, it takes a customer's in order, and hands back those behind one that
// was given up.
func (m *model) answer(i int) {
	d := m.writer[i]
	for _, before := range m.writer[:i] {
		if d.key != "" && before.key == d.key {
			return // not its turn
		}
	}
	m.writer = append(m.writer[:i:i], m.writer[i+1:]...)
	switch {
	case m.held[d.key]:
		m.lanes.ended(d, true, true)
	case m.rnd.IntN(3) == 0:
		if d.key != "" {
			m.held[d.key] = true
		}
		d.due = m.now.Add(time.Second)
		m.lanes.ended(d, true, true)
	default:
		m.ended[d.key] = append(m.ended[d.key], int(d.offset))
		m.lanes.ended(d, false, false)
	}
}

// Whatever comes when, each item has one outcome, and those of a customer have it in the order of the input.
func TestTheOrderOfEachCustomerIsKept(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		m := newModel(t, seed)
		const rows = 120
		for i := range rows {
			key := []string{"ann", "bob", "cid", "dan", ""}[m.rnd.IntN(5)]
			m.items = append(m.items, &delivery{id: itoa(int32(i)), key: key, offset: int64(i)})
		}
		for steps := 0; len(m.items)+len(m.retry)+len(m.writer)+len(m.lanes.of) > 0; steps++ {
			if steps > 100_000 {
				t.Fatalf("seed %d: no end; %d items, %d retries, %d with the writer, %d lanes", seed, len(m.items), len(m.retry), len(m.writer), len(m.lanes.of))
			}
			switch choice := m.rnd.IntN(10); {
			case choice < 3 && len(m.items) > 0:
				m.read(&m.items)
			case choice < 5 && len(m.retry) > 0:
				m.read(&m.retry)
			case choice < 9 && len(m.writer) > 0:
				m.answer(m.rnd.IntN(len(m.writer)))
			default:
				m.now = m.now.Add(300 * time.Millisecond)
				m.lanes.due(m.now)
			}
		}
		total := 0
		for key, order := range m.ended {
			total += len(order)
			if key != "" {
				assert.IsIncreasing(t, order, "seed %d, customer %s", seed, key)
			}
		}
		assert.Equal(t, rows, total, "seed %d", seed)
		assert.Empty(t, m.held, "seed %d: held customers", seed)
	}
}

func TestABacklogGoesOutInOrder(t *testing.T) {
	t.Parallel()
	b := backlog{next: -1}
	first, second := &delivery{offset: 7}, &delivery{offset: 9}
	b.list = []*delivery{first, second}
	second.done = true
	assert.Nil(t, b.pop(), "the first has no outcome")
	assert.Equal(t, int64(-1), b.next)
	first.done = true
	assert.Equal(t, first, b.pop())
	assert.Equal(t, int64(8), b.next)
	assert.Equal(t, second, b.pop())
	assert.Equal(t, int64(10), b.next)
	assert.Nil(t, b.pop())
}
