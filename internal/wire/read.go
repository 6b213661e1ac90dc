package wire

import (
	"strconv"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Read reads the answer to a call. The body decides, whatever the HTTP status:
// item by item if it has items with a status, else as a whole.
//
// A body that is not the API's, because it is no JSON, is cut short, or has
// neither items nor a status nor errors, gives a [*caperrors.DecodeError]; the
// HTTP status alone then tells whether the call was refused or its outcome is
// unknown. No item of such a body is ever reported as applied. The answers of
// Read share memory with h.Body.
//
// An error on the only thing of a [V2Single] answer refuses the request if its
// code has a meaning for requests and none of its own for the entity, or tells
// an oversize; else it is the verdict on the one item.
//
// Nesting deeper than 200 counts as no JSON. A leading byte order mark is
// skipped, invalid UTF-8 is replaced in texts, and of members with the same
// name the last one counts.
func Read(h HTTP, c Call) (Reply, error) {
	r := newReader(&h, &c)
	r.scan.skipBOM()
	r.scan.peek()
	start := r.scan.pos
	if start == len(h.Body) {
		return Reply{}, decodeError(&h, -1, "the body is empty")
	}
	shape := ""
	switch c.Dialect {
	case V1JSON:
		r.readV1()
		shape = shapeV1
	case V2Bulk:
		r.readV2Bulk()
		shape = shapeBulk
	case V2Single:
		r.readV2Single()
	default:
		return Reply{}, decodeError(&h, -1, "no decoder for this dialect")
	}
	if r.scan.err == nil {
		r.raw = h.Body[start:r.scan.pos:r.scan.pos]
		r.scan.end()
	}
	if err := r.scan.err; err != nil {
		return Reply{}, decodeError(&h, int64(err.offset), notJSON(h.Body, err))
	}
	if c.Dialect == V2Single {
		return r.judgeV2Single()
	}
	return r.judge(shape)
}

// judge decides an answer to many items.
func (r *reader) judge(shape string) (Reply, error) {
	stated := 0
	for i := range r.items {
		if !r.items[i].bare {
			stated++
		}
	}
	f, refused := r.refusal()
	switch {
	case refused && stated == 0:
		return r.whole(&f), nil
	case refused:
		r.remarks = append(r.remarks, "the request is refused with code "+strconv.Itoa(int(f.code))+
			", but its items have a status; the items count")
	case r.allFailed() && stated == 0:
		return Reply{Verdicts: r.forAll(r.failedVerdict())}, nil
	case !r.found && !r.status.tells():
		return Reply{}, decodeError(r.http, -1, shape)
	}
	verdicts := r.pair()
	r.compare()
	return Reply{Verdicts: verdicts, Diagnostics: r.remarks}, nil
}

// refusal returns the code that refuses the request as a whole: any but 200,
// 201 and 500, whatever the flag beside it says.
func (r *reader) refusal() (faults, bool) {
	if r.errors.n > 0 {
		return r.errors, true
	}
	st := &r.status
	switch {
	case !st.tells(), st.code == 0 && st.flag != flagFalse:
		return faults{}, false
	case st.code == caperrors.CodeSuccess, st.code == caperrors.CodePartial, st.code == caperrors.CodeAllFailed:
		return faults{}, false
	}
	scope := r.scope(caperrors.RequestLevel)
	kind, _ := r.kindOf(scope, st.code)
	return faults{n: 1, code: st.code, kind: asError(kind), scope: scope, message: st.message}, true
}

// allFailed reports whether the request's code says that every item failed.
func (r *reader) allFailed() bool {
	return r.status.tells() && r.status.code == caperrors.CodeAllFailed
}

// failedVerdict is the verdict of an item that only the request's code speaks of.
func (r *reader) failedVerdict() caperrors.Verdict {
	scope := r.scope(caperrors.RequestLevel)
	kind, _ := r.kindOf(scope, r.status.code)
	return caperrors.Verdict{
		Outcome: caperrors.Refused, Scope: scope, Code: r.status.code, Kind: kind,
		Message: r.texts.of(r.status.message), RequestID: r.http.RequestID,
	}
}

// whole is the answer if one code decides about all items. A refusal says that
// nothing was done; a code that says something else gives verdicts.
func (r *reader) whole(f *faults) Reply {
	outcome := outcomeOf(f.kind, f.code)
	one := r.call.Count == 1
	if outcome == caperrors.Applied || outcome == caperrors.Unknown || outcome == caperrors.Duplicate && one {
		v := caperrors.Verdict{Outcome: outcome}
		r.fromErrors(&v, f)
		if one {
			v.Raw = r.raw
		}
		return Reply{Verdicts: r.forAll(v), Diagnostics: r.remarks}
	}
	refusal := &caperrors.RequestError{
		HTTPStatus: r.http.Status,
		Scope:      f.scope,
		Code:       f.code,
		Kind:       f.kind,
		Message:    r.texts.of(f.message),
		RequestID:  r.http.RequestID,
		RetryAfter: r.http.RetryAfter,
	}
	if f.kind == caperrors.ErrOversize {
		refusal.Limit = limitIn(refusal.Message)
	}
	return Reply{Refusal: refusal, Diagnostics: r.remarks}
}

// limitIn returns N of "limit size of N", the only form in which the API names
// a limit; 0 if it is not there or not below ten digits.
func limitIn(message string) int {
	const before = "limit size of "
	_, rest, ok := strings.Cut(strings.ToLower(message), before)
	if !ok {
		return 0
	}
	end := 0
	for end < len(rest) && isDigit(rest[end]) {
		end++
	}
	n, err := strconv.Atoi(rest[:end])
	if err != nil || n > maxInteger {
		return 0
	}
	return n
}

// compare looks for what the answer as a whole says against its items.
func (r *reader) compare() {
	failed, applied := 0, 0
	for i := range r.items {
		switch {
		case r.items[i].failed:
			failed++
		case r.items[i].verdict.Outcome == caperrors.Applied:
			applied++
		}
	}
	whole := failed+applied == r.answered // nothing is undecided
	told := func(name string, have, want int) {
		if have >= 0 && have != want {
			r.remarks = append(r.remarks, name+" is "+strconv.Itoa(have)+", but the answer has "+strconv.Itoa(want))
		}
	}
	told("totalCount", r.top.total, r.answered)
	told("total", r.status.total, r.answered)
	if whole {
		told("failureCount", r.top.failed, failed)
		told("success_count", r.status.succeeded, applied)
	}
	st := &r.status
	if st.flag == flagTrue && failed > 0 && st.code != caperrors.CodePartial {
		r.remarks = append(r.remarks, "the request's success flag is true, but items failed: "+strconv.Itoa(failed))
	}
	if st.flag == flagFalse && failed == 0 && applied > 0 {
		r.remarks = append(r.remarks, "the request's success flag is false, but no item failed")
	}
	if applied > 0 && r.allFailed() {
		r.remarks = append(r.remarks, "the request's code says that every item failed, but items were applied: "+strconv.Itoa(applied))
	}
	if applied > 0 && r.http.Status >= 400 {
		r.remarks = append(r.remarks, "the HTTP status is "+strconv.Itoa(r.http.Status)+", but items were applied: "+strconv.Itoa(applied))
	}
}
