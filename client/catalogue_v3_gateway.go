package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Tokens and targets of v3, and the gateway.
var (
	// TokenGenerate returns a token for a key and a secret. The client does it by
	// itself.
	TokenGenerate = Endpoint{
		Name: "v3/oauth/token/generate", Method: http.MethodPost, Path: "v3/oauth/token/generate",
		Version: caperrors.V3, Entity: "oauth", Envelope: EnvelopeV2Single,
	}
	// TargetGroupAdd adds a target group.
	TargetGroupAdd = Endpoint{
		Name: "v3/targetGroups", Method: http.MethodPost, Path: "v3/targetGroups",
		Version: caperrors.V3, Entity: "target", Envelope: EnvelopeV2Single,
	}
	// TargetGroups returns the target groups.
	TargetGroups = Endpoint{
		Name: "GET v3/targetGroups", Method: http.MethodGet, Path: "v3/targetGroups",
		Version: caperrors.V3, Entity: "target", Envelope: EnvelopeV2Single,
	}
	// TargetGroupDelete deletes a target group.
	TargetGroupDelete = Endpoint{
		Name: "DELETE v3/targetGroups/{id}", Method: http.MethodDelete, Path: "v3/targetGroups/{id}",
		Version: caperrors.V3, Entity: "target", Envelope: EnvelopeV2Single,
	}
	// TargetPeriods returns the periods of a target group.
	TargetPeriods = Endpoint{
		Name: "v3/targetGroups/{id}/targetPeriods", Method: http.MethodGet, Path: "v3/targetGroups/{id}/targetPeriods",
		Version: caperrors.V3, Entity: "target", Envelope: EnvelopeV2Single,
	}
	// TargetsAdd adds targets to a target group.
	TargetsAdd = Endpoint{
		Name: "v3/targetGroups/{id}/unifiedTargets", Method: http.MethodPost, Path: "v3/targetGroups/{id}/unifiedTargets",
		Version: caperrors.V3, Entity: "target", Envelope: EnvelopeV2Single,
	}
	// RewardsIssue issues rewards to one customer. Each needs a requestId of its
	// own to be safe to repeat.
	RewardsIssue = Endpoint{
		Name: "api_gateway/rewards/core/v1/user/rewards/issue", Method: http.MethodPost, Path: "api_gateway/rewards/core/v1/user/rewards/issue",
		Version: caperrors.Gateway, Entity: "reward", Envelope: EnvelopeV2Bulk,
		List: "rewards", Items: "rewards", Status: "status", RequestStatus: "status", EchoID: "rewardId",
		IDField: "rewardId",
	}
	// RewardVendorAdd adds a vendor of rewards.
	RewardVendorAdd = Endpoint{
		Name: "api_gateway/rewards/core/v1/vendor/create", Method: http.MethodPost, Path: "api_gateway/rewards/core/v1/vendor/create",
		Version: caperrors.Gateway, Entity: "reward", Envelope: EnvelopeV2Single,
		Status: "status",
	}
	// BadgesIssue issues a badge to customers.
	BadgesIssue = Endpoint{
		Name: "api_gateway/v1/badges/badgeMeta/customer/issueBulk", Method: http.MethodPost, Path: "api_gateway/v1/badges/badgeMeta/customer/issueBulk",
		Version: caperrors.Gateway, Entity: "badge", Envelope: EnvelopeV2Bulk,
		List: "customers", Items: "data.issuedBadges", EchoID: "customerId",
	}
	// BadgesRevoke takes a badge from customers.
	BadgesRevoke = Endpoint{
		Name: "api_gateway/v1/badges/badgeMeta/customer/revokeIssue", Method: http.MethodPost, Path: "api_gateway/v1/badges/badgeMeta/customer/revokeIssue",
		Version: caperrors.Gateway, Entity: "badge", Envelope: EnvelopeV2Bulk,
		List: "customers", Items: "data.revokedIssuedBadges", EchoID: "customerId",
	}
	// BadgesImport imports badges that customers earned elsewhere. The answer is
	// an array of envelopes.
	BadgesImport = Endpoint{
		Name: "PUT api_gateway/v1/badges/import/customerBadges", Method: http.MethodPut, Path: "api_gateway/v1/badges/import/customerBadges",
		Version: caperrors.Gateway, Entity: "badge", Envelope: EnvelopeV2Bulk,
		Items: "response", EchoID: "data.customerId", IDField: "customerId", KeyFields: []string{"customerId"},
	}
)
