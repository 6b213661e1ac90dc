package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Customers of v1.1.
var (
	// V1CustomerAdd registers customers.
	V1CustomerAdd = Endpoint{
		Name: "v1.1/customer/add", Method: http.MethodPost, Path: "v1.1/customer/add",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Root: "customer", Items: "customers.customer", IDField: "mobile", KeyFields: v1Identifiers,
		Rates: Rates{Singapore: 700, NorthVirginia: 500, Ireland: 400},
	}
	// V1CustomerUpdate changes customers. The documents list it as a call for one,
	// and show an array.
	V1CustomerUpdate = Endpoint{
		Name: "v1.1/customer/update", Method: http.MethodPost, Path: "v1.1/customer/update",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Root: "customer", Items: "customers.customer", IDField: "mobile", KeyFields: v1Identifiers, MaxItems: 1,
		Rates: Rates{Singapore: 500, NorthVirginia: 600, Ireland: 300},
	}
	// V1CustomerUpdateIdentity replaces an identifier of a customer.
	V1CustomerUpdateIdentity = Endpoint{
		Name: "v1.1/customer/update_identity", Method: http.MethodPost, Path: "v1.1/customer/update_identity",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Root: "customer", Items: "customers.customer", EchoID: "old_value", IDField: "old_value",
		KeyFields: []string{"old_value"}, MaxItems: 1,
	}
	// V1CustomerGet returns customers by an identifier, which the query names
	// (mobile, email, external_id or id).
	V1CustomerGet = Endpoint{
		Name: "v1.1/customer/get", Method: http.MethodGet, Path: "v1.1/customer/get",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customers.customer",
	}
	// V1CustomerSearch finds customers by a query language, page by page.
	V1CustomerSearch = Endpoint{
		Name: "v1.1/customer/search", Method: http.MethodGet, Path: "v1.1/customer/search",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer.results.item", Status: NoStatus,
	}
	// V1CustomerTransactions returns customers with their transactions.
	V1CustomerTransactions = Endpoint{
		Name: "v1.1/customer/transactions", Method: http.MethodGet, Path: "v1.1/customer/transactions",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer|customers.customer",
	}
	// V1CustomerRedemptions returns what customers redeemed.
	V1CustomerRedemptions = Endpoint{
		Name: "v1.1/customer/redemptions", Method: http.MethodGet, Path: "v1.1/customer/redemptions",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer|customers.customer", Status: NoStatus,
	}
	// V1CustomerCoupons returns the coupons of a customer.
	V1CustomerCoupons = Endpoint{
		Name: "v1.1/customer/coupons", Method: http.MethodGet, Path: "v1.1/customer/coupons",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customers.customer",
	}
	// V1CustomerNoteAdd adds or changes a note on a customer.
	V1CustomerNoteAdd = Endpoint{
		Name: "v1.1/customer/notes", Method: http.MethodPost, Path: "v1.1/customer/notes",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Root: "customer", Items: "customer", KeyFields: v1Identifiers, MaxItems: 1,
	}
	// V1CustomerNotes returns the notes on a customer.
	V1CustomerNotes = Endpoint{
		Name: "GET v1.1/customer/notes", Method: http.MethodGet, Path: "v1.1/customer/notes",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer",
	}
	// V1CustomerRecommendations returns what is recommended to customers.
	V1CustomerRecommendations = Endpoint{
		Name: "v1.1/customer/recommendations", Method: http.MethodGet, Path: "v1.1/customer/recommendations",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer|customers.customer", Status: NoStatus,
	}
	// V1CustomerInteractions returns the interactions of customers in social
	// networks.
	V1CustomerInteractions = Endpoint{
		Name: "v1.1/customer/interaction", Method: http.MethodGet, Path: "v1.1/customer/interaction",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer|customers.customer", Status: NoStatus,
	}
	// V1CustomerTicketAdd opens a ticket of a customer.
	V1CustomerTicketAdd = Endpoint{
		Name: "v1.1/customer/tickets", Method: http.MethodPost, Path: "v1.1/customer/tickets",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Root: "customer", Items: "customers.customer", KeyFields: v1Identifiers, MaxItems: 1,
	}
	// V1CustomerTickets returns the tickets of customers.
	V1CustomerTickets = Endpoint{
		Name: "GET v1.1/customer/tickets", Method: http.MethodGet, Path: "v1.1/customer/tickets",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customer|customers.customer",
	}
	// V1CustomerRefer sends invitations of customers to their friends. Each
	// invitation has a status: one refused in part is applied with
	// [caperrors.ErrPartial], its warnings tell which.
	V1CustomerRefer = Endpoint{
		Name: "v1.1/customer/referrals", Method: http.MethodPost, Path: "v1.1/customer/referrals",
		Version: caperrors.V1, Entity: "referral", Envelope: EnvelopeV1,
		Root: "customer", Items: "customers.customer", Parts: "referrals.referral_type.referral", PartStatus: "status",
		KeyFields: v1Identifiers,
	}
	// V1CustomerReferrals returns whom customers invited.
	V1CustomerReferrals = Endpoint{
		Name: "GET v1.1/customer/referrals", Method: http.MethodGet, Path: "v1.1/customer/referrals",
		Version: caperrors.V1, Entity: "referral", Envelope: EnvelopeV1,
		Items: "customer|customers.customer",
	}
	// V1CustomerPreferencesUpdate changes the preferences of customers.
	V1CustomerPreferencesUpdate = Endpoint{
		Name: "v1.1/customer/preferences", Method: http.MethodPost, Path: "v1.1/customer/preferences",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Root: "customer", Items: "customers.customer|customer", KeyFields: v1Identifiers,
	}
	// V1CustomerPreferences returns the preferences of customers.
	V1CustomerPreferences = Endpoint{
		Name: "GET v1.1/customer/preferences", Method: http.MethodGet, Path: "v1.1/customer/preferences",
		Version: caperrors.V1, Entity: "customer", Envelope: EnvelopeV1,
		Items: "customers.customer|customer",
	}
	// V1SubscriptionsUpdate changes what customers are subscribed to.
	V1SubscriptionsUpdate = Endpoint{
		Name: "v1.1/customer/subscriptions", Method: http.MethodPost, Path: "v1.1/customer/subscriptions",
		Version: caperrors.V1, Entity: "subscription", Envelope: EnvelopeV1,
		Root: "subscription", Items: "subscriptions.subscription", KeyFields: v1Identifiers,
	}
	// V1Subscriptions returns what customers are subscribed to.
	V1Subscriptions = Endpoint{
		Name: "GET v1.1/customer/subscriptions", Method: http.MethodGet, Path: "v1.1/customer/subscriptions",
		Version: caperrors.V1, Entity: "subscription", Envelope: EnvelopeV1,
		Items: "subscriptions.subscription",
	}
)
