package wire

import (
	"strconv"

	caperrors "github.com/capillary-go/capillary/errors"
)

// judgeLists decides an answer that lists what was done, what failed, or both.
func (r *reader) judgeLists() (Reply, error) {
	f, refused := r.refusal()
	failed := 0
	for i := range r.items {
		it := &r.items[i]
		if it.verdict.RequestID = r.http.RequestID; it.failed {
			failed++
			continue
		}
		it.verdict.Scope, it.verdict.Diagnostic = r.scope(caperrors.ItemLevel), ""
		it.verdict.Outcome, it.bare = caperrors.Applied, false
	}
	switch {
	case refused && r.answered == 0:
		return r.whole(&f), nil
	case r.allFailed() && r.answered == 0:
		return Reply{Verdicts: r.forAll(r.failedVerdict())}, nil
	case !r.found && !r.status.tells():
		return Reply{}, decodeError(&r.http, -1, shapeBulk)
	}
	var verdicts []caperrors.Verdict
	switch {
	case r.call.Open:
		verdicts = r.open()
	case r.call.Failed == "":
		verdicts = r.share(&f)
	default:
		verdicts = r.sort(failed)
	}
	for i := range verdicts {
		if v := &verdicts[i]; len(r.top.notes.list) > 0 && v.Outcome == caperrors.Applied {
			v.Warnings = r.top.notes.list
		}
	}
	if r.call.Failed != "" {
		r.compareLists(failed)
	}
	return Reply{Verdicts: verdicts, Diagnostics: r.remarks}, nil
}

// compareLists looks for what the counters and the flag say against the lists.
func (r *reader) compareLists(failed int) {
	total := r.answered
	r.told("failedCount", r.top.failed, failed)
	switch {
	case r.call.Open:
	case r.call.Items != "":
		r.told("totalCount", r.top.total, total)
		r.told("successCount", r.top.counted, total-failed)
	default:
		if total = r.call.sent(); r.top.total >= 0 && r.top.total != total {
			r.remarks = append(r.remarks, "totalCount is "+strconv.Itoa(r.top.total)+", but the items sent are "+strconv.Itoa(total))
		}
	}
	if r.top.success == flagTrue && failed > 0 {
		r.remarks = append(r.remarks, "the request's success flag is true, but items failed: "+strconv.Itoa(failed))
	}
	if r.http.Status >= 400 && failed < total {
		r.remarks = append(r.remarks, "the HTTP status is "+strconv.Itoa(r.http.Status)+", but items were applied: "+strconv.Itoa(total-failed))
	}
}

// share gives the first items what was done, and the error at the top to the
// rest: they are all alike.
func (r *reader) share(f *faults) []caperrors.Verdict {
	rest := r.lost(diagNotCounted)
	if f.n > 0 {
		r.fromErrors(&rest, f)
		rest.Diagnostic = ""
	}
	verdicts := r.verdicts(r.call.sent())
	for i := range verdicts {
		verdicts[i] = rest
		if i < len(r.items) {
			verdicts[i] = r.items[i].verdict
		}
	}
	if left := r.answered - len(verdicts); left > 0 {
		r.remarks = append(r.remarks, strconv.Itoa(left)+" answered items match no item sent")
	}
	if n := len(verdicts) - r.answered; n > 0 && r.top.failed >= 0 && r.top.failed != n {
		r.remarks = append(r.remarks, "failureCount is "+strconv.Itoa(r.top.failed)+", but the answer lacks "+strconv.Itoa(n))
	}
	return verdicts
}

// sort gives each item sent the verdict of the list that names it. Without ids
// only an answer in which all items share a fate tells it.
func (r *reader) sort(failed int) []caperrors.Verdict {
	verdicts := r.verdicts(r.call.sent())
	done := r.answered - failed
	whole := r.answered == len(r.items) && (r.top.failed < 0 || r.top.failed == failed)
	fine := r.top.success != flagFalse && r.http.Status < 400
	lost := r.lost(diagNotCounted)
	switch {
	case !whole:
	case r.call.Items == "" && (fine || failed == len(verdicts)) && (r.top.total < 0 || r.top.total == len(verdicts)) && r.allNamed():
		// What is not among the failures was done.
		lost = r.lost("")
		lost.Outcome = caperrors.Applied
	case (failed == 0 || done == 0) && r.answered == len(verdicts) && !r.hasIDs():
		for i := range verdicts {
			verdicts[i] = r.items[i].verdict
		}
		return verdicts
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

// hasIDs reports whether items sent and answered can be compared.
func (r *reader) hasIDs() bool {
	for i := range min(r.call.sent(), len(r.call.IDs)) {
		if r.sentID(i) != "" {
			return true
		}
	}
	return false
}

// allNamed reports whether each failure names one item that was sent.
func (r *reader) allNamed() bool {
	scratch := make([]caperrors.Verdict, r.call.sent())
	return r.answered == len(r.items) && r.pairByID(scratch) == r.answered
}

// lost is the verdict of an item that nothing in the answer speaks of.
func (r *reader) lost(diagnostic string) caperrors.Verdict {
	return caperrors.Verdict{Scope: r.scope(caperrors.ItemLevel), RequestID: r.http.RequestID, Diagnostic: diagnostic}
}
