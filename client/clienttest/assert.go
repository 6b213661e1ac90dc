package clienttest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// TB is what the assertions need of a [testing.TB].
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// maxLines bounds each part of a message.
const maxLines = 10

// AssertApplied checks that exactly the items with these numbers were applied, each once, in any order; without numbers, that nothing
// was. A number that stands several times is wanted as often. Of a customer it is the first identifier.
//
// Like the other assertions it returns whether it holds. Where it does not, it fails t with what differs and the calls that came, and
// the test goes on.
func (s *Simulator) AssertApplied(t TB, numbers ...string) bool {
	t.Helper()
	if s.Options().Forget {
		t.Errorf("applied items are not kept: Options.Forget is set")
		return false
	}
	want := make(map[string]int, len(numbers))
	for _, number := range numbers {
		want[number]++
	}
	got := map[string][]int{}
	applied := s.Applied()
	for i := range applied {
		got[applied[i].Number] = append(got[applied[i].Number], applied[i].Call)
	}
	var faults []string
	told := map[string]bool{}
	check := func(number string) {
		if told[number] || want[number] == len(got[number]) {
			return
		}
		told[number] = true
		faults = append(faults, difference(number, want[number], got[number]))
	}
	for _, number := range numbers {
		if len(got[number]) == 0 {
			check(number) // those that are missing first
		}
	}
	for i := range applied {
		check(applied[i].Number)
	}
	return s.verdict(t, "applied items are not those wanted:", faults)
}

func difference(number string, want int, calls []int) string {
	text := number + ": "
	switch len(calls) {
	case 0:
		return text + "not applied, want " + times(want)
	case 1:
		text += "applied once"
	default:
		text += "applied " + times(len(calls))
	}
	if want == 0 {
		text += ", not wanted"
	} else {
		text += ", want " + times(want)
	}
	shown := make([]string, 0, maxLines)
	for _, call := range calls[:min(len(calls), maxLines)] {
		shown = append(shown, strconv.Itoa(call))
	}
	word := "call"
	if len(calls) > 1 {
		word = "calls"
	}
	return fmt.Sprintf("%s (%s %s)", text, word, strings.Join(shown, ", "))
}

// AssertCalls checks that exactly these calls came, in this order of arrival, each written as in [Answer.For]: "POST
// /v2/transactions/bulk", "GET /v2/customers/*". Token calls are left out. It sees the calls that have ended.
func (s *Simulator) AssertCalls(t TB, calls ...string) bool {
	t.Helper()
	got := s.inOrder()
	var faults []string
	for i := range max(len(got), len(calls)) {
		is, want := "did not come", "none"
		if i < len(got) {
			is = "is " + got[i].Method + " " + got[i].Path
		}
		if i < len(calls) {
			want = calls[i]
		}
		if i >= len(got) || i >= len(calls) || !matches(want, got[i].Method, got[i].Path) {
			faults = append(faults, fmt.Sprintf("%d  %s, want %s", i+1, is, want))
		}
	}
	return s.verdict(t, "calls are not those wanted:", faults)
}

// AssertAllAnswersUsed checks that no answer of [Simulator.Script] is left over.
func (s *Simulator) AssertAllAnswersUsed(t TB) bool {
	t.Helper()
	s.mu.Lock()
	left := slices.Clone(s.script)
	s.mu.Unlock()
	var faults []string
	unused := 0
	for i := range left {
		if n := left[i].left(); n > 0 {
			unused += n
			faults = append(faults, left[i].describe())
		}
	}
	title := count(unused) + " scripted answers were not asked for:"
	if unused == 1 {
		title = "a scripted answer was not asked for:"
	}
	return s.verdict(t, title, faults)
}

func (a *Answer) describe() string {
	text := "for any call"
	if a.For != "" {
		text = "for " + a.For
	}
	if a.Times > 1 {
		text += ", " + times(a.Times)
	}
	text += ": "
	if a.After {
		text += "the work, then "
	}
	switch {
	case a.own():
		return text + "the simulator's own"
	case a.Cut:
		return text + "a cut"
	case a.Code != 0:
		return text + fmt.Sprintf("code %d", a.Code)
	default:
		return text + fmt.Sprintf("HTTP %d", cmp.Or(a.Status, http.StatusOK))
	}
}

// verdict fails t with what differs and the calls that came.
func (s *Simulator) verdict(t TB, title string, faults []string) bool {
	t.Helper()
	if len(faults) == 0 {
		return true
	}
	got := s.inOrder()
	lines := make([]string, len(got))
	for i := range got {
		lines[i] = got[i].describe()
	}
	text := title + list(faults)
	if len(lines) == 0 {
		text += "\nno calls came"
	} else {
		text += "\ncalls:" + list(lines)
	}
	t.Errorf("%s", text)
	return false
}

// inOrder returns the calls in the order of their arrival.
func (s *Simulator) inOrder() []Call {
	calls := s.Calls()
	slices.SortFunc(calls, func(a, b Call) int { return cmp.Compare(a.Number, b.Number) })
	return calls
}

func (c *Call) describe() string {
	var parts []string
	switch c.Items {
	case 0:
	case 1:
		parts = append(parts, "1 item")
	default:
		parts = append(parts, count(c.Items)+" items")
	}
	if c.Applied > 0 {
		parts = append(parts, count(c.Applied)+" applied")
	}
	if c.Status == 0 {
		parts = append(parts, "cut")
	} else {
		parts = append(parts, fmt.Sprintf("HTTP %d", c.Status))
	}
	for _, code := range c.Codes {
		parts = append(parts, fmt.Sprintf("code %d", code))
	}
	text := fmt.Sprintf("%d  %s %s: %s", c.Number, c.Method, c.Path, strings.Join(parts, ", "))
	if c.Fault != "" {
		text += " (" + c.Fault + ")"
	}
	return text
}

// list puts each line below the title, the first of many only.
func list(lines []string) string {
	var b strings.Builder
	for _, line := range lines[:min(len(lines), maxLines)] {
		b.WriteString("\n  " + line)
	}
	if more := len(lines) - maxLines; more > 0 {
		b.WriteString("\n  and " + count(more) + " more")
	}
	return b.String()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return count(n) + " times"
}

// count writes a number with commas.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
