package client

import (
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Transactions, coupons, points and wallets of v1.1.
var (
	// V1TransactionAdd adds transactions of any customers: sales, returns, not
	// interested ones.
	V1TransactionAdd = Endpoint{
		Name: "v1.1/transaction/add", Method: http.MethodPost, Path: "v1.1/transaction/add",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1,
		Root: "transaction", Items: "transactions.transaction", EchoID: "number", IDField: "number", KeyFields: v1Customer,
		Oversize: []caperrors.Code{672}, Rates: Rates{Singapore: 1500, NorthVirginia: 1500, Ireland: 700},
	}
	// V1TransactionAddLocalCurrency adds transactions in a local currency.
	V1TransactionAddLocalCurrency = Endpoint{
		Name: "v1.1/transaction/add_with_local_currency", Method: http.MethodPost, Path: "v1.1/transaction/add_with_local_currency",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1,
		Root: "transaction", Items: "transactions.transaction", EchoID: "number", IDField: "number", KeyFields: v1Customer,
		Oversize: []caperrors.Code{672},
	}
	// V1TransactionUpdate changes transactions, retro conversion included.
	V1TransactionUpdate = Endpoint{
		Name: "v1.1/transaction/update", Method: http.MethodPost, Path: "v1.1/transaction/update",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1,
		Root: "transaction", Items: "transactions.transaction", IDField: "id", KeyFields: v1Customer,
		Oversize: []caperrors.Code{672}, Rates: Rates{Singapore: 500, NorthVirginia: 100, Ireland: 100},
	}
	// V1TransactionGet returns transactions by their ids or numbers.
	V1TransactionGet = Endpoint{
		Name: "v1.1/transaction/get", Method: http.MethodGet, Path: "v1.1/transaction/get",
		Version: caperrors.V1, Entity: "transaction", Envelope: EnvelopeV1,
		Items: "transactions.transaction",
	}
	// V1CouponIssue issues coupons to customers.
	V1CouponIssue = Endpoint{
		Name: "v1.1/coupon/issue", Method: http.MethodPost, Path: "v1.1/coupon/issue",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1,
		Root: "coupon", Items: "coupon", KeyFields: v1Customer,
	}
	// V1CouponRedeem redeems a coupon. The documents list it as a call for one,
	// and show an array.
	V1CouponRedeem = Endpoint{
		Name: "v1.1/coupon/redeem", Method: http.MethodPost, Path: "v1.1/coupon/redeem",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1,
		Root: "coupon", Items: "coupons.coupon", EchoID: "code", IDField: "code", KeyFields: v1Customer, MaxItems: 1,
	}
	// V1CouponResend sends a coupon to its customer again. It is a GET that does
	// something, but harmless to repeat.
	V1CouponResend = Endpoint{
		Name: "v1.1/coupon/resend", Method: http.MethodGet, Path: "v1.1/coupon/resend",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1,
		Items: "coupons.coupon",
	}
	// V1CouponGet returns coupons by their ids or codes.
	V1CouponGet = Endpoint{
		Name: "v1.1/coupon/get", Method: http.MethodGet, Path: "v1.1/coupon/get",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1,
		Items: "coupons.coupon",
	}
	// V1CouponIsRedeemable tells whether a coupon can be redeemed.
	V1CouponIsRedeemable = Endpoint{
		Name: "v1.1/coupon/isredeemable", Method: http.MethodGet, Path: "v1.1/coupon/isredeemable",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1,
		Items: "coupons.redeemable",
	}
	// V1CouponSeries returns coupon series.
	V1CouponSeries = Endpoint{
		Name: "v1.1/coupon/series", Method: http.MethodGet, Path: "v1.1/coupon/series",
		Version: caperrors.V1, Entity: "coupon", Envelope: EnvelopeV1,
		Items: "series.items.item",
	}
	// V1PointsIsRedeemable tells whether points can be redeemed. An older form of
	// the answer has a second envelope inside.
	V1PointsIsRedeemable = Endpoint{
		Name: "v1.1/points/isredeemable", Method: http.MethodGet, Path: "v1.1/points/isredeemable",
		Version: caperrors.V1, Entity: "points", Envelope: EnvelopeV1,
		Items: "responses.points|points.redeemable", Parts: "response.points.redeemable", PartStatus: "item_status",
	}
	// V1PointsValidationCode has a validation code for a redemption sent to the
	// customer. It is a GET that does something.
	V1PointsValidationCode = Endpoint{
		Name: "v1.1/points/validationcode", Method: http.MethodGet, Path: "v1.1/points/validationcode",
		Version: caperrors.V1, Entity: "points", Envelope: EnvelopeV1,
		Items: "validation_code.code",
	}
	// V1PointsRedeem redeems points. The documents list it as a call for one, and
	// show an array.
	V1PointsRedeem = Endpoint{
		Name: "v1.1/points/redeem", Method: http.MethodPost, Path: "v1.1/points/redeem",
		Version: caperrors.V1, Entity: "points", Envelope: EnvelopeV1,
		Root: "redeem", Items: "responses.points", IDField: "external_reference_number", KeyFields: v1Customer, MaxItems: 1,
	}
	// V1WalletAuthorize authorises a payment from a wallet. Its answer has no
	// envelope.
	V1WalletAuthorize = Endpoint{
		Name: "v1.1/wallet/payment/authorize", Method: http.MethodPost, Path: "v1.1/wallet/payment/authorize",
		Version: caperrors.V1, Entity: "wallet", Envelope: EnvelopeV2Single,
	}
	// V1WalletPayment pays from a wallet. Its answer has no envelope.
	V1WalletPayment = Endpoint{
		Name: "v1.1/wallet/payment", Method: http.MethodPost, Path: "v1.1/wallet/payment",
		Version: caperrors.V1, Entity: "wallet", Envelope: EnvelopeV2Single,
	}
)
