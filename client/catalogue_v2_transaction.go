package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Transactions, requests and cards of v2.
var (
	// TransactionsBulk adds transactions of any customers.
	TransactionsBulk = Endpoint{
		Name: "v2/transactions/bulk", Method: http.MethodPost, Path: "v2/transactions/bulk",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "result.billNumber", IDField: "billNumber", KeyFields: []string{"identifierValue"},
		Rates: Rates{Singapore: 1200, NorthVirginia: 700, Ireland: 300},
	}
	// TransactionsUpdateBulk changes extended and custom fields of transactions.
	TransactionsUpdateBulk = Endpoint{
		Name: "PUT v2/transactions/bulk", Method: http.MethodPut, Path: "v2/transactions/bulk",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Bulk,
		Items: "response", IDField: "id", KeyFields: []string{"id"},
	}
	// TransactionAdd adds a transaction; the query names the customer
	// (identifierName, identifierValue, source).
	TransactionAdd = Endpoint{
		Name: "v2/transactions", Method: http.MethodPost, Path: "v2/transactions",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
		IDField: "billNumber", Rates: Rates{Singapore: 100, NorthVirginia: 1200, Ireland: 100},
	}
	// TransactionUpdate changes a transaction.
	TransactionUpdate = Endpoint{
		Name: "PUT v2/transactions", Method: http.MethodPut, Path: "v2/transactions",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
		IDField: "id",
	}
	// TransactionRetro makes a transaction without a customer one of a customer.
	TransactionRetro = Endpoint{
		Name: "PUT v2/transactions/retro", Method: http.MethodPut, Path: "v2/transactions/retro",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
		IDField: "id",
	}
	// TransactionByID returns a transaction.
	TransactionByID = Endpoint{
		Name: "v2/transactions/{id}", Method: http.MethodGet, Path: "v2/transactions/{id}",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// TransactionByNumber returns a transaction by its bill number.
	TransactionByNumber = Endpoint{
		Name: "v2/transactions/getByBillNumber/{number}", Method: http.MethodGet, Path: "v2/transactions/getByBillNumber/{number}",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// RejectedTransactions returns transactions that wait for a repair, page by
	// page. Their errors are why they wait.
	RejectedTransactions = Endpoint{
		Name: "v2/organization/rejectedTransactions", Method: http.MethodGet, Path: "v2/organization/rejectedTransactions",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Bulk,
		Items: "data", Status: NoStatus,
	}
	// RejectedTransactionsMarkFailed gives up transactions that wait for a repair.
	RejectedTransactionsMarkFailed = Endpoint{
		Name: "PUT v2/organization/rejectedTransactions/markFailed", Method: http.MethodPut, Path: "v2/organization/rejectedTransactions/markFailed",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// RejectedTransactionsRetrigger has transactions tried again that wait for a
	// repair. Ask [RejectedTransactionsStatus] for the outcome.
	RejectedTransactionsRetrigger = Endpoint{
		Name: "v2/organization/rejectedTransactions/retrigger", Method: http.MethodPost, Path: "v2/organization/rejectedTransactions/retrigger",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// RejectedTransactionsStatus returns what became of transactions that were
	// tried again.
	RejectedTransactionsStatus = Endpoint{
		Name: "v2/organization/rejectedTransactions/retriggerStatus/{id}", Method: http.MethodGet, Path: "v2/organization/rejectedTransactions/retriggerStatus/{id}",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// RequestAdd adds a request.
	RequestAdd = Endpoint{
		Name: "v2/requests", Method: http.MethodPost, Path: "v2/requests",
		Version: caperrors.V2, Entity: "request", Envelope: EnvelopeV2Single,
	}
	// RequestsUpdate approves or rejects requests.
	RequestsUpdate = Endpoint{
		Name: "PUT v2/requests", Method: http.MethodPut, Path: "v2/requests",
		Version: caperrors.V2, Entity: "request", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId", IDField: "id", KeyFields: []string{"id"}, MaxItems: 10,
	}
	// Requests returns requests, page by page.
	Requests = Endpoint{
		Name: "GET v2/requests", Method: http.MethodGet, Path: "v2/requests",
		Version: caperrors.V2, Entity: "request", Envelope: EnvelopeV2Single,
	}
	// CardsUpdateBulk changes cards.
	CardsUpdateBulk = Endpoint{
		Name: "PUT v2/card/bulk", Method: http.MethodPut, Path: "v2/card/bulk",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId.cardNumber", IDField: "cardNumber", KeyFields: []string{"cardNumber"},
		MaxItems: 200,
	}
	// CardAdd issues a card.
	CardAdd = Endpoint{
		Name: "v2/card", Method: http.MethodPost, Path: "v2/card",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Single,
		IDField: "cardNumber",
	}
	// CardUpdate changes a card.
	CardUpdate = Endpoint{
		Name: "PUT v2/card", Method: http.MethodPut, Path: "v2/card",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Single,
		IDField: "cardNumber",
	}
	// CardGet returns a card, which the query names.
	CardGet = Endpoint{
		Name: "GET v2/card", Method: http.MethodGet, Path: "v2/card",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Single,
	}
	// CardGenerate makes new card numbers, at most 100,000.
	CardGenerate = Endpoint{
		Name: "v2/card/generate", Method: http.MethodPost, Path: "v2/card/generate",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Single,
	}
	// CardSeriesAdd adds a card series.
	CardSeriesAdd = Endpoint{
		Name: "v2/card/series", Method: http.MethodPost, Path: "v2/card/series",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Single,
	}
)
