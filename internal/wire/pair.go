package wire

import (
	"bytes"
	"strconv"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
)

// pair gives each item sent its answer: by position if the counts agree and no
// echoed id says otherwise, else by ids that occur once among the items sent
// and once among those answered. What finds no partner is unknown, never
// guessed.
func (r *reader) pair() []caperrors.Verdict {
	if r.call.Open {
		return r.open()
	}
	verdicts := r.verdicts(max(r.call.Count, 0))
	if r.answered == len(verdicts) && !r.reordered() {
		for i := range verdicts {
			r.final(&verdicts[i], &r.items[i])
		}
		return verdicts
	}
	if r.answered == len(verdicts) {
		r.remarks = append(r.remarks, "the items of the answer stand in another order; they were paired by id")
	}
	lost := caperrors.Verdict{
		Scope:      r.scope(caperrors.ItemLevel),
		RequestID:  r.http.RequestID,
		Diagnostic: diagNotAnswered + " (" + strconv.Itoa(r.answered) + " items for " + strconv.Itoa(len(verdicts)) + " sent)",
	}
	for i := range verdicts {
		verdicts[i] = lost
	}
	paired := 0
	if r.answered == len(r.items) {
		paired = r.pairByID(verdicts)
	}
	if left := r.answered - paired; left > 0 {
		r.remarks = append(r.remarks, strconv.Itoa(left)+" answered items match no item sent")
	}
	return verdicts
}

// open gives each item of a read its verdict.
func (r *reader) open() []caperrors.Verdict {
	verdicts := r.verdicts(len(r.items))
	for i := range verdicts {
		r.final(&verdicts[i], &r.items[i])
	}
	if left := r.answered - len(r.items); left > 0 {
		r.remarks = append(r.remarks, strconv.Itoa(left)+" items beyond "+strconv.Itoa(keepOpen)+" are left out")
	}
	return verdicts
}

// sentID returns the id of an item sent; empty if it has none.
func (r *reader) sentID(i int) string { return strings.TrimSpace(r.call.IDs[i]) }

func (it *item) echoedID() []byte { return bytes.TrimSpace(content(it.id)) }

// reordered reports whether an echoed id contradicts the id sent at its place.
func (r *reader) reordered() bool {
	for i := range min(len(r.items), len(r.call.IDs)) {
		echoed := r.items[i].echoedID()
		if len(echoed) == 0 {
			continue
		}
		if sent := r.sentID(i); sent != "" && sent != string(echoed) {
			return true
		}
	}
	return false
}

// pairByID fills the verdicts that an id leads to and returns their number.
func (r *reader) pairByID(verdicts []caperrors.Verdict) int {
	const ambiguous = -1
	sent := make(map[string]int, len(r.call.IDs))
	for i := range min(len(verdicts), len(r.call.IDs)) {
		if id := r.sentID(i); id != "" {
			if _, twice := sent[id]; twice {
				sent[id] = ambiguous
			} else {
				sent[id] = i
			}
		}
	}
	answers := make(map[int]int, len(sent))
	for at := range r.items {
		i, ok := sent[string(r.items[at].echoedID())]
		if !ok || i == ambiguous {
			continue
		}
		if _, twice := answers[i]; twice {
			answers[i] = ambiguous
		} else {
			answers[i] = at
		}
	}
	paired := 0
	for i, at := range answers {
		if at != ambiguous {
			r.final(&verdicts[i], &r.items[at])
			paired++
		}
	}
	return paired
}

// final sets v to an item's verdict once the whole answer is known.
func (r *reader) final(v *caperrors.Verdict, it *item) {
	*v = it.verdict
	if it.bare {
		v.Scope = r.scope(caperrors.ItemLevel)
		if r.call.Status == NoStatus || r.call.Open {
			*v = r.byRequest()
			v.Raw = it.verdict.Raw
			if r.call.Status != NoStatus {
				v.Diagnostic = diagNoStatus
			}
		} else if r.allFailed() {
			*v = r.failedVerdict()
			v.Raw, v.Diagnostic = it.verdict.Raw, diagRequestFailed
		}
	}
	v.RequestID = r.http.RequestID
}

// forAll repeats a verdict for every item sent.
func (r *reader) forAll(v caperrors.Verdict) []caperrors.Verdict {
	v.RequestID = r.http.RequestID
	verdicts := r.verdicts(r.call.sent())
	for i := range verdicts {
		verdicts[i] = v
	}
	return verdicts
}
