package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

const (
	maxBills = 500     // one request may bring
	maxBytes = 1 << 20 // and this many bytes
)

// sale is a bill in this service's own form.
type sale struct {
	Number   string      `json:"number"`
	Customer string      `json:"customer"` // mobile number
	Amount   json.Number `json:"amount"`
}

// check returns what is wrong with it, without quoting it.
func (s *sale) check() string {
	amount, err := s.Amount.Float64()
	switch {
	case s.Number == "" || len(s.Number) > 50:
		return "number must have 1 to 50 characters"
	case s.Customer == "" || len(s.Customer) > 30:
		return "customer must have 1 to 30 characters"
	case err != nil || amount < 0:
		return "amount must be a number, not negative"
	default:
		return ""
	}
}

// bill is a sale in the form of the loyalty API, with the place where its fate goes.
type bill struct {
	IdentifierType  string      `json:"identifierType"`
	IdentifierValue string      `json:"identifierValue"`
	Type            string      `json:"type"`
	BillNumber      string      `json:"billNumber"`
	BillAmount      json.Number `json:"billAmount"`

	fate chan fate // room for one
}

// fate is what became of one sale of a request.
type fate struct {
	Number  string `json:"number"`
	Outcome string `json:"outcome"` // applied, duplicate, refused, unknown, not-sent; or pending
	Code    int    `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

func fateOf(r *batch.Result[bill]) fate {
	f := fate{Number: r.ID, Outcome: r.Outcome.String(), Code: int(r.Code)}
	if !r.Outcome.Done() && r.Kind != 0 {
		f.Reason = r.Kind.String()
	}
	return f
}

// postTransactions takes a list of sales and answers with a list of their fates, in the same order: 200 if all are known, 202 if some are
// pending after the wait. Pending ones are brought to their end; the same sales sent again are then duplicates.
func (s *service) postTransactions(w http.ResponseWriter, r *http.Request) {
	var sales []sale
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBytes))
	err := decoder.Decode(&sales)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(w, r, http.StatusRequestEntityTooLarge, "at most "+strconv.Itoa(maxBytes)+" bytes")
		return
	case err != nil || len(sales) == 0:
		fail(w, r, http.StatusBadRequest, "a JSON list of sales is wanted")
		return
	case len(sales) > maxBills:
		fail(w, r, http.StatusRequestEntityTooLarge, "at most "+strconv.Itoa(maxBills)+" sales")
		return
	}
	fates := make([]fate, len(sales))
	bills := make([]*bill, len(sales))
	valid := 0
	for i := range sales {
		if reason := sales[i].check(); reason != "" {
			fates[i] = fate{Number: sales[i].Number, Outcome: caperrors.Refused.String(), Reason: reason}
			continue
		}
		valid++
		bills[i] = &bill{
			IdentifierType: "mobile", IdentifierValue: sales[i].Customer, Type: "REGULAR",
			BillNumber: sales[i].Number, BillAmount: sales[i].Amount, fate: make(chan fate, 1),
		}
	}
	if !s.admit(w, r, valid) {
		return
	}
	for i, b := range bills {
		if b == nil {
			continue
		}
		// Room was made for it, so this hardly waits. Once it is taken, the request's end does not end it.
		if err = s.writer.Add(r.Context(), *b); err != nil {
			s.queued.Add(-1)
			bills[i], fates[i] = nil, fate{Number: b.BillNumber, Outcome: caperrors.NotSent.String()}
			if r.Context().Err() == nil && !errors.Is(err, batch.ErrClosed) {
				s.stop(err) // the writer has stopped, and says why
			}
		}
	}
	status := s.await(r, bills, fates)
	write(w, status, map[string]any{"results": fates})
}

// admit makes room in the queue for all of a request's bills or none, and answers if there is none.
func (s *service) admit(w http.ResponseWriter, r *http.Request, bills int) bool {
	if s.unready() != "" {
		w.Header().Set("Connection", "close")
		retryLater(w, r, s.unready())
		return false
	}
	if s.queued.Add(int64(bills)) > int64(s.cfg.queue) {
		s.queued.Add(-int64(bills))
		s.metrics.rejected.Add(1)
		retryLater(w, r, "too many bills are waiting")
		return false
	}
	return true
}

// await collects the fates of accepted bills for as long as the caller waits, and returns the answer's status.
func (s *service) await(r *http.Request, bills []*bill, fates []fate) int {
	timer := time.NewTimer(s.cfg.wait)
	defer timer.Stop()
	status, waits := http.StatusOK, true
	for i, b := range bills {
		if b == nil {
			continue
		}
		if waits {
			select {
			case fates[i] = <-b.fate:
				continue
			case <-timer.C:
				waits = false
			case <-r.Context().Done():
				waits = false
			}
		}
		select {
		case fates[i] = <-b.fate:
		default:
			status = http.StatusAccepted
			fates[i] = fate{Number: b.BillNumber, Outcome: "pending"}
		}
	}
	return status
}
