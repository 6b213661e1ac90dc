package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Customers, labels and leads of v2.
var (
	// CustomersUpsertBulk adds or updates customers. The key is the first
	// identifier of the first profile.
	CustomersUpsertBulk = Endpoint{
		Name: "v2/integrations/customer/upsert/bulk", Method: http.MethodPost, Path: "v2/integrations/customer/upsert/bulk",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "response", IDField: "profiles.0.identifiers.0.value", KeyFields: []string{"profiles.0.identifiers.0.value"},
	}
	// CustomersAssociate puts customers into a hierarchy, children included.
	CustomersAssociate = Endpoint{
		Name: "v2/customers/bulk", Method: http.MethodPost, Path: "v2/customers/bulk",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "response", Parts: "childEntities", IDField: "profiles.0.identifiers.0.value",
		KeyFields: []string{"profiles.0.identifiers.0.value"},
	}
	// CustomersAssociateUpdate changes the place of customers in a hierarchy.
	CustomersAssociateUpdate = Endpoint{
		Name: "PUT v2/customers/bulk", Method: http.MethodPut, Path: "v2/customers/bulk",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "response", Parts: "childEntities", IDField: "profiles.0.identifiers.0.value",
		KeyFields: []string{"profiles.0.identifiers.0.value"},
	}
	// CustomersBulkGet returns customers by their ids, at most 100.
	CustomersBulkGet = Endpoint{
		Name: "GET v2/customers/bulk", Method: http.MethodGet, Path: "v2/customers/bulk",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "data|entity.customers", MaxItems: 100, Oversize: []caperrors.Code{8120},
	}
	// CustomersByIDs returns customers by their ids: the body is an array of them.
	// Documented as internal.
	CustomersByIDs = Endpoint{
		Name: "v2/bulk/getCustomers", Method: http.MethodPost, Path: "v2/bulk/getCustomers",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "data", Read: true,
	}
	// CustomerAdd registers a customer.
	CustomerAdd = Endpoint{
		Name: "v2/customers", Method: http.MethodPost, Path: "v2/customers",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
		IDField: "profiles.0.identifiers.0.value", Rates: Rates{Singapore: 100, NorthVirginia: 600, Ireland: 100},
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
	// CustomerSearch finds customers, page by page.
	CustomerSearch = Endpoint{
		Name: "v2/customers/search", Method: http.MethodGet, Path: "v2/customers/search",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Bulk,
		Items: "data", Status: NoStatus,
	}
	// CustomerChangeIdentifier adds and removes identifiers and cards of a
	// customer.
	CustomerChangeIdentifier = Endpoint{
		Name: "v2/customers/{id}/changeIdentifier", Method: http.MethodPost, Path: "v2/customers/{id}/changeIdentifier",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerChangeIdentifierPut is the same under the method that newer pages
	// show.
	CustomerChangeIdentifierPut = Endpoint{
		Name: "PUT v2/customers/{id}/changeIdentifier", Method: http.MethodPut, Path: "v2/customers/{id}/changeIdentifier",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerSubscriptionsUpdate changes what a customer is subscribed to.
	CustomerSubscriptionsUpdate = Endpoint{
		Name: "v2/customers/{id}/subscriptions", Method: http.MethodPost, Path: "v2/customers/{id}/subscriptions",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerSubscriptions returns what a customer is subscribed to.
	CustomerSubscriptions = Endpoint{
		Name: "GET v2/customers/{id}/subscriptions", Method: http.MethodGet, Path: "v2/customers/{id}/subscriptions",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerLoyaltyDetails returns points and tier of a customer.
	CustomerLoyaltyDetails = Endpoint{
		Name: "v2/customers/{id}/loyaltyDetails", Method: http.MethodGet, Path: "v2/customers/{id}/loyaltyDetails",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerPointsBalance returns the points of a customer.
	CustomerPointsBalance = Endpoint{
		Name: "v2/customers/{id}/points/balance", Method: http.MethodGet, Path: "v2/customers/{id}/points/balance",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerTierDetails returns the tier of a customer.
	CustomerTierDetails = Endpoint{
		Name: "v2/customers/{id}/tierDetails", Method: http.MethodGet, Path: "v2/customers/{id}/tierDetails",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerCoupons returns the coupons of a customer.
	CustomerCoupons = Endpoint{
		Name: "v2/customers/{id}/coupons", Method: http.MethodGet, Path: "v2/customers/{id}/coupons",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerTransactions returns the transactions of a customer, at most 1,000.
	CustomerTransactions = Endpoint{
		Name: "v2/customers/{id}/transactions", Method: http.MethodGet, Path: "v2/customers/{id}/transactions",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerTrackers returns the trackers of a customer.
	CustomerTrackers = Endpoint{
		Name: "v2/customers/{id}/trackers", Method: http.MethodGet, Path: "v2/customers/{id}/trackers",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomersCoupons returns the coupons of several customers.
	CustomersCoupons = Endpoint{
		Name: "v2/customers/coupons", Method: http.MethodGet, Path: "v2/customers/coupons",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerReferralsAdd invites friends of a customer.
	CustomerReferralsAdd = Endpoint{
		Name: "v2/customers/{id}/referrals", Method: http.MethodPost, Path: "v2/customers/{id}/referrals",
		Version: caperrors.V2, Entity: "referral", Envelope: EnvelopeV2Single,
	}
	// CustomerReferrals returns whom a customer invited.
	CustomerReferrals = Endpoint{
		Name: "GET v2/customers/{id}/referrals", Method: http.MethodGet, Path: "v2/customers/{id}/referrals",
		Version: caperrors.V2, Entity: "referral", Envelope: EnvelopeV2Single,
	}
	// CustomerLookup returns a customer's id by an identifier, which the query
	// names (identifierName, identifierValue, source).
	CustomerLookup = Endpoint{
		Name: "v2/customers/lookup", Method: http.MethodGet, Path: "v2/customers/lookup",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerLookupDetails returns a customer by an identifier, which the query
	// names.
	CustomerLookupDetails = Endpoint{
		Name: "v2/customers/lookup/customerDetails", Method: http.MethodGet, Path: "v2/customers/lookup/customerDetails",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerLookupUpdate changes a customer by an identifier, which the query
	// names.
	CustomerLookupUpdate = Endpoint{
		Name: "PUT v2/customers/lookup", Method: http.MethodPut, Path: "v2/customers/lookup",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerStatusUpdate changes the status of a customer, whom the query names.
	CustomerStatusUpdate = Endpoint{
		Name: "PUT v2/customers/lookup/status", Method: http.MethodPut, Path: "v2/customers/lookup/status",
		Version: caperrors.V2, Entity: "customer", Envelope: EnvelopeV2Single,
	}
	// CustomerPromotionSummary returns what a promotion gave to a customer, whom
	// the query names.
	CustomerPromotionSummary = Endpoint{
		Name: "v2/customers/lookup/customerPromotionDetails/actionSummary", Method: http.MethodGet, Path: "v2/customers/lookup/customerPromotionDetails/actionSummary",
		Version: caperrors.V2, Entity: "promotion", Envelope: EnvelopeV2Single,
	}
	// LabelsAdd adds labels for customers.
	LabelsAdd = Endpoint{
		Name: "v2/organization/label", Method: http.MethodPost, Path: "v2/organization/label",
		Version: caperrors.V2, Entity: "label", Envelope: EnvelopeV2Single,
	}
	// Labels returns the labels for customers.
	Labels = Endpoint{
		Name: "v2/organization/labels", Method: http.MethodGet, Path: "v2/organization/labels",
		Version: caperrors.V2, Entity: "label", Envelope: EnvelopeV2Single,
	}
	// CustomerLabels returns the labels of a customer.
	CustomerLabels = Endpoint{
		Name: "v2/customers/{id}/labels", Method: http.MethodGet, Path: "v2/customers/{id}/labels",
		Version: caperrors.V2, Entity: "label", Envelope: EnvelopeV2Single,
	}
	// CustomerLabelsChange adds and removes labels of a customer. It tells
	// failures as warnings.
	CustomerLabelsChange = Endpoint{
		Name: "v2/customers/{id}/changeLabels", Method: http.MethodPost, Path: "v2/customers/{id}/changeLabels",
		Version: caperrors.V2, Entity: "label", Envelope: EnvelopeV2Single,
	}
	// LeadAdd adds a lead.
	LeadAdd = Endpoint{
		Name: "v2/leads", Method: http.MethodPost, Path: "v2/leads",
		Version: caperrors.V2, Entity: "lead", Envelope: EnvelopeV2Single,
	}
)
