package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// customer is the part of a customer that this service gives out.
type customer struct {
	ID       int64 `json:"id"`
	Profiles []struct {
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
	} `json:"profiles"`
}

// getCustomer reads a customer through.
func (s *service) getCustomer(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.wait)
	defer cancel()
	found, _, err := client.Do[customer](ctx, s.api, client.CustomerByID, client.Request{Path: map[string]string{"id": r.PathValue("id")}})
	if err == nil {
		write(w, http.StatusOK, found)
		return
	}
	var argument *caperrors.ArgumentError
	switch {
	case errors.As(err, &argument), errors.Is(err, caperrors.ErrInvalid):
		fail(w, r, http.StatusBadRequest, "no such id")
	case errors.Is(err, caperrors.ErrNotFound):
		fail(w, r, http.StatusNotFound, "no such customer")
	case errors.Is(err, context.DeadlineExceeded):
		fail(w, r, http.StatusGatewayTimeout, "the loyalty API did not answer in time")
	case errors.Is(err, caperrors.ErrTransient):
		if wait := caperrors.RetryAfterOf(err); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		}
		retryLater(w, r, "the loyalty API is busy")
	default:
		fail(w, r, http.StatusBadGateway, "the loyalty API failed")
	}
}
