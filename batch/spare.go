package batch

// spares are items to be used again, linked by nextSpare.
type spares struct{ first, last *item }

// itemBlock is how many items are made at once.
const itemBlock = 16

// maxPlaces bounds the memory for places that a spare item keeps.
const maxPlaces = 8

// take removes an item, or makes some.
func (s *spares) take() *item {
	if s.first == nil {
		block := make([]item, itemBlock)
		for i := range block {
			s.push(&block[i])
		}
	}
	it := s.first
	s.first, it.nextSpare = it.nextSpare, nil
	if s.first == nil {
		s.last = nil
	}
	return it
}

// add empties an item, so that it keeps nothing alive, and adds it.
func (s *spares) add(it *item) {
	more := it.more
	if cap(more) > maxPlaces {
		more = nil
	}
	clear(more)
	*it = item{more: more[:0]}
	s.push(it)
}

func (s *spares) push(it *item) {
	it.nextSpare, s.first = s.first, it
	if s.last == nil {
		s.last = it
	}
}

// join moves all of other in front.
func (s *spares) join(other *spares) {
	if other.first == nil {
		return
	}
	other.last.nextSpare = s.first
	if s.last == nil {
		s.last = other.last
	}
	s.first = other.first
	*other = spares{}
}
