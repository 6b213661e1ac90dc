package clienttest

import (
	"fmt"
	"net/http"
)

// requestText is the message of a request-level code.
func requestText(code int) string {
	switch code {
	case http.StatusBadRequest:
		return "Invalid input"
	case http.StatusUnauthorized:
		return "Invalid credentials"
	case http.StatusNotFound:
		return "Resource not found"
	case http.StatusMethodNotAllowed:
		return "Method not allowed"
	case http.StatusUnsupportedMediaType:
		return "Unsupported media type"
	case codeSearchBusy:
		return "Search is busy, please try again"
	case http.StatusServiceUnavailable, codeAuthzUnknown:
		return "Authorization status is not available"
	case codeCustomerBusy:
		return "Another action is in progress for the customer"
	default:
		return "Request failed"
	}
}

func oversizeText(code int, opts Options) string {
	switch {
	case code == codeTooManyV1:
		return "Batch limit exceeded"
	case opts.NameLimit:
		return fmt.Sprintf("Exceeded maximum limit size of %d", opts.BatchLimit)
	default:
		return "Exceeded maximum limit size"
	}
}

// itemText is the message of an item-level code.
func itemText(r *rules, res result) string {
	transaction := r.entity == entityTransaction
	switch {
	case res.ok && transaction:
		return "Transaction added successfully"
	case res.ok:
		return "Customer registration successful"
	case res.code == codeItemMalformed:
		return "Item is not an object"
	case res.code == codeCustomerBusy:
		return requestText(codeCustomerBusy)
	case res.code == codeRepeatedProfile:
		return fmt.Sprintf("Customer already exists with id %d", res.id)
	case res.code == r.duplicate && transaction:
		return "Transaction number already exists"
	case res.code == r.duplicate:
		return "Customer is already registered"
	case res.code == r.noNumber && transaction:
		return "Transaction number is not valid"
	case transaction:
		return "Customer not found for the given identifiers"
	default:
		return "No valid identifier"
	}
}
