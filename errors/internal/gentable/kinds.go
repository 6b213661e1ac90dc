package main

import (
	"fmt"
	"regexp"
	"strings"
)

// setKinds decides each row's kind: a special row first, then the columns of
// the list, then the words of the text.
func setKinds(rows []row) error {
	used := make(map[key]bool)
	for i := range rows {
		r := &rows[i]
		if s, ok := specials[r.key]; ok {
			used[r.key] = true
			r.kind = s.kind
			if s.kind == kindOf(r) {
				return fmt.Errorf("special row %s (%s) says what the rules say without it", r.key, s.reason)
			}
			continue
		}
		if kind, ok := requestKinds[r.code]; ok && r.level == requestLevel && r.entity == "" {
			r.kind = kind
			continue
		}
		r.kind = kindOf(r)
	}
	for k := range specials {
		if !used[k] {
			return fmt.Errorf("special row %s is in no list", k)
		}
	}
	return nil
}

func kindOf(r *row) string {
	switch {
	case r.duplicate == "replay":
		return "ErrDuplicate"
	case r.duplicate == "conflict":
		return "ErrConflict"
	case r.transient:
		return "ErrTransient"
	case r.splitBatch:
		return "ErrOversize"
	case r.outcome == "success":
		return "0"
	default:
		// A plain warning too: the number, where it stands among errors, is a
		// refusal. Where it stands among warnings nobody asks for its kind.
		return kindOfText(r.text)
	}
}

var (
	notFoundWords = regexp.MustCompile(`\bnot found\b|\bdoes not exist\b|\w unknown\b`)
	// An unknown value of an enumeration is a wrong input, not a thing that was
	// looked for.
	enumerated   = regexp.MustCompile(`\b(type|mode|scope|channel|priority|status|value|name|key|reason) unknown\b`)
	invalidWords = regexp.MustCompile(`\bnot valid\b|\bmissing\b|\bmandatory\b|\brequired\b|\bmalformed\b|\bbad input\b|\bneeded\b`)
	otherNeeds   = regexp.MustCompile(`\bnot needed\b|\bsupport needed\b`)
)

// kindOfText reads the main clause. What stands in brackets is a remark or the
// text of another page.
func kindOfText(text string) string {
	clause, _, _ := strings.Cut(text, " (")
	switch {
	case notFoundWords.MatchString(clause) && !enumerated.MatchString(clause):
		return "ErrNotFound"
	case otherNeeds.MatchString(clause):
		return "ErrRefused"
	case invalidWords.MatchString(clause) || enumerated.MatchString(clause):
		return "ErrInvalid"
	default:
		return "ErrRefused"
	}
}
