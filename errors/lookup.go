package errors

import "sort"

//go:generate go run ./internal/gentable

// Meaning is what a code means in a scope.
type Meaning struct {
	Kind Kind   // what to do about it
	Text string // in our words, lower case, without a full stop

	// Warning says that the API also sends the code beside a thing that it
	// did, so that the code alone does not tell whether it was done. Kind is
	// what it means where it tells a failure.
	Warning bool
}

// Lookup returns the meaning of a code. It goes from the special to the
// general: the row for version, entity and level; the version's request-level
// row; the API's status page, which holds for every version and, for 461, 503,
// 521 and 1060, at item level too. A number that no table has is
// [ErrUnrecognised], never transient, and the bool is false.
//
// The list in which an entry stands, errors or warnings, outranks the table:
// Lookup tells what the number means, not whether it is a failure.
//
// Lookup does not allocate.
func Lookup(s Scope, c Code) (Meaning, bool) {
	if m, ok := lookupTable(s.Version, s.Entity, s.Level, c); ok {
		return m, true
	}
	if m, ok := lookupTable(s.Version, "", RequestLevel, c); ok {
		return m, true
	}
	if m, ok := statusPage(c); ok {
		return m, true
	}
	return Meaning{Kind: ErrUnrecognised}, false
}

// rowSize is the size of a row of the table: the code in four bytes, the place
// of the text in two, its length in one, the kind in one.
const rowSize = 8

// warningBit in a row's kind marks a code that is also sent as a warning.
const warningBit = 0x40

// lookupTable finds the row for exactly this scope.
func lookupTable(version Version, entity string, level Level, c Code) (Meaning, bool) {
	rows := tableRows(version, entity, level)
	n := len(rows) / rowSize
	i := sort.Search(n, func(i int) bool { return rowCode(rows[i*rowSize:]) >= c })
	if i == n || rowCode(rows[i*rowSize:]) != c {
		return Meaning{}, false
	}
	row := rows[i*rowSize:]
	place, length := int(row[4])<<8|int(row[5]), int(row[6])
	return Meaning{
		Kind:    Kind(row[7] &^ warningBit),
		Text:    tableTexts[place : place+length],
		Warning: row[7]&warningBit != 0,
	}, true
}

func rowCode(row string) Code {
	return Code(row[0])<<24 | Code(row[1])<<16 | Code(row[2])<<8 | Code(row[3])
}
