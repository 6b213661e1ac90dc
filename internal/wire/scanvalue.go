package wire

import (
	"bytes"
	"math"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// flag is a truth value that may be missing.
type flag uint8

const (
	flagNone flag = iota
	flagTrue
	flagFalse
)

// flagOf reads true, false and the same as text in any case; anything else is
// no flag.
func flagOf(token []byte) flag {
	word := bytes.TrimSpace(content(token))
	switch {
	case bytes.EqualFold(word, []byte("true")):
		return flagTrue
	case bytes.EqualFold(word, []byte("false")):
		return flagFalse
	default:
		return flagNone
	}
}

// wordOf reads a status that is one word.
func wordOf(token []byte) flag {
	word := bytes.TrimSpace(content(token))
	switch {
	case bytes.EqualFold(word, []byte("success")):
		return flagTrue
	case bytes.EqualFold(word, []byte("failure")), bytes.EqualFold(word, []byte("failed")), bytes.EqualFold(word, []byte("error")):
		return flagFalse
	default:
		return flagOf(token)
	}
}

// maxInteger bounds codes and counters. Larger numbers are ids, not codes.
const maxInteger = math.MaxInt32

// integerOf reads a whole number: 500, "500", 500.0, 5e2. The bool is false
// for anything else and for numbers beyond 31 bits.
func integerOf(token []byte) (int, bool) {
	text := bytes.TrimSpace(content(token))
	if len(text) == 0 {
		return 0, false
	}
	n := 0
	for i, c := range text {
		if !isDigit(c) || i > 8 {
			return unusualInteger(text)
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func unusualInteger(text []byte) (int, bool) {
	if c := text[0]; c != '-' && !isDigit(c) {
		return 0, false
	}
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || value != math.Trunc(value) || math.Abs(value) > maxInteger {
		return 0, false
	}
	return int(value), true
}

// content returns what is between a string's quotes, unescaped, and any other
// token as it stands. It allocates only for escapes and invalid UTF-8.
func content(token []byte) []byte {
	if len(token) < 2 || token[0] != '"' {
		return token
	}
	return plainText(token[1 : len(token)-1])
}

// plainText returns a checked string's text.
func plainText(inner []byte) []byte {
	if isPlain(inner) || utf8.Valid(inner) && bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return unquote(inner)
}

// unquote resolves the escapes of a checked string and replaces invalid UTF-8
// and lone surrogates by U+FFFD, as encoding/json does.
func unquote(inner []byte) []byte {
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); {
		switch c := inner[i]; {
		case c == '\\' && inner[i+1] == 'u':
			r, n := unquoteRune(inner[i:])
			out = utf8.AppendRune(out, r)
			i += n
		case c == '\\':
			out = append(out, unescape(inner[i+1]))
			i += 2
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, n := utf8.DecodeRune(inner[i:])
			out = utf8.AppendRune(out, r)
			i += n
		}
	}
	return out
}

// unquoteRune reads a \u escape, or two that make one character, and returns
// the bytes used.
func unquoteRune(text []byte) (r rune, n int) {
	r = escapedUnit(text)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if pair := utf16.DecodeRune(r, escapedUnit(text[6:])); pair != unicode.ReplacementChar {
		return pair, 12
	}
	return unicode.ReplacementChar, 6
}

// escapedUnit returns the value of the \u escape at the start of text, or -1.
func escapedUnit(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	value := rune(0)
	for _, c := range text[2:6] {
		value = value<<4 | hexValue(c)
	}
	return value
}

func hexValue(c byte) rune {
	switch {
	case isDigit(c):
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return rune(c - 'A' + 10)
	default:
		return -1
	}
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c
	}
}
