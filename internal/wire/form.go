package wire

import (
	"bytes"
	"sync/atomic"
)

// form is the shape of the items that a [Fields] reads, learned from them. It is
// safe for concurrent use. Of texts of two forms in turn it knows both; of more,
// the two learned last.
type form struct {
	shapes atomic.Pointer[[2]*shape]
	habit  atomic.Uint32 // what to skip in the lowest byte, above it the next pause
}

// maxFormText bounds the text that is kept for each form. Items are some hundred
// bytes to a few thousand.
const maxFormText = 64 << 10

// read puts the tokens of an item of a known form into found, which is empty. It
// returns false, and leaves found empty, if the item has none or it was not
// tried.
func (f *form) read(item []byte, found [][]byte) bool {
	shapes := f.shapes.Load()
	if shapes == nil {
		return false
	}
	h := f.habit.Load()
	if h&0xff > 0 {
		f.habit.Store(h - 1)
		return false
	}
	for _, s := range shapes {
		if s == nil {
			break
		}
		if end, ok := s.match(item, 0, found); ok && end == len(item) {
			if h != 0 {
				f.habit.Store(0)
			}
			return true
		}
		clear(found)
	}
	return false
}

// missed learns the form of an item, which is valid and has these tokens, and
// notes that reading it by the forms known failed, if it was tried.
func (f *form) missed(item []byte, found [][]byte) {
	h := f.habit.Load()
	if h&0xff > 0 {
		return // not tried
	}
	before := habit{pause: uint8(h >> 8)} //nolint:gosec // eight bits
	after := before.missed()
	f.habit.Store(uint32(after.rest) | uint32(after.pause)<<8)
	s := shapeOf(item, found)
	if s == nil {
		return
	}
	shapes := [2]*shape{s}
	if known := f.shapes.Load(); known != nil {
		shapes[1] = known[0]
	}
	f.shapes.Store(&shapes)
}

// shapeOf returns the shape of a valid item with the picks of its tokens; nil if
// it has none.
func shapeOf(item []byte, found [][]byte) *shape {
	if len(item) > maxFormText {
		return nil
	}
	all := scalars(nil, item, span{0, len(item)})
	s := new(shape)
	if !s.learn(bytes.Clone(item), all) {
		return nil
	}
	for to, token := range found {
		if token != nil && !s.pick(all, cap(item)-cap(token), to) {
			return nil
		}
	}
	return s
}
