package clienttest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	codeNoSuchTransactionID     = 667
	codeNoSuchTransactionNumber = 668
	codeNoSuchCustomer          = 8015
	codeNoSuchCustomerV1        = 1012
)

func lookupV2Bill(st *store, arg string, _ url.Values) reply {
	rec, ok := st.byNumber(entityTransaction, arg)
	if !ok {
		return refuse(false, codeNoSuchTransactionNumber, "Transaction number not found")
	}
	return showTransaction(rec)
}

func lookupV2Transaction(st *store, arg string, _ url.Values) reply {
	rec, ok := byIDText(st, entityTransaction, arg)
	if !ok {
		return refuse(false, codeNoSuchTransactionID, "Transaction id not found")
	}
	return showTransaction(rec)
}

func showTransaction(rec *record) reply {
	b := append([]byte(nil), `{"id":`...)
	b = strconv.AppendInt(b, rec.id(), 10)
	b = append(b, ',')
	b = appendField(b, "billNumber", rec.number)
	b = append(b, ',')
	b = appendField(b, "identifierValue", rec.customer)
	b = append(b, `,"warnings":[],"errors":[]}`...)
	return reply{status: http.StatusOK, contentType: typeJSON, body: b}
}

func lookupV2Customer(st *store, arg string, _ url.Values) reply {
	rec, ok := byIDText(st, entityCustomer, arg)
	if !ok {
		return noSuchCustomer()
	}
	b := append([]byte(nil), `{"id":`...)
	b = strconv.AppendInt(b, rec.id(), 10)
	b = append(b, `,"profiles":[{"identifiers":[{`...)
	b = appendField(b, "value", rec.number)
	b = append(b, `}]}],"warnings":[],"errors":[]}`...)
	return reply{status: http.StatusOK, contentType: typeJSON, body: b}
}

func lookupV2Identifier(st *store, _ string, query url.Values) reply {
	rec, ok := st.byNumber(entityCustomer, query.Get("identifierValue"))
	if !ok {
		return noSuchCustomer()
	}
	b := append([]byte(nil), `{"entity":`...)
	b = strconv.AppendInt(b, rec.id(), 10)
	return reply{status: http.StatusOK, contentType: typeJSON, body: append(b, `,"warnings":[]}`...)}
}

func noSuchCustomer() reply {
	return refuse(false, codeNoSuchCustomer, "Customer not found for the given identifiers")
}

func byIDText(st *store, entity, arg string) (*record, bool) {
	id, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return nil, false
	}
	return st.byID(entity, id)
}

// lookupV1Customers answers the comma list of the first identifier parameter that is set, one item each.
func lookupV1Customers(st *store, _ string, query url.Values) reply {
	for _, name := range []string{"mobile", "email", "external_id", "id"} {
		if value := query.Get(name); value != "" {
			return showV1Customers(st, name, strings.Split(value, ","))
		}
	}
	return refuse(true, http.StatusBadRequest, requestText(http.StatusBadRequest))
}

func showV1Customers(st *store, name string, values []string) reply {
	r := rulesFor(true, entityCustomer)
	results, good := make([]result, len(values)), 0
	for i, value := range values {
		rec, ok := st.byNumber(entityCustomer, value)
		if name == "id" {
			rec, ok = byIDText(st, entityCustomer, value)
		}
		results[i] = result{code: codeNoSuchCustomerV1}
		if ok {
			results[i] = result{code: r.success, id: rec.id(), ok: true}
			good++
		}
	}
	rep, b := openV1(r.entity, good, len(values))
	for i, res := range results {
		if i > 0 {
			b = append(b, ',')
		}
		echo, message := v1Echo{}, "Customer not found"
		if res.ok {
			message = "Customer successfully retrieved"
		}
		switch name {
		case "mobile":
			echo.mobile = values[i]
		case "email":
			echo.email = values[i]
		case "external_id":
			echo.externalID = values[i]
		}
		b = appendV1Customer(b, &echo, res)
		b = appendItemStatus(b, &r, res, message)
		rep.note(res.code)
	}
	rep.body = append(b, `]}}}`...)
	return rep
}
