package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Most bytes of a body stand in strings, so these are read eight at a time.
const (
	eachByte = 0x0101010101010101 // times c: c in each byte
	highBits = 0x8080808080808080
)

// special sets the high bit of each byte of a word that needs a closer look in
// a string: a quote, a backslash, a control character. Only the lowest bit set
// is certain: what a subtraction borrows can set others above it.
func special(word uint64) uint64 {
	// A quote is two above a blank: with that bit turned over, quotes become
	// blanks, control characters stay among themselves, and no other byte comes
	// as low.
	low := word ^ 0x02*eachByte
	backslash := word ^ '\\'*eachByte
	return ((low-(' '+1)*eachByte)&^low | (backslash-eachByte)&^backslash) & highBits
}

// scanString takes the position of an opening quote and returns the one behind
// the closing quote. A string is odd if it holds escapes or more than ASCII. If
// reason is not empty, next is where the fault is.
func scanString(data []byte, start int) (next int, odd bool, reason string) {
	i := start + 1
	seen := uint64(0) // the high bits of what was passed
	for {
		for len(data)-i >= 8 {
			word := binary.LittleEndian.Uint64(data[i:])
			found := special(word)
			if found == 0 {
				seen |= word
				i += 8
				continue
			}
			before := bits.TrailingZeros64(found) &^ 7
			seen |= word & (1<<before - 1)
			i += before / 8
			if data[i] == '"' { // as in nearly every string
				return i + 1, odd || seen&highBits != 0, ""
			}
			break
		}
		for i < len(data) && data[i] >= ' ' && data[i] != '"' && data[i] != '\\' {
			seen |= uint64(data[i])
			i++
		}
		switch {
		case i >= len(data):
			return i, odd, reasonCut
		case data[i] == '"':
			return i + 1, odd || seen&highBits != 0, ""
		case data[i] < ' ':
			return i, odd, reasonControl
		}
		odd = true
		if i, reason = scanEscape(data, i); reason != "" {
			return i, odd, reason
		}
	}
}

// scanEscape takes the position of a backslash and returns the one behind the
// escape, or where its fault is.
func scanEscape(data []byte, i int) (next int, reason string) {
	i++
	if i >= len(data) {
		return i, reasonCut
	}
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1, ""
	case 'u':
		for range 4 {
			if i++; i >= len(data) || hexValue(data[i]) < 0 {
				return i, reasonEscape
			}
		}
		return i + 1, ""
	default:
		return i, reasonEscape
	}
}

// isPlain reports whether a text is ASCII without a backslash.
func isPlain(text []byte) bool {
	for len(text) >= 8 {
		word := binary.LittleEndian.Uint64(text)
		backslash := word ^ '\\'*eachByte
		if (word|(backslash-eachByte)&^backslash)&highBits != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
