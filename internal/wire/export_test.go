package wire

// ReadByForm reads an item as Read does, and reports whether a form of items
// before it was tried and whether it was the item's.
func (f *Fields) ReadByForm(item []byte) (tried, was bool, err error) {
	how, err := f.tokens(item, make([][]byte, f.count))
	return how != untried, how == matched, err
}
