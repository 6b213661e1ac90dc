package clienttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Applied is an item that was really applied.
type Applied struct {
	Entity   string          `json:"entity"`         // "transaction" or "customer"
	Number   string          `json:"number"`         // bill number; of a customer the first identifier
	Customer string          `json:"customer"`       // the customer's identifier
	Call     int             `json:"call"`           // number of the API call, from 1
	Seq      int             `json:"seq"`            // place in the order of application, from 1
	Body     json.RawMessage `json:"body,omitempty"` // as sent, with [Options.KeepBodies]
}

// Stats are counters since [New].
type Stats struct {
	Calls       int `json:"calls"`         // API calls received, token calls excepted
	Lookups     int `json:"lookups"`       // those of Calls that were GETs of a known path
	TokenCalls  int `json:"token_calls"`   // refused ones too
	MaxInFlight int `json:"max_in_flight"` // most API calls at once

	ItemsReceived int `json:"items_received"` // in well-formed calls, whatever became of them
	ItemsApplied  int `json:"items_applied"`  // whether or not the caller learned of it
	ItemsBusy     int `json:"items_busy"`     // answered with an item-level 521
	Duplicates    int `json:"duplicates"`     // answered with 604, 1014 or 8006
	Refused       int `json:"refused"`        // answered with another code that is final

	// WastedCalls counts calls, lookups excepted, that applied nothing and told the caller the final fate of no item.
	WastedCalls  int `json:"wasted_calls"`
	Oversize     int `json:"oversize"`     // calls above the batch limit
	OverRate     int `json:"over_rate"`    // calls above CallsPerMinute
	Unauthorized int `json:"unauthorized"` // calls with wrong credentials or an expired token

	// SameCustomerInFlight counts how often a call arrived with a customer that another call had in flight, once for each call and
	// customer.
	SameCustomerInFlight int `json:"same_customer_in_flight"`
	// SameCustomerInCall counts the items whose customer had an earlier item in the same call.
	SameCustomerInCall int `json:"same_customer_in_call"`
	// DuplicateApplied counts the bills that were applied although their number had been applied before. Only
	// [Options.RepeatBills] lets that happen.
	DuplicateApplied int `json:"duplicate_applied"`

	// Faults tell how often each mishap struck.
	Faults FaultCounts `json:"faults"`
}

// FaultCounts tell how often each mishap of [Faults] struck.
type FaultCounts struct {
	ItemBusy         int `json:"item_busy"`         // items, not calls
	RateLimited      int `json:"rate_limited"`      // calls, as all that follow
	AuthzUnavailable int `json:"authz_unavailable"` // HTTP 503
	SearchBusy       int `json:"search_busy"`       // code 461
	CustomerBusy     int `json:"customer_busy"`     // code 521 for the call
	CutBefore        int `json:"cut_before"`        // nothing done
	CutAfter         int `json:"cut_after"`         // done
	EdgeHTML         int `json:"edge_html"`         // HTTP 502
	Garbled          int `json:"garbled"`           // done
	Scripted         int `json:"scripted"`          // calls with a scripted answer
	Abandoned        int `json:"abandoned"`         // calls whose caller left before the answer
}

// Call is one API call and its answer.
type Call struct {
	Number  int    `json:"number"`           // from 1, in the order of arrival
	Method  string `json:"method"`           // of HTTP
	Path    string `json:"path"`             // the first 200 bytes, without the query
	Items   int    `json:"items"`            // 0 where the body could not be read
	Applied int    `json:"applied"`          // items applied, whether or not the caller learned of it
	Status  int    `json:"status,omitempty"` // HTTP status, 0 if the connection was cut
	Codes   []int  `json:"codes,omitempty"`  // distinct codes in the body, that of the request first
	Fault   string `json:"fault,omitempty"`  // "cut-after" and so on, "script", "abandoned", or nothing

	// What was sent, with [Options.KeepRequests]. Values of Authorization, Proxy-Authorization, Cookie and X-CAP-API-OAUTH-TOKEN are
	// replaced by "[redacted]", so that a test that prints a call prints no credential; [Options.Script] sees them.
	Header http.Header `json:"header,omitempty"`
	Query  url.Values  `json:"query,omitempty"`
	Body   string      `json:"body,omitempty"`  // the first 64 KiB
	Bytes  int         `json:"bytes,omitempty"` // of the whole body
}

// Applied returns every applied item in the order of application.
func (s *Simulator) Applied() []Applied {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Applied, len(s.store.records))
	for i := range s.store.records {
		rec := &s.store.records[i]
		out[i] = Applied{
			Entity: rec.entity(), Number: rec.number, Customer: rec.customer, Call: rec.call, Seq: i + 1,
			Body: bytes.Clone(s.store.bodies[i]),
		}
	}
	return out
}

// Times returns how often an item was applied. For a customer, number and customer are both its first identifier.
func (s *Simulator) Times(number, customer string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.times(entityTransaction, number, customer) + s.store.times(entityCustomer, number, customer)
}

// Stats returns the counters. A call is in them by the time its caller has the answer.
func (s *Simulator) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Calls returns the ended API calls in the order of their ends: the last 100,000.
func (s *Simulator) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.all()
}

func (c *call) record(rep reply) Call {
	rec := Call{
		Number: c.number, Method: c.method, Path: c.path, Items: len(c.items), Applied: c.applied,
		Codes: rep.codes, Fault: rep.fault,
	}
	rec.Header, rec.Query, rec.Body, rec.Bytes = c.sent.header, c.sent.query, c.sent.body, c.sent.bytes
	if !rep.cut {
		rec.Status = rep.status
	}
	if len(rec.Path) > 200 {
		rec.Path = strings.Clone(rec.Path[:200])
	}
	return rec
}

func (st *Stats) countFault(name string) {
	counts := &st.Faults
	switch name {
	case faultRateLimited:
		counts.RateLimited++
	case faultAuthzUnavailable:
		counts.AuthzUnavailable++
	case faultSearchBusy:
		counts.SearchBusy++
	case faultCustomerBusy:
		counts.CustomerBusy++
	case faultCutBefore:
		counts.CutBefore++
	case faultCutAfter:
		counts.CutAfter++
	case faultEdgeHTML:
		counts.EdgeHTML++
	case faultGarbled:
		counts.Garbled++
	case faultScript:
		counts.Scripted++
	case faultAbandoned:
		counts.Abandoned++
	}
}

// callLog is a ring of the last maxCalls calls.
type callLog struct {
	calls []Call
	next  int // where the oldest stands, once the ring is full
}

func (l *callLog) add(c Call) {
	at := len(l.calls)
	if at < maxCalls {
		l.calls = append(l.calls, c)
	} else {
		at = l.next
		l.calls[at] = c
		l.next = (l.next + 1) % maxCalls
	}
	if len(l.calls) > maxKept {
		old := &l.calls[(at-maxKept+maxCalls)%maxCalls]
		old.Header, old.Query, old.Body = nil, nil, ""
	}
}

func (l *callLog) all() []Call {
	out := make([]Call, 0, len(l.calls))
	out = append(out, l.calls[l.next:]...)
	out = append(out, l.calls[:l.next]...)
	for i := range out {
		out[i].Codes = slices.Clone(out[i].Codes)
		out[i].Header = out[i].Header.Clone()
		out[i].Query = url.Values(http.Header(out[i].Query).Clone())
	}
	return out
}
