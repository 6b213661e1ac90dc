package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
)

// Positions is a set of positions of an input, from 0, most of them without a
// gap from the start. The zero value is the empty set. It takes a bit for each
// position between the lowest that is missing and the highest in it. As JSON it
// is {"low": n, "above": [[from, to], …]}: all below low, and ranges above it.
//
// It is not safe for concurrent use.
type Positions struct {
	low   int      // all below it are in
	base  int      // position of the first bit, a multiple of 64, at most low
	words []uint64 // bits from base on
	count int
}

// maxSpan bounds how far above the lowest missing position a position may be,
// and with it the memory: 32 MiB.
const maxSpan = 1 << 28

var errSpan = errors.New("position is negative, or too far above the lowest that is missing")

// Low returns the lowest position that is not in the set.
func (p *Positions) Low() int { return p.low }

// Len returns how many positions are in the set.
func (p *Positions) Len() int { return p.count }

// Has reports whether a position is in the set.
func (p *Positions) Has(i int) bool {
	if i < p.low {
		return i >= 0
	}
	word, bit := (i-p.base)/64, uint(i-p.base)%64
	return word < len(p.words) && p.words[word]&(1<<bit) != 0
}

// Add puts a position into the set. It fails, and changes nothing, if the
// position is negative or more than 2^28 above the lowest that is missing.
func (p *Positions) Add(i int) error {
	switch {
	case i < 0 || i-p.low > maxSpan:
		return fmt.Errorf("%d: %w", i, errSpan)
	case p.Has(i):
		return nil
	}
	word, bit := (i-p.base)/64, uint(i-p.base)%64
	for len(p.words) <= word {
		p.words = append(p.words, 0)
	}
	p.words[word] |= 1 << bit
	p.count++
	if i == p.low {
		p.advance()
	}
	return nil
}

// advance moves low to the next position that is missing, and gives up the
// words below it now and then, so that each is moved once on the average.
func (p *Positions) advance() {
	at := (p.low - p.base) / 64
	for at < len(p.words) && p.words[at] == ^uint64(0) {
		at++
	}
	p.low = p.base + 64*at
	if at < len(p.words) {
		p.low += bits.TrailingZeros64(^p.words[at])
	}
	if at >= 64 && at >= len(p.words)/2 {
		p.words = p.words[:copy(p.words, p.words[at:])]
		p.base += 64 * at
	}
}

// addBelow puts all positions below low into the empty set.
func (p *Positions) addBelow(low int) {
	p.low, p.count, p.base = low, low, low-low%64
	if rest := uint(low % 64); rest > 0 {
		p.words = append(p.words[:0], 1<<rest-1)
	}
}

// addRange puts a range above low into the set, none of which is in it.
func (p *Positions) addRange(first, last int) {
	p.count += last - first + 1
	at, end := (first-p.base)/64, (last-p.base)/64
	if end >= len(p.words) {
		p.words = append(p.words, make([]uint64, end+1-len(p.words))...)
	}
	for ; at <= end; at++ {
		word := ^uint64(0)
		if from := first - p.base - 64*at; from > 0 {
			word &= ^uint64(0) << uint(from)
		}
		if to := last - p.base - 64*at; to < 63 {
			word &= 1<<uint(to+1) - 1
		}
		p.words[at] |= word
	}
}

// Above returns the ranges of positions above Low, each from its first to its
// last, in order.
func (p *Positions) Above() iter.Seq2[int, int] {
	return func(yield func(first, last int) bool) {
		end := p.base + 64*len(p.words)
		for i := p.low + 1; i < end; {
			if word := p.words[(i-p.base)/64] >> (uint(i-p.base) % 64); word == 0 {
				i += 64 - (i-p.base)%64
				continue
			} else if skip := bits.TrailingZeros64(word); skip > 0 {
				i += skip
			}
			first := i
			for i < end && p.Has(i) {
				i++
			}
			if !yield(first, i-1) {
				return
			}
		}
	}
}

// clone returns a copy.
func (p *Positions) clone() Positions {
	c := *p
	c.words = append([]uint64(nil), p.words...)
	return c
}

type positionsJSON struct {
	Low   int      `json:"low"`
	Above [][2]int `json:"above,omitempty"`
}

// MarshalJSON returns the set as described at [Positions].
func (p Positions) MarshalJSON() ([]byte, error) {
	out := positionsJSON{Low: p.low}
	for first, last := range p.Above() {
		out.Above = append(out.Above, [2]int{first, last})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. Ranges out of order, or too far
// above the lowest missing position, are an error.
func (p *Positions) UnmarshalJSON(raw []byte) error {
	var in positionsJSON
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	if in.Low < 0 || in.Low > math.MaxInt-2*maxSpan {
		return fmt.Errorf("low %d: %w", in.Low, errSpan)
	}
	var q Positions
	q.addBelow(in.Low)
	next := in.Low + 1
	for _, r := range in.Above {
		if r[0] < next || r[1] < r[0] {
			return fmt.Errorf("range %d to %d overlaps what comes before, or is out of order", r[0], r[1])
		}
		if r[1]-in.Low > maxSpan {
			return fmt.Errorf("range %d to %d: %w", r[0], r[1], errSpan)
		}
		q.addRange(r[0], r[1])
		next = r[1] + 2
	}
	*p = q
	return nil
}
