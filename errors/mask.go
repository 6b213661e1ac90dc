package errors

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maskRunes  = 200 // longest text that enters an error's line
	maskDigits = 7   // digits in a row that may be a telephone or card number
	maskText   = "***"
)

// Mask returns the form in which a text of the service may enter an error's
// line or a log: at most 200 characters and a mark where it was cut, on one
// line, control characters escaped, mail addresses and runs of seven or more
// digits replaced by "***". To mask a text twice changes nothing.
func Mask(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		if b.Len() > utf8.UTFMax*maskRunes {
			break // long enough for the cut below, however long the text is
		}
		if atWordStart(text, rest) {
			if n := addressLen(rest); n > 0 {
				b.WriteString(maskText)
				rest = rest[n:]
				continue
			}
		}
		if n, count := digitsLen(rest); count >= maskDigits {
			b.WriteString(maskText)
			rest = rest[n:]
			continue
		} else if n > 0 {
			b.WriteString(rest[:n])
			rest = rest[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		b.WriteString(escapeRune(r))
		rest = rest[size:]
	}
	return cut(b.String())
}

// cut keeps the first characters of a masked text. What is left must not end in
// an "@": it would make an address of itself and the mark.
func cut(text string) string {
	runes := 0
	for i := range text {
		if runes == maskRunes && text[i:] != "…" {
			return strings.TrimRight(text[:i], "@") + "…"
		}
		runes++
	}
	return text
}

// MaskRequestID returns the form in which a request id may enter a log. The
// service's ids are hexadecimal, some in groups, so that runs of digits are
// common in them, and useless to support if masked. What looks like one stays
// as it is, and all else is masked as by [Mask].
func MaskRequestID(id string) string {
	const (
		shortest = 13 // as short as the oldest ids
		longest  = 64 // a UUID has 36
	)
	digits := 0
	for _, r := range id {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'f', r >= 'A' && r <= 'F', r == '-':
		default:
			return Mask(id)
		}
	}
	if digits == len(id) || len(id) < shortest || len(id) > longest {
		return Mask(id)
	}
	return id
}

// oneLine escapes a text of our own: nothing in it is personal, but a name
// that the caller chose may hold anything.
func oneLine(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(escapeRune(r))
	}
	return b.String()
}

// isPlain reports whether the text needs no masking, which is the common case.
func isPlain(text string) bool {
	if len(text) > maskRunes {
		return false
	}
	digits := 0
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c >= 0x7f || c == '@' {
			return false
		}
		if c < '0' || c > '9' {
			digits = 0
			continue
		}
		if digits++; digits >= maskDigits {
			return false
		}
	}
	return true
}

// digitsLen returns the bytes and the number of the digits, of any script, at
// the start of s.
func digitsLen(s string) (size, count int) {
	for i, r := range s {
		if !unicode.IsDigit(r) {
			return i, count
		}
		count++
	}
	return len(s), count
}

// addressLen returns the length of the mail address at the start of s, or 0.
func addressLen(s string) int {
	at := 0
	for at < len(s) && isAddressByte(s[at]) {
		at++
	}
	if at == 0 || at == len(s) || s[at] != '@' {
		return 0
	}
	end := at + 1
	for end < len(s) && isAddressByte(s[end]) {
		end++
	}
	if end == at+1 {
		return 0
	}
	return end
}

func isAddressByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '.' || c == '_' || c == '-' || c == '+' || c == '%' || c >= utf8.RuneSelf
}

// atWordStart reports whether rest begins a word of text. Looking for an
// address only there keeps Mask linear.
func atWordStart(text, rest string) bool {
	before := len(text) - len(rest)
	return before == 0 || !isAddressByte(text[before-1])
}

// escapeRune keeps a text on one line and harmless to a terminal.
func escapeRune(r rune) string {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return " "
	case r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
		return "?"
	default:
		return string(r)
	}
}
