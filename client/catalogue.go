package client

import (
	"cmp"
	"net/http"
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Each endpoint's name is its path, with the method before it if that is PUT.
// Don't change the variables: copy one into your own.

// v1Customer are the identifiers by which v1.1 names a customer, best first.
var v1Customer = []string{"customer.mobile", "customer.email", "customer.external_id", "customer.user_id", "customer.id"}

// Endpoints of v2 that take many items a call. No batch limit is documented
// where MaxItems is missing.
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
	// CustomersUpsertBulk adds or updates customers. The key is the first
	// identifier of the first profile.
	CustomersUpsertBulk = Endpoint{
		Name: "v2/integrations/customer/upsert/bulk", Method: http.MethodPost, Path: "v2/integrations/customer/upsert/bulk",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "response", IDField: "profiles.0.identifiers.0.value", KeyFields: []string{"profiles.0.identifiers.0.value"},
	}
	// CardsUpdateBulk changes cards.
	CardsUpdateBulk = Endpoint{
		Name: "PUT v2/card/bulk", Method: http.MethodPut, Path: "v2/card/bulk",
		Version: caperrors.V2, Entity: "card", Envelope: EnvelopeV2Bulk, MaxItems: 200,
		Items: "response", EchoID: "entityId.cardNumber", IDField: "cardNumber", KeyFields: []string{"cardNumber"},
	}
	// StoresAddBulk adds stores.
	StoresAddBulk = Endpoint{
		Name: "v2/orgEntity/store/bulk", Method: http.MethodPost, Path: "v2/orgEntity/store/bulk",
		Version: caperrors.V2, Entity: "store", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "result.code", IDField: "code", KeyFields: []string{"code"},
	}
	// StoresUpdateBulk replaces whole records of stores.
	StoresUpdateBulk = Endpoint{
		Name: "PUT v2/orgEntity/store/bulk", Method: http.MethodPut, Path: "v2/orgEntity/store/bulk",
		Version: caperrors.V2, Entity: "store", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "result.code", IDField: "code", KeyFields: []string{"code"},
	}
	// RequestsUpdate approves or rejects requests.
	RequestsUpdate = Endpoint{
		Name: "PUT v2/requests", Method: http.MethodPut, Path: "v2/requests",
		Version: caperrors.V2, Entity: "request", Envelope: EnvelopeV2Bulk, MaxItems: 10,
		Items: "response", EchoID: "entityId", IDField: "id", KeyFields: []string{"id"},
	}
	// GroupJoin puts customers into a user group, which the query names.
	GroupJoin = Endpoint{
		Name: "v2/userGroup2/join", Method: http.MethodPost, Path: "v2/userGroup2/join",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId.userId", IDField: "userId", KeyFields: []string{"userId"},
	}
	// GroupPermissions changes what members of a user group may do.
	GroupPermissions = Endpoint{
		Name: "PUT v2/userGroup2/members/permissions", Method: http.MethodPut, Path: "v2/userGroup2/members/permissions",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId.userId", IDField: "userId", KeyFields: []string{"userId"},
	}
)

// Endpoints of v2 for one thing.
var (
	// TransactionAdd adds a transaction; the query names the customer
	// (identifierName, identifierValue, source).
	TransactionAdd = Endpoint{
		Name: "v2/transactions", Method: http.MethodPost, Path: "v2/transactions",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single, IDField: "billNumber",
		Rates: Rates{Singapore: 100, NorthVirginia: 1200, Ireland: 100},
	}
	// TransactionByID returns a transaction.
	TransactionByID = Endpoint{
		Name: "v2/transactions/{id}", Method: http.MethodGet, Path: "v2/transactions/{id}",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// TransactionByNumber returns a transaction by its bill number.
	TransactionByNumber = Endpoint{
		Name: "v2/transactions/getByBillNumber/{number}", Method: http.MethodGet,
		Path:    "v2/transactions/getByBillNumber/{number}",
		Version: caperrors.V2, Entity: "transaction", Envelope: EnvelopeV2Single,
	}
	// CustomerAdd registers a customer.
	CustomerAdd = Endpoint{
		Name: "v2/customers", Method: http.MethodPost, Path: "v2/customers",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
		IDField: "profiles.0.identifiers.0.value",
		Rates:   Rates{Singapore: 100, NorthVirginia: 600, Ireland: 100},
	}
	// CustomerUpdate changes a customer.
	CustomerUpdate = Endpoint{
		Name: "PUT v2/customers/{id}", Method: http.MethodPut, Path: "v2/customers/{id}",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
		Rates: Rates{Singapore: 1000, NorthVirginia: 600, Ireland: 50},
	}
	// CustomerByID returns a customer.
	CustomerByID = Endpoint{
		Name: "v2/customers/{id}", Method: http.MethodGet, Path: "v2/customers/{id}",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerLookup returns a customer's id by an identifier, which the query
	// names (identifierName, identifierValue, source).
	CustomerLookup = Endpoint{
		Name: "v2/customers/lookup", Method: http.MethodGet, Path: "v2/customers/lookup",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
)

// Endpoints of v1.1. Those that write take many items a call, except where the
// documents list the call as one for a single item.
var (
	// V1TransactionAdd adds transactions of any customers.
	V1TransactionAdd = Endpoint{
		Name: "v1.1/transaction/add", Method: http.MethodPost, Path: "v1.1/transaction/add",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1, Root: "transaction",
		Items: "transactions.transaction", EchoID: "number", IDField: "number", KeyFields: v1Customer,
		Oversize: []caperrors.Code{672},
		Rates:    Rates{Singapore: 1500, NorthVirginia: 1500, Ireland: 700},
	}
	// V1TransactionAddLocalCurrency adds transactions in a local currency.
	V1TransactionAddLocalCurrency = Endpoint{
		Name: "v1.1/transaction/add_with_local_currency", Method: http.MethodPost,
		Path:    "v1.1/transaction/add_with_local_currency",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1, Root: "transaction",
		Items: "transactions.transaction", EchoID: "number", IDField: "number", KeyFields: v1Customer,
		Oversize: []caperrors.Code{672},
	}
	// V1TransactionUpdate changes transactions, retro conversion included.
	V1TransactionUpdate = Endpoint{
		Name: "v1.1/transaction/update", Method: http.MethodPost, Path: "v1.1/transaction/update",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1, Root: "transaction",
		Items: "transactions.transaction", IDField: "id", KeyFields: v1Customer,
		Oversize: []caperrors.Code{672},
		Rates:    Rates{Singapore: 500, NorthVirginia: 100, Ireland: 100},
	}
	// V1CustomerAdd registers customers.
	V1CustomerAdd = Endpoint{
		Name: "v1.1/customer/add", Method: http.MethodPost, Path: "v1.1/customer/add",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1, Root: "customer",
		Items: "customers.customer", IDField: "mobile", KeyFields: []string{"mobile", "email", "external_id", "user_id"},
		Rates: Rates{Singapore: 700, NorthVirginia: 500, Ireland: 400},
	}
	// V1CustomerUpdate changes customers. The documents list it as a call for
	// one, and show an array.
	V1CustomerUpdate = Endpoint{
		Name: "v1.1/customer/update", Method: http.MethodPost, Path: "v1.1/customer/update",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1, Root: "customer", MaxItems: 1,
		Items: "customers.customer", IDField: "mobile", KeyFields: []string{"mobile", "email", "external_id", "user_id"},
		Rates: Rates{Singapore: 500, NorthVirginia: 600, Ireland: 300},
	}
	// V1CustomerGet returns a customer by one identifier, which the query names
	// (mobile, email, external_id or id).
	V1CustomerGet = Endpoint{
		Name: "v1.1/customer/get", Method: http.MethodGet, Path: "v1.1/customer/get",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1, Items: "customers.customer",
	}
	// V1SubscriptionsUpdate changes what customers are subscribed to.
	V1SubscriptionsUpdate = Endpoint{
		Name: "v1.1/customer/subscriptions", Method: http.MethodPost, Path: "v1.1/customer/subscriptions",
		Version: caperrors.V1, Entity: "subscription", Envelope: EnvelopeV1, Root: "subscription",
		Items: "subscriptions.subscription", KeyFields: []string{"mobile", "email", "external_id", "user_id"},
	}
	// V1CouponIssue issues coupons to customers.
	V1CouponIssue = Endpoint{
		Name: "v1.1/coupon/issue", Method: http.MethodPost, Path: "v1.1/coupon/issue",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1, Root: "coupon",
		Items: "coupon", KeyFields: v1Customer,
	}
	// V1CouponRedeem redeems a coupon. The documents list it as a call for one,
	// and show an array.
	V1CouponRedeem = Endpoint{
		Name: "v1.1/coupon/redeem", Method: http.MethodPost, Path: "v1.1/coupon/redeem",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1, Root: "coupon", MaxItems: 1,
		Items: "coupons.coupon", IDField: "code", KeyFields: v1Customer,
	}
	// V1PointsRedeem redeems points. The documents list it as a call for one,
	// and show an array.
	V1PointsRedeem = Endpoint{
		Name: "v1.1/points/redeem", Method: http.MethodPost, Path: "v1.1/points/redeem",
		Version: caperrors.V1, Entity: "points", Envelope: EnvelopeV1, Root: "redeem", MaxItems: 1,
		Items: "responses.points", IDField: "external_reference_number", KeyFields: v1Customer,
	}
	// V1ProductAdd adds products.
	V1ProductAdd = Endpoint{
		Name: "v1.1/product/add", Method: http.MethodPost, Path: "v1.1/product/add",
		Version: caperrors.V1, Entity: "product", Envelope: EnvelopeV1, Root: "product",
		Items: "product", EchoID: "sku", IDField: "sku", KeyFields: []string{"sku"},
	}
	// V1RequestAdd adds requests: identifier change, merge, goodwill, retro.
	V1RequestAdd = Endpoint{
		Name: "v1.1/request/add", Method: http.MethodPost, Path: "v1.1/request/add",
		Version: caperrors.V1, Entity: "request", Envelope: EnvelopeV1, Root: "request",
		Items: "requests.request", IDField: "reference_id", KeyFields: v1Customer,
	}
	// V1TaskAdd adds tasks.
	V1TaskAdd = Endpoint{
		Name: "v1.1/task/add", Method: http.MethodPost, Path: "v1.1/task/add",
		Version: caperrors.V1, Entity: "task", Envelope: EnvelopeV1, Root: "task",
		Items: "tasks.task", IDField: "local_id",
	}
)

// Catalogue returns all endpoints above, sorted by name.
func Catalogue() []Endpoint {
	all := []Endpoint{
		TransactionsBulk, TransactionsUpdateBulk, CustomersUpsertBulk, CardsUpdateBulk, StoresAddBulk, StoresUpdateBulk,
		RequestsUpdate, GroupJoin, GroupPermissions,
		TransactionAdd, TransactionByID, TransactionByNumber, CustomerAdd, CustomerUpdate, CustomerByID, CustomerLookup,
		V1TransactionAdd, V1TransactionAddLocalCurrency, V1TransactionUpdate, V1CustomerAdd, V1CustomerUpdate, V1CustomerGet,
		V1SubscriptionsUpdate, V1CouponIssue, V1CouponRedeem, V1PointsRedeem, V1ProductAdd, V1RequestAdd, V1TaskAdd,
	}
	slices.SortFunc(all, func(a, b Endpoint) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the endpoint with that name.
func Lookup(name string) (Endpoint, bool) {
	for _, ep := range Catalogue() {
		if ep.Name == name {
			return ep, true
		}
	}
	return Endpoint{}, false
}
