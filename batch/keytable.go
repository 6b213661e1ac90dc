package batch

import "hash/maphash"

// keyTable finds the state of a key by its name. It does what a map would, but
// an item costs one hash instead of three: a key mostly comes and goes with one
// item. States hang in chains, each linked through its nextNamed.
type keyTable struct {
	seed   maphash.Seed
	chains []*keyState // a power of two of them
	mask   uint64      // that number less one
	len    int
	spare  *keyState // free list, linked by nextNamed
}

const (
	firstChains = 64
	// chainsPerKey is how many chains there are for each key, at least. A chain
	// that holds another key costs a look at that key's memory, which has mostly
	// left the processor's caches; a chain costs 8 bytes.
	chainsPerKey = 4
)

func newKeyTable() keyTable {
	return keyTable{seed: maphash.MakeSeed(), chains: make([]*keyState, firstChains), mask: firstChains - 1}
}

// get returns the state of a key; nil if it has none.
func (t *keyTable) get(name string) *keyState {
	return t.find(name, maphash.String(t.seed, name))
}

func (t *keyTable) find(name string, hash uint64) *keyState {
	k := *t.chain(hash)
	for k != nil && (k.hash != hash || k.name != name) {
		k = k.nextNamed
	}
	return k
}

// chain returns the head of the chain for a hash.
func (t *keyTable) chain(hash uint64) **keyState {
	return &t.chains[hash&t.mask]
}

// obtain returns the state of a key, a new one if it has none.
func (t *keyTable) obtain(name string) *keyState {
	hash := maphash.String(t.seed, name)
	if k := t.find(name, hash); k != nil {
		return k
	}
	if chainsPerKey*t.len >= len(t.chains) {
		t.grow()
	}
	k := t.take()
	k.name, k.hash = name, hash
	head := t.chain(hash)
	k.nextNamed, *head = *head, k
	t.len++
	return k
}

// forget removes a state, which is then empty.
func (t *keyTable) forget(k *keyState) {
	at := t.chain(k.hash)
	for *at != k {
		at = &(*at).nextNamed
	}
	*at = k.nextNamed
	t.len--
	*k = keyState{nextNamed: t.spare}
	t.spare = k
}

// keyBlock is how many states are made at once.
const keyBlock = 32

// take returns an empty state.
func (t *keyTable) take() *keyState {
	if t.spare == nil {
		block := make([]keyState, keyBlock)
		for i := range block {
			block[i].nextNamed, t.spare = t.spare, &block[i]
		}
	}
	k := t.spare
	t.spare, k.nextNamed = k.nextNamed, nil
	return k
}

// grow doubles the number of chains.
func (t *keyTable) grow() {
	states := t.all()
	t.chains, t.mask = make([]*keyState, 2*len(t.chains)), 2*t.mask+1
	for _, k := range states {
		head := t.chain(k.hash)
		k.nextNamed, *head = *head, k
	}
}

// all returns all states. It is a copy, since to end an item may forget keys.
func (t *keyTable) all() []*keyState {
	states := make([]*keyState, 0, t.len)
	for _, k := range t.chains {
		for ; k != nil; k = k.nextNamed {
			states = append(states, k)
		}
	}
	return states
}
