package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	caperrors "github.com/capillary-go/capillary/errors"
)

// look is what a terminal can show.
type look struct {
	colour  bool
	unicode bool
}

// lookFrom reads the environment: NO_COLOR (no-color.org) and the locale.
func lookFrom(getenv func(string) string) look {
	locale := getenv("LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = getenv(name)
		}
	}
	locale = strings.ToLower(locale)
	return look{
		colour:  getenv("NO_COLOR") == "",
		unicode: strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8"),
	}
}

// Colours of segments, as SGR parameters.
const (
	plainText = ""
	cyan      = "36"
	red       = "31"
	yellow    = "33"
	green     = "32"
)

// segment is a part of the status line.
type segment struct {
	text   string
	colour string
	weight int // where there is no room for all, those that weigh least go first
}

const between = "  "

// line is the state in at most so many columns, without a line end.
func (s *state) line(columns int, l look) string {
	parts := s.segments(columns, l)
	for len(parts) > 1 && width(parts) > columns {
		least := 0
		for i := range parts {
			if parts[i].weight <= parts[least].weight {
				least = i
			}
		}
		parts = slices.Delete(parts, least, least+1)
	}
	var b strings.Builder
	room := columns
	for i, p := range parts {
		if i > 0 {
			b.WriteString(between)
			room -= len(between)
		}
		text := cut(p.text, room)
		room -= utf8.RuneCountInString(text)
		if l.colour && p.colour != plainText {
			text = "\x1b[" + p.colour + "m" + text + "\x1b[0m"
		}
		b.WriteString(text)
	}
	return b.String()
}

func width(parts []segment) int {
	columns := len(between) * (len(parts) - 1)
	for _, p := range parts {
		columns += utf8.RuneCountInString(p.text)
	}
	return columns
}

// cut shortens a text to so many columns.
func cut(text string, columns int) string {
	if columns <= 0 {
		return ""
	}
	if n := utf8.RuneCountInString(text); n > columns {
		return string([]rune(text)[:columns])
	}
	return text
}

func (s *state) segments(columns int, l look) []segment {
	t, e := &s.counts, &s.engine
	var parts []segment
	add := func(weight int, colour, format string, args ...any) {
		parts = append(parts, segment{fmt.Sprintf(format, args...), colour, weight})
	}
	if s.total > 0 {
		add(60, cyan, "%s", bar(s.share(), min(24, columns/5), l))
		add(100, plainText, "%3d%%", int(100*s.share()))
		about := "~"
		if s.exact {
			about = ""
		}
		add(90, plainText, "%s/%s%s", thousands(s.done), about, thousands(s.total))
	} else {
		add(100, plainText, "%s records", thousands(s.done))
	}
	add(75, plainText, "%s/s", thousands(int(s.rate+0.5)))
	if s.total > 0 && s.rate > 0 && !s.stopping {
		add(80, plainText, "%s left", s.left)
	}
	for _, o := range []struct {
		outcome caperrors.Outcome
		weight  int
		colour  string
	}{
		{caperrors.Applied, 30, green},
		{caperrors.Duplicate, 20, plainText},
		{caperrors.Refused, 88, red},
		{caperrors.Unknown, 87, yellow},
		{caperrors.NotSent, 86, yellow},
	} {
		if n := t.outcomes[o.outcome]; n > 0 {
			add(o.weight, o.colour, "%s %s", thousands(n), o.outcome)
		}
	}
	add(70, plainText, "%s calls, %s", thousands(e.Calls), s.perMinute())
	if e.Limit > 0 {
		add(50, plainText, "limit %s", thousands(e.Limit))
	}
	if t.retries > 0 {
		add(40, plainText, "%s retries", thousands(t.retries))
	}
	switch {
	case s.stopping:
		add(95, yellow, "stopping: %s in flight", callsInFlight(e.InFlight))
	case e.Trouble != nil:
		// Last, so that what does not fit of it is cut.
		add(95, yellow, "waiting: %s", cut(e.Trouble.Error(), columns/3))
	}
	return parts
}

// bar draws a share in so many columns.
func bar(share float64, columns int, l look) string {
	full, rest, half := "#", "-", ""
	if l.unicode {
		full, rest, half = "━", "─", "╸"
	}
	halves := int(share * float64(2*columns))
	n := halves / 2
	text := strings.Repeat(full, n)
	if halves%2 == 1 && half != "" {
		text += half
		n++
	}
	return text + strings.Repeat(rest, columns-n)
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
