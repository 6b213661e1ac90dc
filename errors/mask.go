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
// line, control characters escaped, mail addresses, runs of seven or more digits
// and telephone numbers replaced by "***". To mask a text twice changes nothing.
//
// A telephone number is also one that is written in groups, with a blank, a
// dash, a dot or brackets between them: seven or more digits after a plus sign,
// else ten or more. Dates, amounts with their thousands apart, IP addresses and
// numbers such as 2026-000123 are none, and neither is what a letter or a dash
// stands before, as in INV-98765-43210.
func Mask(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	whole := -1 // where in b the number begins that stands across the cut
	for runes, rest := 0, text; rest != ""; {
		if b.Len() > utf8.UTFMax*maskRunes {
			break // long enough for the cut below, however long the text is
		}
		if atWordStart(text, rest) {
			if n := addressLen(rest); n > 0 {
				b.WriteString(maskText)
				runes += len(maskText)
				rest = rest[n:]
				continue
			}
		}
		n, count := digitsLen(rest)
		hide := count >= maskDigits
		if count > 0 && !hide {
			n, hide = numberAt(text, len(text)-len(rest))
		}
		switch {
		case hide:
			b.WriteString(maskText)
			runes += len(maskText)
		case count > 0:
			length := utf8.RuneCountInString(rest[:n])
			if runes < maskRunes && runes+length > maskRunes {
				whole = b.Len()
			}
			b.WriteString(rest[:n])
			runes += length
		default:
			var r rune
			r, n = utf8.DecodeRuneInString(rest)
			b.WriteString(escapeRune(r))
			runes++
		}
		rest = rest[n:]
	}
	return cut(b.String(), whole)
}

// cut keeps the first characters of a masked text. What is left must not end in
// an "@": it would make an address of itself and the mark. Nor in a part of a
// number, which may look like another one; whole is where that begins, or -1.
func cut(text string, whole int) string {
	runes := 0
	for i := range text {
		if runes == maskRunes && text[i:] != "…" {
			if whole >= 0 {
				i = whole
			}
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
		if isDigitByte(c) {
			digits++
		}
	}
	return digits < min(maskDigits, maskInternational)
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
