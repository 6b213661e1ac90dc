package wire

import "sync/atomic"

// form is the shapes of the items that a [Fields] reads, learned from them. It is
// safe for concurrent use. It knows two, so that items of two forms in turn are
// read by both.
type form struct {
	shapes atomic.Pointer[[2]*shape]
	last   atomic.Uint32 // which of the two had the last item
	habit  atomic.Uint32 // what to skip in the lowest byte, above it the next pause
	misses atomic.Uint32
}

// maxFormText bounds the items that are learned from. They are some hundred bytes
// to a few thousand.
const maxFormText = 64 << 10

// learnEvery is how many misses go without learning, once two shapes are known:
// it takes longer than to read an item in full.
const learnEvery = 16

// trial is what came of reading an item by its form.
type trial uint8

const (
	untried trial = iota // no shape is known, or they are left alone for a while
	matched
	missed
)

// read puts the tokens of an item of a known form into found, which is empty. If
// it does not match, found is left empty.
func (f *form) read(item []byte, found [][]byte) trial {
	shapes := f.shapes.Load()
	if shapes == nil {
		return untried
	}
	h := f.habit.Load()
	if h&0xff > 0 {
		f.habit.Store(h - 1)
		return untried
	}
	first := f.last.Load()
	for _, i := range [2]uint32{first, 1 - first} {
		s := shapes[i]
		if s == nil {
			continue
		}
		if end, ok := s.match(item, 0, found); ok && end == len(item) {
			if h != 0 {
				f.habit.Store(0)
			}
			if i != first {
				f.last.Store(i)
			}
			return matched
		}
		clear(found)
	}
	before := habit{pause: uint8(h >> 8)} //nolint:gosec // eight bits
	after := before.missed()
	f.habit.Store(uint32(after.rest) | uint32(after.pause)<<8)
	return missed
}

// learn may learn the form of an item that was read in full, is valid and has
// these tokens. It does from the second item on that no shape has, since many a
// [Fields] reads but one.
func (f *form) learn(item []byte, found [][]byte, tried trial) {
	known := f.shapes.Load()
	if tried == untried && known != nil {
		return
	}
	if n := f.misses.Add(1); n < 2 || n > 3 && n%learnEvery != 0 {
		return
	}
	s := shapeOf(item, found)
	if s == nil {
		return
	}
	if known == nil {
		f.shapes.Store(&[2]*shape{s})
		return
	}
	other := *known
	other[1-f.last.Load()] = s
	f.shapes.Store(&other)
}

// shapeOf returns the shape of a valid item with the picks of its tokens; nil if
// it has none. It holds names, but none of the item's values but true, false and
// null.
func shapeOf(item []byte, found [][]byte) *shape {
	if len(item) > maxFormText {
		return nil
	}
	all := scalars(nil, item, span{0, len(item)})
	s := new(shape)
	if !s.learn(item, all) {
		return nil
	}
	for to, token := range found {
		if token != nil && !s.pick(all, cap(item)-cap(token), to) {
			return nil
		}
	}
	s.own()
	return s
}
