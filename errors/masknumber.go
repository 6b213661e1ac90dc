package errors

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maskGrouped       = 10 // digits in groups that may be a telephone or card number
	maskInternational = 7  // of those, after a plus sign
	maxGroups         = 16 // of one number; bounds the work
)

// number is digits in groups, such as a telephone number, a date or an amount.
type number struct {
	sizes  [maxGroups]uint8 // digits of each group
	count  int              // of groups
	digits int
	text   string // with what is between the groups
	gap    rune   // what is between all groups; 0 if that differs
	plus   bool   // a plus sign stands before it
}

// numberAt returns the number that begins at a position of text, which has a
// digit there and none before, and whether it is to be hidden: telephone numbers
// are, dates, amounts and addresses of machines are not. It depends on what
// stands before it and on itself alone, so that a text cut behind it gives the
// same.
func numberAt(text string, at int) (size int, hide bool) {
	if n := momentLen(text[at:]); n > 0 {
		return n, false
	}
	var n number
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	n.plus = before == '+'
	end := at
	for begin := at; n.count < maxGroups; {
		length, digits := digitsLen(text[begin:])
		end = begin + length
		n.sizes[n.count] = uint8(digits) //nolint:gosec // at most six
		n.count++
		n.digits += digits
		gap, width := gapAt(text[end:])
		next := end + width
		if width == 0 || !n.goesOn(text, next, gap) {
			break
		}
		if n.count == 1 {
			n.gap = gap
		} else if gap != n.gap {
			n.gap = 0
		}
		begin = next
	}
	n.text = text[at:end]
	inWord := unicode.IsLetter(before) || before != 0 && strings.ContainsRune("-_/", before)
	return len(n.text), !inWord && n.isTelephone()
}

// goesOn reports whether the group at a position belongs to the number before
// it. gap is what is between them.
func (n *number) goesOn(text string, at int, gap rune) bool {
	rest := text[at:]
	length, digits := digitsLen(rest)
	if digits == 0 || digits >= maskDigits || momentLen(rest) > 0 || atWordStart(text, rest) && addressLen(rest) > 0 {
		return false
	}
	if n.plus {
		return true
	}
	// One dot is that of an amount; a number with dots has no other gaps.
	dots := n.count > 1 && n.gap == '.'
	if gap == '.' {
		return dots || n.count == 1 && dotted(rest[length:])
	}
	return !dots && !dotted(rest[length:])
}

// dotted reports whether another group follows after a dot.
func dotted(s string) bool {
	return len(s) > 1 && s[0] == '.' && s[1] >= '0' && s[1] <= '9'
}

// gapAt returns what may stand between two groups: a blank, a dash or a dot, and
// brackets around one of them. The width is 0 if nothing of that is there.
func gapAt(s string) (gap rune, width int) {
	for _, r := range s {
		switch r {
		case ' ', '-', '.', '\u00a0', '\u2010', '\u2011', '\u2012', '\u2013':
			if gap != 0 && gap != ')' {
				return gap, width
			}
			if gap == 0 {
				gap = r
			}
		case ')':
			if gap != 0 {
				return gap, width
			}
			gap = r
		case '(':
			return '(', width + 1
		default:
			return gap, width
		}
		width += utf8.RuneLen(r)
	}
	return gap, width
}

// isTelephone tells telephone and card numbers from amounts, addresses of
// machines, numbers of documents and lists.
func (n *number) isTelephone() bool {
	sizes := n.sizes[:n.count]
	switch {
	case n.count == 1 || n.digits < maskInternational:
		return false
	case n.plus && (n.digits >= maskGrouped || !n.isAmount()):
		return true
	case n.digits < maskGrouped || n.isAmount():
		return false
	case n.gap == '.' && n.count == 4 && allWithin(sizes, 1, 3): // an address
		return false
	case n.count == 2 && isYear(n.text): // a number of that year
		return false
	}
	// One digit alone may be a country's; of lists all have few.
	return allWithin(sizes[1:], 2, maskDigits) && (!allWithin(sizes, 1, 2) || n.text[0] == '0')
}

// isAmount reports whether the groups are thousands.
func (n *number) isAmount() bool {
	return n.sizes[0] <= 3 && allWithin(n.sizes[1:n.count], 3, 3) && (n.gap == ' ' || n.gap == '.' || n.gap == '\u00a0')
}

func allWithin(sizes []uint8, low, high uint8) bool {
	for _, size := range sizes {
		if size < low || size > high {
			return false
		}
	}
	return true
}

// isYear reports whether a number's first group is a year.
func isYear(text string) bool {
	year, end := fewDigits(text)
	return end == 4 && isCalendar(year)
}

// isCalendar reports whether a date may have the year: 9999 stands for never.
func isCalendar(year int) bool { return year >= 1900 && year <= 2199 || year == 9999 }

// momentLen returns the length of the date or the time at the start of s, or 0.
func momentLen(s string) int { return max(dateLen(s), timeLen(s)) }

// timeLen returns the length of the hours and minutes at the start of s, or 0.
func timeLen(s string) int {
	_, i := fewDigits(s)
	if i == 0 || i > 2 || i == len(s) || s[i] != ':' {
		return 0
	}
	_, k := fewDigits(s[i+1:])
	if k != 2 || startsWithDigit(s[i+3:]) {
		return 0
	}
	return i + 3
}

// dateLen returns the length of the date at the start of s, or 0: year, month
// and day, or the other way round, with the same dash or dot between them.
func dateLen(s string) int {
	a, i := fewDigits(s)
	if i == 0 || i == len(s) || s[i] != '-' && s[i] != '.' {
		return 0
	}
	b, j := fewDigits(s[i+1:])
	j += i + 1
	if j == i+1 || j == len(s) || s[j] != s[i] {
		return 0
	}
	c, k := fewDigits(s[j+1:])
	end := j + 1 + k
	if k == 0 || startsWithDigit(s[end:]) {
		return 0
	}
	if i == 4 {
		a, c = c, a
	}
	year := i == 4 && k <= 2 || i <= 2 && k == 4
	if !year || j-i-1 > 2 || !isCalendar(c) || a < 1 || a > 31 || b < 1 || b > 31 || min(a, b) > 12 {
		return 0
	}
	return end
}

// fewDigits reads a number of at most four ASCII digits.
func fewDigits(s string) (value, size int) {
	for size < len(s) && size < 4 && isDigitByte(s[size]) {
		value = 10*value + int(s[size]-'0')
		size++
	}
	return value, size
}

func isDigitByte(c byte) bool { return c >= '0' && c <= '9' }

func startsWithDigit(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsDigit(r)
}
