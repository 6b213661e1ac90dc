package clienttest

import (
	"net/http"
	"strconv"
)

const (
	typeJSON = "application/json"
	typeHTML = "text/html"
	typeText = "text/plain; charset=utf-8"
	edgePage = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
)

func tooManyCalls() reply {
	return reply{status: http.StatusTooManyRequests, contentType: typeText, body: []byte("Too Many Requests\n")}
}

// refuse answers a whole call with a code.
func refuse(v1 bool, code int, message string) reply {
	if v1 {
		return refuseV1(code, message)
	}
	rep := reply{status: statusV2(code), contentType: typeJSON, codes: []int{code}}
	rep.body = append(rep.body, `{"errors":[`...)
	rep.body = appendError(rep.body, code, message)
	rep.body = append(rep.body, `],"warnings":[]}`...)
	return rep
}

// refuseV1 keeps HTTP 200 where the API does: v1.1 shows only the codes of access in the HTTP status too.
func refuseV1(code int, message string) reply {
	rep := reply{status: http.StatusOK, contentType: typeJSON, codes: []int{code}}
	success := "false"
	switch code {
	case http.StatusUnauthorized, http.StatusServiceUnavailable:
		rep.status = code
	case codeTokenExpired: // documented beside this flag
		success = "true"
	}
	rep.body = append(rep.body, `{"response":{`...)
	rep.body = appendStatus(rep.body, success, code, message)
	rep.body = append(rep.body, `}}}`...)
	return rep
}

// statusV2 is the HTTP status of a v2 request-level code. Where the code has that meaning as an HTTP status it is used. HTTP 461 does
// not exist and HTTP 521 is the edge's, so these two come with 200.
func statusV2(code int) int {
	switch code {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusUnsupportedMediaType, http.StatusInternalServerError, http.StatusServiceUnavailable:
		return code
	case codeAuthzUnknown:
		return http.StatusServiceUnavailable
	case codeSearchBusy, codeCustomerBusy:
		return http.StatusOK
	default:
		return http.StatusBadRequest
	}
}

func appendError(b []byte, code int, message string) []byte {
	b = append(b, `{"status":false,"code":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, `,"message":`...)
	b = appendText(b, message)
	return append(b, '}')
}

// appendStatus appends a v1.1 request status and leaves its object open for counts.
func appendStatus(b []byte, success string, code int, message string) []byte {
	b = append(b, `"status":{`...)
	b = appendField(b, "success", success)
	b = append(b, `,"code":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, ',')
	return appendField(b, "message", message)
}

// encodeV2Bulk answers {"response":[…],"totalCount":n,"failureCount":m}. An applied item repeats its request, a failed one has its
// errors only.
func encodeV2Bulk(r rules, items []item, results []result) reply {
	size := 64
	for i := range items {
		size += 64 + len(items[i].raw)
	}
	rep := reply{status: http.StatusOK, contentType: typeJSON}
	b := append(make([]byte, 0, size), `{"response":[`...)
	failures := 0
	for i, res := range results {
		if i > 0 {
			b = append(b, ',')
		}
		if !res.ok {
			failures++
			rep.note(res.code)
			b = append(b, `{"errors":[`...)
			b = appendError(b, res.code, itemText(&r, res))
			b = append(b, `],"warnings":[]}`...)
			continue
		}
		b = append(b, `{"entityId":`...)
		b = strconv.AppendInt(b, res.id, 10)
		b = append(b, `,"result":`...)
		b = appendResult(b, &items[i], res)
		b = append(b, `,"errors":[],"warnings":[]}`...)
	}
	b = append(b, `],"totalCount":`...)
	b = strconv.AppendInt(b, int64(len(results)), 10)
	b = append(b, `,"failureCount":`...)
	b = strconv.AppendInt(b, int64(failures), 10)
	rep.body = append(b, '}')
	return rep
}

// appendResult repeats a bill as it was sent, a customer as what is stored of it.
func appendResult(b []byte, it *item, res result) []byte {
	if it.profiles == nil {
		return append(b, it.raw...)
	}
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, res.id, 10)
	b = append(b, `,"profiles":`...)
	b = append(b, it.profiles...)
	return append(b, '}')
}

// encodeV2Single answers {"createdId":n,…}, or the errors of the one item as those of the request.
func encodeV2Single(r rules, _ []item, results []result) reply {
	res := results[0]
	if !res.ok {
		return refuse(false, res.code, itemText(&r, res))
	}
	rep := reply{status: http.StatusOK, contentType: typeJSON}
	rep.body = append(rep.body, `{"createdId":`...)
	rep.body = strconv.AppendInt(rep.body, res.id, 10)
	rep.body = append(rep.body, `,"warnings":[]`...)
	if r.entity == entityTransaction {
		rep.body = append(rep.body, `,"errors":[],"loyaltyDetails":[]`...)
	}
	rep.body = append(rep.body, `,"sideEffects":[]}`...)
	return rep
}
