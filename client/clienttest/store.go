package clienttest

import (
	"bytes"
	"encoding/json"
)

// firstID is what ids are counted from. It lies above 2³¹, where a client that reads ids into 32 bits breaks.
const firstID = 1 << 31

// store holds what was applied.
type store struct {
	forget  bool
	count   int
	records []record
	bodies  map[int]json.RawMessage   // by position in records
	index   map[string]map[string]int // entity and number, or another identifier of a customer, to the newest record
}

// record is small, as there may be ten million. Its position is its place in the order of application. Records of one number are a
// chain.
type record struct {
	number, customer string
	call             int
	prev             int // position of the record before, -1 for none
	first            int // position of the record that gave the bill or customer its id
	bill             bool
}

func (r *record) entity() string {
	if r.bill {
		return entityTransaction
	}
	return entityCustomer
}

func (r *record) id() int64 { return idAt(r.first) }

func idAt(position int) int64 { return firstID + 1 + int64(position) }

func newStore(forget bool) store {
	return store{
		forget: forget,
		bodies: map[int]json.RawMessage{},
		index:  map[string]map[string]int{entityTransaction: {}, entityCustomer: {}},
	}
}

// find returns the newest record of an item that was applied before.
func (st *store) find(entity string, it *item) (*record, bool) {
	if rec, ok := st.byNumber(entity, it.number); ok {
		return rec, true
	}
	for _, name := range it.names {
		if rec, ok := st.byNumber(entity, name); ok {
			return rec, true
		}
	}
	return nil, false
}

// add applies an item and returns its id. A customer keeps the id of its first record.
func (st *store) add(entity string, it *item, call int, keepBody bool) int64 {
	at := st.count
	st.count++
	if st.forget {
		return idAt(at)
	}
	rec := record{
		number: it.number, customer: it.customer, call: call, prev: -1, first: at, bill: entity == entityTransaction,
	}
	if known, ok := st.find(entity, it); ok && !rec.bill {
		rec.first = known.first
	}
	if keepBody {
		st.bodies[at] = bytes.Clone(it.raw)
	}
	index := st.index[entity]
	if prev, ok := index[it.number]; ok {
		rec.prev = prev
	}
	st.records = append(st.records, rec)
	index[it.number] = at
	for _, name := range it.names {
		if _, ok := index[name]; !ok {
			index[name] = at
		}
	}
	return rec.id()
}

// byNumber returns the newest record of a number.
func (st *store) byNumber(entity, number string) (*record, bool) {
	at, ok := st.index[entity][number]
	if !ok {
		return nil, false
	}
	return &st.records[at], true
}

// byID returns the record that gave out an id.
func (st *store) byID(entity string, id int64) (*record, bool) {
	at := id - idAt(0)
	if at < 0 || at >= int64(len(st.records)) {
		return nil, false
	}
	rec := &st.records[at]
	return rec, rec.entity() == entity && rec.id() == id
}

func (st *store) times(entity, number, customer string) int {
	at, ok := st.index[entity][number]
	n := 0
	for ok && at >= 0 {
		rec := &st.records[at]
		if rec.number == number && rec.customer == customer {
			n++
		}
		at = rec.prev
	}
	return n
}
