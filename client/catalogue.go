package client

import (
	"cmp"
	"slices"
)

// The catalogue holds one variable for each call of the API that takes or
// answers several items, and for the single calls that go with them. An
// endpoint's name is its path, with the method before it unless that is POST
// or the path's only one. Don't change the variables: copy one into your own.
// A missing MaxItems means that no limit is documented. Reads by several
// identifiers take them comma-separated in the query.

// v1Customer are the identifiers by which v1.1 names a customer, best first.
var v1Customer = []string{"customer.mobile", "customer.email", "customer.external_id", "customer.user_id", "customer.id"}

// v1Identifiers are the same where the item is the customer.
var v1Identifiers = []string{"mobile", "email", "external_id", "user_id", "id"}

// Catalogue returns all endpoints of this package, sorted by name.
func Catalogue() []Endpoint {
	all := []Endpoint{
		V1CustomerAdd, V1CustomerUpdate, V1CustomerUpdateIdentity, V1CustomerGet, V1CustomerSearch,
		V1CustomerTransactions, V1CustomerRedemptions, V1CustomerCoupons, V1CustomerNoteAdd, V1CustomerNotes,
		V1CustomerRecommendations, V1CustomerInteractions, V1CustomerTicketAdd, V1CustomerTickets, V1CustomerRefer,
		V1CustomerReferrals, V1CustomerPreferencesUpdate, V1CustomerPreferences, V1SubscriptionsUpdate,
		V1Subscriptions,
		V1TransactionAdd, V1TransactionAddLocalCurrency, V1TransactionUpdate, V1TransactionGet, V1CouponIssue,
		V1CouponRedeem, V1CouponResend, V1CouponGet, V1CouponIsRedeemable, V1CouponSeries, V1PointsIsRedeemable,
		V1PointsValidationCode, V1PointsRedeem, V1WalletAuthorize, V1WalletPayment,
		V1ProductAdd, V1ProductAttributesAdd, V1ProductGet, V1ProductSearch, V1ProductAttributes,
		V1ProductCategories, V1ProductBrands, V1ProductColors, V1ProductSizes, V1ProductMetaSizes, V1RequestAdd,
		V1RequestApprove, V1RequestReject, V1RequestGet, V1RequestLogs, V1TaskAdd, V1TaskUpdate, V1TaskGet,
		V1TaskMetadata, V1TaskLog, V1TaskStatusMappingUpdate, V1TaskStatusMapping, V1TaskReminderAdd,
		V1TaskReminders, V1SMSSend, V1SMSGet, V1EmailSend, V1EmailGet, V1MessageSend, V1OrganizationGet,
		V1OrganizationConfigs, V1OrganizationStatistics, V1OrganizationTopItems, V1OrganizationCustomFields,
		V1OrganizationTenders, V1OrganizationEntities, V1StoreGet, V1StoreStaff, V1StoreTasks, V1StoreLogin,
		V1StoreConfigurations, V1StoreReports, V1StoreReportAdd, V1StoreLogs,
		CustomersUpsertBulk, CustomersAssociate, CustomersAssociateUpdate, CustomersBulkGet, CustomersByIDs,
		CustomerAdd, CustomerUpdate, CustomerByID, CustomerSearch, CustomerChangeIdentifier,
		CustomerChangeIdentifierPut, CustomerSubscriptionsUpdate, CustomerSubscriptions, CustomerLoyaltyDetails,
		CustomerPointsBalance, CustomerTierDetails, CustomerCoupons, CustomerTransactions, CustomerTrackers,
		CustomersCoupons, CustomerReferralsAdd, CustomerReferrals, CustomerLookup, CustomerLookupDetails,
		CustomerLookupUpdate, CustomerStatusUpdate, CustomerPromotionSummary, LabelsAdd, Labels, CustomerLabels,
		CustomerLabelsChange, LeadAdd,
		TransactionsBulk, TransactionsUpdateBulk, TransactionAdd, TransactionUpdate, TransactionRetro,
		TransactionByID, TransactionByNumber, RejectedTransactions, RejectedTransactionsMarkFailed,
		RejectedTransactionsRetrigger, RejectedTransactionsStatus, RequestAdd, RequestsUpdate, Requests,
		CardsUpdateBulk, CardAdd, CardUpdate, CardGet, CardGenerate, CardSeriesAdd,
		CouponIssue, CouponIssueMultiple, CouponIssueBulk, CouponRedeem, CouponRedeemBulk, CouponRedemptionUpdate,
		CouponIsRedeemable, CouponReactivate, CouponExpiryUpdate, CouponRevoke, CouponGet, CouponSeriesAdd,
		CouponSeriesUpdate, CouponSeries, CurrencyAllocateBulk, PointsAdjust, PointsIsTransferable, PointsTransfer,
		PointsGroupIsTransferable, PointsGroupTransfer, PointsReverse, PointsRedemptionUpdate,
		PointsRedemptionUpdatePut, PointsExpiryUpdate, PointsLedgerBalance,
		GroupAdd, GroupUpdate, GroupGet, GroupDelete, GroupJoin, GroupTransfer, GroupPermissions, GroupLeave,
		GroupMembers, PromotionIssue, PromotionEnrolAndEarn, PromotionRevokeEnrolAndEarn, PromotionDirectEarn,
		PromotionRevokeDirectEarn, PartnerProgramLink, PartnerProgramUpdate, PartnerProgramDelink,
		StoresAddBulk, StoresUpdateBulk, StoreAdd, TillAdd, AssociateAdd, SMSSend, EmailsSend, EmailSend,
		MessageResend, OTPGenerate, OTPValidate, SurveyQuestionsAdd, SurveyResponsesAdd, EventAdd,
		FleetHierarchyAdd, OrgConfigsUpdate, CurrencyRatioAdd,
		TokenGenerate, TargetGroupAdd, TargetGroups, TargetGroupDelete, TargetPeriods, TargetsAdd, RewardsIssue,
		RewardVendorAdd, BadgesIssue, BadgesRevoke, BadgesImport,
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
