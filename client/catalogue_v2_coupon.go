package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Coupons and points of v2.
var (
	// CouponIssue issues one coupon.
	CouponIssue = Endpoint{
		Name: "v2/coupon/issue", Method: http.MethodPost, Path: "v2/coupon/issue",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
	}
	// CouponIssueMultiple issues coupons of one series to one customer, as many as
	// count says. One error stands for all that were not issued.
	CouponIssueMultiple = Endpoint{
		Name: "v2/coupon/issue/multiple", Method: http.MethodPost, Path: "v2/coupon/issue/multiple",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Lists,
		CountField: "count", Items: "coupons", MaxItems: 500, Oversize: []caperrors.Code{677},
	}
	// CouponIssueBulk issues one coupon of each series to one customer.
	CouponIssueBulk = Endpoint{
		Name: "v2/coupon/bulk/issue", Method: http.MethodPost, Path: "v2/coupon/bulk/issue",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Bulk,
		List: "seriesIds", Items: "response", EchoID: "entityId",
	}
	// CouponRedeem redeems a coupon.
	CouponRedeem = Endpoint{
		Name: "v2/coupon/redeem", Method: http.MethodPost, Path: "v2/coupon/redeem",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
		Status: "redemptionStatus",
	}
	// CouponRedeemBulk redeems coupons of one customer for one bill: all or none.
	CouponRedeemBulk = Endpoint{
		Name: "v2/coupon/bulk/redeem", Method: http.MethodPost, Path: "v2/coupon/bulk/redeem",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Bulk,
		List: "redemptionRequestList", Items: "response", Status: "result.redemptionStatus", EchoID: "result.code",
		IDField: "code", MaxItems: 100, Oversize: []caperrors.Code{629}, AllOrNothing: true,
	}
	// CouponRedemptionUpdate changes what is kept of redemptions.
	CouponRedemptionUpdate = Endpoint{
		Name: "PUT v2/coupon/redeem", Method: http.MethodPut, Path: "v2/coupon/redeem",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Bulk,
		List: "redemptions", Items: "entity.redemptions", Status: "redemptionStatus", RequestStatus: "entity.status",
		EchoID: "redemptionId", IDField: "redemptionId", KeyFields: []string{"redemptionId"},
	}
	// CouponIsRedeemable tells whether coupons can be redeemed together.
	CouponIsRedeemable = Endpoint{
		Name: "v2/coupon/is_redeemable", Method: http.MethodGet, Path: "v2/coupon/is_redeemable",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
		Status: "redemptionStatus",
	}
	// CouponReactivate makes redeemed coupons valid again.
	CouponReactivate = Endpoint{
		Name: "v2/coupon/reactivate", Method: http.MethodPost, Path: "v2/coupon/reactivate",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
	}
	// CouponExpiryUpdate changes when coupons of a series and a customer expire.
	// Only failures are listed.
	CouponExpiryUpdate = Endpoint{
		Name: "PUT v2/coupon/bulk/expiry", Method: http.MethodPut, Path: "v2/coupon/bulk/expiry",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Lists,
		List: "couponCodes", Failed: "entity.unprocessedCoupons", FailedID: "couponCode", IDField: "couponCode",
		KeyFields: []string{"couponCode"},
	}
	// CouponRevoke revokes coupons of a series, by their codes or of a customer.
	CouponRevoke = Endpoint{
		Name: "v2/coupon/revoke", Method: http.MethodPost, Path: "v2/coupon/revoke",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Lists,
		List: "couponCodes", Items: "entity.revokedCoupons", Failed: "entity.failedToRevoke", FailedID: "couponCodes",
		EchoID: "couponCode", MaxItems: 50,
	}
	// CouponGet returns coupons by their codes.
	CouponGet = Endpoint{
		Name: "v2/coupon", Method: http.MethodGet, Path: "v2/coupon",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
	}
	// CouponSeriesAdd adds a coupon series.
	CouponSeriesAdd = Endpoint{
		Name: "v2/coupon/series", Method: http.MethodPost, Path: "v2/coupon/series",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
	}
	// CouponSeriesUpdate changes a coupon series.
	CouponSeriesUpdate = Endpoint{
		Name: "PUT v2/coupon/series/{id}", Method: http.MethodPut, Path: "v2/coupon/series/{id}",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
	}
	// CouponSeries returns coupon series.
	CouponSeries = Endpoint{
		Name: "GET v2/coupon/series", Method: http.MethodGet, Path: "v2/coupon/series",
		Version: caperrors.V2, Entity: "coupon", Envelope: EnvelopeV2Single,
	}
	// CurrencyAllocateBulk gives points or other currencies to customers.
	CurrencyAllocateBulk = Endpoint{
		Name: "v2/customers/bulk/manualCurrencyAllocate", Method: http.MethodPost, Path: "v2/customers/bulk/manualCurrencyAllocate",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Bulk,
		Items: "data", Status: "status", IDField: "eventSourceId", KeyFields: []string{"lookupParams.identifierValue"},
		MaxItems: 10,
	}
	// PointsAdjust takes points or another currency from a customer, whom the
	// query names.
	PointsAdjust = Endpoint{
		Name: "v2/customers/lookup/negativePointsAdjustment", Method: http.MethodPost, Path: "v2/customers/lookup/negativePointsAdjustment",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
		Status: "status",
	}
	// PointsIsTransferable tells whether points can be transferred.
	PointsIsTransferable = Endpoint{
		Name: "v2/points/isTransferrable", Method: http.MethodPost, Path: "v2/points/isTransferrable",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
		Read: true,
	}
	// PointsTransfer transfers points.
	PointsTransfer = Endpoint{
		Name: "v2/points/transfer", Method: http.MethodPost, Path: "v2/points/transfer",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
	}
	// PointsGroupIsTransferable tells whether points can be transferred to or from
	// a user group.
	PointsGroupIsTransferable = Endpoint{
		Name: "v2/points/userGroup2/isTransferrable", Method: http.MethodPost, Path: "v2/points/userGroup2/isTransferrable",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
		Read: true,
	}
	// PointsGroupTransfer transfers points to or from a user group.
	PointsGroupTransfer = Endpoint{
		Name: "v2/points/userGroup2/transfer", Method: http.MethodPost, Path: "v2/points/userGroup2/transfer",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
	}
	// PointsReverse takes back a redemption of points.
	PointsReverse = Endpoint{
		Name: "v2/points/reverse", Method: http.MethodPost, Path: "v2/points/reverse",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
	}
	// PointsRedemptionUpdate changes what is kept of a redemption.
	PointsRedemptionUpdate = Endpoint{
		Name: "v2/points/updateRedemption", Method: http.MethodPost, Path: "v2/points/updateRedemption",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
	}
	// PointsRedemptionUpdatePut is the same under the method that one page shows.
	PointsRedemptionUpdatePut = Endpoint{
		Name: "PUT v2/points/updateRedemption", Method: http.MethodPut, Path: "v2/points/updateRedemption",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Single,
	}
	// PointsExpiryUpdate changes when points expire.
	PointsExpiryUpdate = Endpoint{
		Name: "v2/points/updateExpiry", Method: http.MethodPost, Path: "v2/points/updateExpiry",
		Version: caperrors.V2, Entity: "points", Envelope: EnvelopeV2Lists,
		List: "expiryDateUpdateRequest", Items: "currencyExpiryUpdateResponse", Failed: "failures",
		FailedID: "pointsAwardedRefId", EchoID: "pointsExpiryUpdateLogs.paId", IDField: "pointsAwardedRefId",
		KeyFields: []string{"identifierValue"},
	}
	// PointsLedgerBalance returns the balances of a customer, page by page.
	PointsLedgerBalance = Endpoint{
		Name: "v2/pointsLedger/getCustomerLedgerBalance", Method: http.MethodGet, Path: "v2/pointsLedger/getCustomerLedgerBalance",
		Version: caperrors.V2, Entity: "points-ledger", Envelope: EnvelopeV2Single,
	}
)
