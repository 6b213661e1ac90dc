package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// User groups, promotions and partner programs of v2.
var (
	// GroupAdd adds a user group.
	GroupAdd = Endpoint{
		Name: "v2/userGroup2", Method: http.MethodPost, Path: "v2/userGroup2",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Single,
	}
	// GroupUpdate changes a user group.
	GroupUpdate = Endpoint{
		Name: "PUT v2/userGroup2", Method: http.MethodPut, Path: "v2/userGroup2",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Single,
	}
	// GroupGet returns a user group, which the query names.
	GroupGet = Endpoint{
		Name: "GET v2/userGroup2", Method: http.MethodGet, Path: "v2/userGroup2",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Single,
	}
	// GroupDelete deletes a user group, which the query names.
	GroupDelete = Endpoint{
		Name: "DELETE v2/userGroup2", Method: http.MethodDelete, Path: "v2/userGroup2",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Single,
	}
	// GroupJoin puts customers into a user group, which the query names.
	GroupJoin = Endpoint{
		Name: "v2/userGroup2/join", Method: http.MethodPost, Path: "v2/userGroup2/join",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId.userId", IDField: "userId", KeyFields: []string{"userId"},
	}
	// GroupTransfer moves customers to another user group.
	GroupTransfer = Endpoint{
		Name: "v2/userGroup2/transfer", Method: http.MethodPost, Path: "v2/userGroup2/transfer",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId.userId", IDField: "userId", KeyFields: []string{"userId"},
	}
	// GroupPermissions changes what members of a user group may do.
	GroupPermissions = Endpoint{
		Name: "PUT v2/userGroup2/members/permissions", Method: http.MethodPut, Path: "v2/userGroup2/members/permissions",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "entityId.userId", IDField: "userId", KeyFields: []string{"userId"},
	}
	// GroupLeave takes a customer out of a user group.
	GroupLeave = Endpoint{
		Name: "DELETE v2/userGroup2/{id}/leave", Method: http.MethodDelete, Path: "v2/userGroup2/{id}/leave",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Single,
	}
	// GroupMembers returns the members of a user group.
	GroupMembers = Endpoint{
		Name: "v2/userGroup2/members", Method: http.MethodGet, Path: "v2/userGroup2/members",
		Version: caperrors.V2, Entity: "usergroup", Envelope: EnvelopeV2Single,
	}
	// PromotionIssue issues a promotion to a customer.
	PromotionIssue = Endpoint{
		Name: "v2/promotion/issue", Method: http.MethodPost, Path: "v2/promotion/issue",
		Version: caperrors.V2, Entity: "promotion", Envelope: EnvelopeV2Single,
	}
	// PromotionEnrolAndEarn enrols customers in a promotion, or has them earn it.
	// Wrapper holds type, bulkAction, promotionDetails and identifierName, here
	// and in the calls below.
	PromotionEnrolAndEarn = Endpoint{
		Name: "v2/promotion/bulk/enrolAndEarn", Method: http.MethodPost, Path: "v2/promotion/bulk/enrolAndEarn",
		Version: caperrors.V2, Entity: "promotion", Envelope: EnvelopeV2Bulk,
		List: "customers", Items: "response", IDField: "identifierValue", KeyFields: []string{"identifierValue"},
		MaxItems: 100,
	}
	// PromotionRevokeEnrolAndEarn takes that back.
	PromotionRevokeEnrolAndEarn = Endpoint{
		Name: "v2/promotion/bulk/revokeEnrolAndEarn", Method: http.MethodPost, Path: "v2/promotion/bulk/revokeEnrolAndEarn",
		Version: caperrors.V2, Entity: "promotion", Envelope: EnvelopeV2Bulk,
		List: "customers", Items: "response", IDField: "identifierValue", KeyFields: []string{"identifierValue"},
		MaxItems: 100,
	}
	// PromotionDirectEarn has customers earn a promotion without enrolment. It
	// tells a refusal as a warning.
	PromotionDirectEarn = Endpoint{
		Name: "v2/promotion/bulk/directEarn", Method: http.MethodPost, Path: "v2/promotion/bulk/directEarn",
		Version: caperrors.V2, Entity: "promotion", Envelope: EnvelopeV2Bulk,
		List: "customers", Items: "response", IDField: "identifierValue", KeyFields: []string{"identifierValue"},
	}
	// PromotionRevokeDirectEarn takes that back.
	PromotionRevokeDirectEarn = Endpoint{
		Name: "v2/promotion/bulk/revokeDirectEarn", Method: http.MethodPost, Path: "v2/promotion/bulk/revokeDirectEarn",
		Version: caperrors.V2, Entity: "promotion", Envelope: EnvelopeV2Bulk,
		List: "customers", Items: "response", IDField: "identifierValue", KeyFields: []string{"identifierValue"},
	}
	// PartnerProgramLink links customers with partner programs. Each program has a
	// status.
	PartnerProgramLink = Endpoint{
		Name: "v2/partnerProgram/linkCustomer", Method: http.MethodPost, Path: "v2/partnerProgram/linkCustomer",
		Version: caperrors.V2, Entity: "partnerprogram", Envelope: EnvelopeV2Bulk,
		List: "linkCustomers", Items: "linkCustomers", Status: "customer.status", Parts: "linkToPartnerPrograms",
		PartStatus: "partnerLinkStatus", IDField: "customer.mobile",
		KeyFields: []string{"customer.mobile", "customer.email", "customer.externalId"},
	}
	// PartnerProgramUpdate changes the tier of a customer in partner programs.
	PartnerProgramUpdate = Endpoint{
		Name: "v2/partnerProgram/customerPartnerProgramUpdate", Method: http.MethodPost, Path: "v2/partnerProgram/customerPartnerProgramUpdate",
		Version: caperrors.V2, Entity: "partnerprogram", Envelope: EnvelopeV2Bulk,
		List: "customersPartnerUpdates", Items: "customersPartnerUpdates", Status: "customer.status",
		Parts: "partnerProgramUpdates", PartStatus: "updateStatus", IDField: "customer.mobile",
		KeyFields: []string{"customer.mobile", "customer.email", "customer.externalId"}, MaxItems: 1,
	}
	// PartnerProgramDelink takes customers out of partner programs. One page shows
	// the answer of the update.
	PartnerProgramDelink = Endpoint{
		Name: "v2/partnerProgram/deLinkCustomer", Method: http.MethodPost, Path: "v2/partnerProgram/deLinkCustomer",
		Version: caperrors.V2, Entity: "partnerprogram", Envelope: EnvelopeV2Bulk,
		List: "deLinkCustomers", Items: "deLinkCustomers|customersPartnerUpdates", Status: "customer.status",
		Parts: "deLinkFromPartnerPrograms|partnerProgramUpdates", PartStatus: "partnerDeLinkStatus|updateStatus",
		IDField: "customer.mobile", KeyFields: []string{"customer.mobile", "customer.email", "customer.externalId"},
	}
)
