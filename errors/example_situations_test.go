package errors_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// advise goes through the ten situations that callers meet most, the special
// ones first.
func advise(err error) string {
	var (
		argument *caperrors.ArgumentError
		batch    *caperrors.BatchError
		decode   *caperrors.DecodeError
	)
	switch {
	case errors.As(err, &argument):
		return "nothing was sent: correct " + argument.Field
	case errors.As(err, &batch):
		return fmt.Sprintf("%d of %d items are done: look at the others", batch.Total-batch.Failed(), batch.Total)
	case errors.Is(err, context.DeadlineExceeded):
		return "no time left: give it more"
	case errors.Is(err, caperrors.CodeCustomerBusy):
		return "another action runs for this customer: try shortly"
	case errors.Is(err, caperrors.ErrTransient):
		return "refused for now: try later"
	case errors.Is(err, caperrors.ErrUnauthenticated):
		return "check user and password, or key and secret"
	case errors.Is(err, caperrors.ErrDuplicate):
		return "the server has it already: done"
	case errors.Is(err, caperrors.ErrInvalid):
		return "correct the input"
	case errors.As(err, &decode) && decode.Outcome == caperrors.Refused:
		return "something before the API refused it"
	case caperrors.OutcomeOf(err) == caperrors.Unknown:
		return "it may have been done: ask the API before sending it again"
	default:
		return "refused for good"
	}
}

// The ten situations that callers meet most.
func Example() {
	refused := func(code caperrors.Code, kind caperrors.Kind) error {
		return &caperrors.CallError{
			Op: "v2/transactions", Attempts: 1, Outcome: caperrors.Refused,
			Err: &caperrors.RequestError{Code: code, Kind: kind},
		}
	}
	for _, err := range []error{
		&caperrors.ArgumentError{Field: "baseURL", Index: -1, Reason: "must begin with https://"},
		caperrors.NewBatchError("v2/transactions/bulk", 100, []*caperrors.ItemError{{Index: 3, Outcome: caperrors.Refused, Code: 8015}}),
		&caperrors.CallError{Op: "v2/transactions", Stop: caperrors.ErrDeadlineTooNear, Outcome: caperrors.Refused, Elapsed: time.Second},
		refused(caperrors.CodeCustomerBusy, caperrors.ErrTransient),
		refused(caperrors.CodeSearchBusy, caperrors.ErrTransient),
		refused(caperrors.CodeUnauthenticated, caperrors.ErrUnauthenticated),
		refused(604, caperrors.ErrDuplicate),
		refused(caperrors.CodeInvalidInput, caperrors.ErrInvalid),
		&caperrors.CallError{
			Op: "v2/transactions", Outcome: caperrors.Refused,
			Err: &caperrors.DecodeError{HTTPStatus: 413, Reason: "an HTML page", Outcome: caperrors.Refused},
		},
		&caperrors.CallError{
			Op: "v2/transactions", Attempts: 1, Stop: caperrors.ErrNotRepeatable, Outcome: caperrors.Unknown,
			Err: &caperrors.TransportError{Phase: caperrors.PhaseWait},
		},
	} {
		fmt.Println(advise(err))
	}
	// Output:
	// nothing was sent: correct baseURL
	// 99 of 100 items are done: look at the others
	// no time left: give it more
	// another action runs for this customer: try shortly
	// refused for now: try later
	// check user and password, or key and secret
	// the server has it already: done
	// correct the input
	// something before the API refused it
	// it may have been done: ask the API before sending it again
}
