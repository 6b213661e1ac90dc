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
//
// A v1.1 answer in XML is read by the same rules, whatever the dialect; it
// becomes JSON first. XML that is not well formed, invalid UTF-8 and document
// type declarations are refused. Answers then share memory with that JSON.
func Read(h HTTP, c Call) (Reply, error) {
	if isXML(&h, &c) {
		return readXML(h, c)
	}
	if c.Room == nil {
		var r reader
		r.begin(&h, &c)
		return r.read()
	}
	r := c.Room.reader()
	r.begin(&h, &c)
	defer c.Room.keep(r)
	return r.read()
}

// read reads and judges the answer.
func (r *reader) read() (Reply, error) {
	h, c := &r.http, &r.call
	r.scan.skipBOM()
	r.scan.peek()
	start := r.scan.pos
	if start == len(h.Body) {
		return Reply{}, decodeError(h, -1, "the body is empty")
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
	case V2Lists:
		r.readV2Lists()
		shape = shapeBulk
	default:
		return Reply{}, decodeError(h, -1, "no decoder for this dialect")
	}
	if r.scan.err == nil {
		r.raw = h.Body[start:r.scan.pos:r.scan.pos]
		r.scan.end()
	}
	if err := r.scan.err; err != nil {
		return Reply{}, decodeError(h, int64(err.offset), notJSON(h.Body, err))
	}
	var reply Reply
	var err error
	switch c.Dialect {
	case V2Single:
		reply, err = r.judgeV2Single()
	case V2Lists:
		reply, err = r.judgeLists()
	default:
		reply, err = r.judge(shape)
	}
	if err == nil {
		reply.Raw, reply.Code = r.raw, r.status.code
	}
	return reply, err
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
	case r.call.Items == "" && r.call.Status == NoStatus && r.status.tells():
		v := r.byRequest()
		v.Raw = r.raw
		return Reply{Verdicts: r.forAll(v), Diagnostics: r.remarks}, nil
	case !r.found && !r.status.tells():
		return Reply{}, decodeError(&r.http, -1, shape)
	}
	verdicts := r.pair()
	r.compare()
	return Reply{Verdicts: verdicts, Diagnostics: r.remarks}, nil
}

// refusal returns the code that refuses the request as a whole: any but 200,
// 201, 500 and what the table knows as a success or as partly done. A code that
// no table has refuses it unless the flag beside it says success.
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
	kind, known := r.kindOf(scope, st.code)
	if !known {
		// The gateway puts the codes of its entities there.
		item := r.scope(caperrors.ItemLevel)
		if special, has := r.kindOf(item, st.code); has {
			kind, known, scope = special, true, item
		}
	}
	if known && (kind == 0 || kind == caperrors.ErrPartial) || !known && st.flag == flagTrue {
		return faults{}, false
	}
	return faults{n: 1, code: st.code, kind: asError(kind), scope: scope, message: st.message}, true
}

// allFailed reports whether the request's code says that every item failed.
func (r *reader) allFailed() bool {
	return r.status.tells() && r.status.code == caperrors.CodeAllFailed
}

// byRequest is the verdict of an item in an answer whose items have no status.
// That an answer without any status holds the item is taken for success if the
// HTTP status is no error.
func (r *reader) byRequest() caperrors.Verdict {
	if r.allFailed() {
		return r.failedVerdict()
	}
	v := caperrors.Verdict{Scope: r.scope(caperrors.ItemLevel), RequestID: r.http.RequestID}
	st := &r.status
	switch kind, _ := r.kindOf(r.scope(caperrors.RequestLevel), st.code); {
	case st.tells() && kind == caperrors.ErrPartial && st.code != 0:
		v.Code, v.Kind, v.Diagnostic = st.code, kind, diagNoStatus
	case st.tells():
		v.Outcome = caperrors.Applied
	case r.http.Status >= 200 && r.http.Status < 300:
		v.Outcome = caperrors.Applied
		if r.call.Dialect == V1JSON {
			v.Diagnostic = diagNoStatusAtAll
		}
	default:
		v.Diagnostic = diagNoStatus
	}
	return v
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
	one := r.call.sent() == 1
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
	if !r.call.Open {                     // of a read they may count the pages that were not asked for
		r.told("totalCount", r.top.total, r.answered)
		r.told("total", r.status.total, r.answered)
	}
	if whole {
		r.told("failureCount", r.top.failed, failed)
		r.told("success_count", r.status.succeeded, applied)
		r.told("successCount", r.top.counted, applied)
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

// told notes a counter that is not what was counted.
func (r *reader) told(name string, have, want int) {
	if have >= 0 && have != want {
		r.remarks = append(r.remarks, name+" is "+strconv.Itoa(have)+", but the answer has "+strconv.Itoa(want))
	}
}
