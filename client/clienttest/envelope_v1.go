package clienttest

import (
	"net/http"
	"strconv"
)

// encodeV1 answers with the status of the request (a number) and of each item (a string).
func encodeV1(r rules, items []item, results []result) reply {
	good := 0
	for _, res := range results {
		if res.ok {
			good++
		}
	}
	rep, b := openV1(r.entity, good, len(results))
	for i, res := range results {
		if i > 0 {
			b = append(b, ',')
		}
		if r.entity == entityTransaction {
			b = appendV1Transaction(b, &items[i], res)
		} else {
			b = appendV1Customer(b, &items[i].echo, res)
		}
		b = appendItemStatus(b, &r, res, itemText(&r, res))
		rep.note(res.code)
	}
	rep.body = append(b, `]}}}`...)
	return rep
}

// openV1 begins an answer up to the first item.
func openV1(entity string, good, total int) (reply, []byte) {
	code, success, message := http.StatusOK, "true", "Success"
	switch {
	case good == total:
	case good > 0:
		code, message = http.StatusCreated, "Some requests have failed due to errors"
	default:
		code, success, message = http.StatusInternalServerError, "false", "All requests have failed due to errors"
	}
	b := append([]byte(nil), `{"response":{`...)
	b = appendStatus(b, success, code, message)
	if entity == entityCustomer {
		b = append(b, ',')
		b = appendField(b, "total", strconv.Itoa(total))
		b = append(b, ',')
		b = appendField(b, "success_count", strconv.Itoa(good))
	}
	b = append(b, `},"`...)
	b = append(b, entity...)
	b = append(b, `s":{"`...)
	b = append(b, entity...)
	b = append(b, `":[`...)
	return reply{status: http.StatusOK, contentType: typeJSON, codes: []int{code}}, b
}

// appendV1Transaction leaves its object open for the item status.
func appendV1Transaction(b []byte, it *item, res result) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, idOr(res, -1), 10)
	b = append(b, ',')
	b = appendField(b, "number", it.number)
	b = append(b, ',')
	b = appendField(b, "type", it.echo.kind)
	b = append(b, `,"customer":`...)
	if it.echo.customer == nil {
		b = append(b, `{}`...)
	} else {
		b = append(b, it.echo.customer...)
	}
	return append(b, `,"side_effects":{"effect":[]},"source":"instore",`...)
}

// appendV1Customer leaves its object open for the item status.
func appendV1Customer(b []byte, e *v1Echo, res result) []byte {
	b = append(b, `{"user_id":`...)
	if res.ok {
		b = strconv.AppendInt(b, res.id, 10)
	} else {
		b = append(b, `null`...)
	}
	for _, field := range [...][2]string{
		{"firstname", e.firstName},
		{"lastname", e.lastName},
		{"mobile", e.mobile},
		{"email", e.email},
		{"external_id", e.externalID},
	} {
		b = append(b, ',')
		b = appendField(b, field[0], field[1])
	}
	return append(b, `,"side_effects":{"effect":[]},`...)
}

// appendItemStatus closes the object of an item.
func appendItemStatus(b []byte, r *rules, res result, message string) []byte {
	b = append(b, `"item_status":{`...)
	b = appendField(b, "success", strconv.FormatBool(res.ok))
	b = append(b, ',')
	b = appendField(b, "code", strconv.Itoa(res.code))
	b = append(b, ',')
	b = appendField(b, "message", message)
	if r.entity == entityCustomer {
		b = append(b, `,"warnings":{"warning":[]}`...)
	}
	return append(b, `}}`...)
}

func idOr(res result, none int64) int64 {
	if res.ok {
		return res.id
	}
	return none
}
