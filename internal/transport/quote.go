package transport

import (
	"math/bits"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// shownBytes is how much of an answer an excerpt may be made of, and a little
// more, in which what it breaks off goes on.
const shownBytes = 1 << 10

// QuotesRequest reports whether the beginning of the answer's body repeats a
// part of the request's, as pages of gateways do. It is for the errors of
// answers that are not the API's: it looks through the whole request.
func (answer *Answer) QuotesRequest() bool {
	return quotes(string(answer.Body[:min(len(answer.Body), shownBytes)]), answer.sent)
}

// quotedRun is how many letters and digits in a row tell a quotation. Shorter
// ones are words that a page and a request may both have; eight are compared as
// one number.
const quotedRun = 8

// quotes reports whether a short text repeats a run of letters and digits of a
// body, one of them at least a letter: a date may be in both. What is between
// them does not count, nor in which way it is escaped, nor upper case. What is
// packed or in base64 is not found.
func quotes(text string, body []byte) bool {
	if len(body) == 0 {
		return false
	}
	runs := make(map[uint64]struct{}, len(text))
	var filter [64]uint64 // most runs of the body end here
	bit := func(run uint64) (word, mask uint64) {
		hash := bits.RotateLeft64(run*0x9e3779b97f4a7c15, 12)
		return hash >> 6 & 63, 1 << (hash & 63)
	}
	eachRun(text, func(run uint64) bool {
		word, mask := bit(run)
		filter[word] |= mask
		runs[run] = struct{}{}
		return true
	})
	if len(runs) == 0 {
		return false
	}
	found := false
	eachRun(body, func(run uint64) bool {
		if word, mask := bit(run); filter[word]&mask != 0 {
			_, found = runs[run]
		}
		return !found
	})
	return found
}

// eachRun calls f for each run of quotedRun letters and digits, until it returns
// false.
func eachRun[T string | []byte](text T, f func(run uint64) bool) {
	var run uint64
	length, digits := 0, 0 // digits since the last letter
	for at := 0; at < len(text); {
		r, size := plainRune(text, at)
		at += size
		c := folded(r)
		if c == 0 {
			continue
		}
		if digits++; c > '9' {
			digits = 0
		}
		run = run<<8 | uint64(c)
		if length++; length >= quotedRun && digits < quotedRun && !f(run) {
			return
		}
	}
}

// folded returns a letter or a digit as one byte, and 0 for anything else.
func folded(r rune) byte {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z':
		return byte(r) //nolint:gosec // ASCII
	case r >= 'A' && r <= 'Z':
		return byte(r-'A') + 'a'
	case r >= utf8.RuneSelf && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r)):
		return byte(r) | 0x80 //nolint:gosec // its last bits tell enough
	default:
		return 0
	}
}

// plainRune returns the character at a position, behind the escapes of JSON,
// HTML and URLs, once or several times over, and how long it is there. It is 0
// for what is no letter.
func plainRune[T string | []byte](text T, at int) (r rune, size int) {
	switch c := text[at]; {
	case c == '\\':
		return escapedInJSON(text, at)
	case c == '&':
		return escapedInHTML(text, at)
	case c == '%':
		return escapedInURL(text, at)
	case c < utf8.RuneSelf:
		return rune(c), 1
	default:
		return utf8.DecodeRuneInString(string(text[at:min(len(text), at+utf8.UTFMax)]))
	}
}

func escapedInJSON[T string | []byte](text T, at int) (rune, int) {
	size := 1
	for hasAt(text, at+size, `\`) {
		size++
	}
	if at+size == len(text) {
		return 0, size
	}
	switch text[at+size] {
	case 'n', 'r', 't', 'b', 'f':
		return 0, size + 1
	case 'u':
		if value, ok := hexAt(text, at+size+1, 4); ok {
			return value, size + 5
		}
	}
	return 0, size
}

func escapedInHTML[T string | []byte](text T, at int) (rune, int) {
	size := 1
	for hasAt(text, at+size, "amp;") {
		size += len("amp;")
	}
	for _, name := range [...]string{"quot;", "lt;", "gt;", "apos;", "nbsp;"} {
		if hasAt(text, at+size, name) {
			return 0, size + len(name)
		}
	}
	if !hasAt(text, at+size, "#") {
		return 0, size
	}
	begin, base := at+size+1, 10
	if hasAt(text, begin, "x") || hasAt(text, begin, "X") {
		begin, base = begin+1, 16
	}
	end := begin
	for end < len(text) && end < begin+8 && text[end] != ';' {
		end++
	}
	value, err := strconv.ParseInt(string(text[begin:end]), base, 32)
	if err != nil || end == len(text) || text[end] != ';' {
		return 0, size
	}
	return rune(value), end + 1 - at
}

func escapedInURL[T string | []byte](text T, at int) (rune, int) {
	var encoded [utf8.UTFMax]byte
	n, size := 0, 0
	for n < len(encoded) && hasAt(text, at+size, "%") {
		begin := at + size + 1
		for hasAt(text, begin, "25") {
			begin += len("25")
		}
		value, ok := hexAt(text, begin, 2)
		if !ok {
			break
		}
		encoded[n] = byte(value) //nolint:gosec // two digits
		n++
		size = begin + 2 - at
		if r, _ := utf8.DecodeRune(encoded[:n]); r != utf8.RuneError {
			return r, size
		}
	}
	return 0, max(size, 1)
}

func hasAt[T string | []byte](text T, at int, word string) bool {
	return at+len(word) <= len(text) && string(text[at:at+len(word)]) == word
}

func hexAt[T string | []byte](text T, at, digits int) (rune, bool) {
	if at+digits > len(text) {
		return 0, false
	}
	value, err := strconv.ParseUint(string(text[at:at+digits]), 16, 16)
	return rune(value), err == nil
}
