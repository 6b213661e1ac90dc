package client_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	all := client.Catalogue()
	require.Len(t, all, 201)
	assert.True(t, slices.IsSortedFunc(all, func(a, b client.Endpoint) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}), "sorted, and no name twice")
	posts := make(map[string]bool)
	for _, ep := range all {
		posts[ep.Path] = posts[ep.Path] || ep.Method == http.MethodPost
	}
	seen := make(map[string]string)
	for _, ep := range all {
		require.NoError(t, ep.Validate(), ep.Name)
		found, ok := client.Lookup(ep.Name)
		require.True(t, ok, ep.Name)
		assert.Equal(t, ep, found)

		name := ep.Path
		if len(ep.Query) > 0 {
			name += "?" + ep.Query.Encode()
		}
		if ep.Method != http.MethodPost && (ep.Method != http.MethodGet || posts[ep.Path]) {
			name = ep.Method + " " + name
		}
		assert.Equal(t, name, ep.Name)
		call := ep.Method + " " + ep.Path + "?" + ep.Query.Encode()
		assert.Empty(t, seen[call], "%s is the same call", ep.Name)
		seen[call] = ep.Name

		assert.True(t, strings.HasPrefix(ep.Path, string(ep.Version)) || ep.Version == caperrors.Gateway && strings.HasPrefix(ep.Path, "api_gateway/"), ep.Name)
		assert.NotEmpty(t, ep.Entity, ep.Name)
		assert.Equal(t, ep.Version == caperrors.V1 && ep.Method == http.MethodPost && ep.Envelope == client.EnvelopeV1 && ep.Path != "v1.1/store/logs",
			ep.Root != "", ep.Name)
		if ep.Version != caperrors.V1 {
			assert.NotEqual(t, client.EnvelopeV1, ep.Envelope, ep.Name)
		}
		if ep.Envelope == client.EnvelopeV2Single {
			assert.Empty(t, ep.Items+ep.EchoID+ep.Parts+ep.Failed+ep.List, ep.Name)
		}
		if ep.EchoID != "" {
			assert.True(t, ep.IDField != "" || ep.List != "", "%s: nothing to compare the echo with", ep.Name)
		}
		assert.Equal(t, ep.Parts == "" || ep.Parts == "childEntities", ep.PartStatus == "", ep.Name) // children have errors
		assert.Equal(t, ep.Failed == "", ep.FailedID == "", ep.Name)
		assert.False(t, ep.Repeatable, "%s: nothing in the documents makes a write repeatable", ep.Name)
		assert.False(t, ep.Read && ep.Method == http.MethodGet, "%s: said twice", ep.Name)
		assert.Empty(t, ep.Wrapper, "%s: a wrapper is the caller's", ep.Name)
	}
	_, ok := client.Lookup("v2/nothing")
	assert.False(t, ok)
}

// The calls that the documents list as taking or answering several items. Left
// out are those whose paths they don't tell: members of the older user groups.
func TestCatalogueHasEveryCallOfSeveral(t *testing.T) {
	t.Parallel()
	const calls = `
		POST v1.1/customer/add
		POST v1.1/customer/update
		GET v1.1/customer/get
		GET v1.1/customer/search
		GET v1.1/customer/transactions
		GET v1.1/customer/redemptions
		GET v1.1/customer/recommendations
		GET v1.1/customer/interaction
		GET v1.1/customer/tickets
		POST v1.1/customer/referrals
		GET v1.1/customer/referrals
		POST v1.1/customer/preferences
		GET v1.1/customer/preferences
		POST v1.1/customer/subscriptions
		GET v1.1/customer/subscriptions
		POST v1.1/transaction/add
		POST v1.1/transaction/add_with_local_currency
		POST v1.1/transaction/update
		GET v1.1/transaction/get
		POST v1.1/coupon/issue
		POST v1.1/coupon/redeem
		GET v1.1/coupon/get
		GET v1.1/coupon/series
		POST v1.1/product/add
		POST v1.1/product/attributes
		GET v1.1/product/get
		GET v1.1/product/search
		GET v1.1/product/attributes
		GET v1.1/product/categories
		GET v1.1/product/brands
		GET v1.1/product/colors
		GET v1.1/product/sizes
		GET v1.1/product/meta_sizes
		POST v1.1/request/add
		POST v1.1/request/approve
		POST v1.1/request/reject
		GET v1.1/request/get
		GET v1.1/request/logs
		GET v1.1/organization/entities
		POST v1.1/task/add
		POST v1.1/task/update
		GET v1.1/task/get
		GET v1.1/task/metadata
		GET v1.1/task/log
		POST v1.1/task/statusmapping
		GET v1.1/task/reminder
		POST v1.1/task/reminder
		POST v1.1/communications/sendMessage
		POST v2/customers/bulk
		PUT v2/customers/bulk
		GET v2/customers/bulk
		POST v2/integrations/customer/upsert/bulk
		GET v2/customers/coupons
		POST v2/customers/bulk/manualCurrencyAllocate
		POST v2/organization/label
		POST v2/customers/{id}/changeLabels
		POST v2/transactions/bulk
		PUT v2/transactions/bulk
		GET v2/organization/rejectedTransactions
		PUT v2/organization/rejectedTransactions/markFailed
		POST v2/organization/rejectedTransactions/retrigger
		GET v2/coupon/series
		GET v2/coupon
		GET v2/coupon/is_redeemable
		POST v2/coupon/issue/multiple
		POST v2/coupon/bulk/issue
		POST v2/coupon/bulk/redeem
		POST v2/coupon/reactivate
		PUT v2/coupon/bulk/expiry
		POST v2/coupon/revoke
		POST v2/points/updateExpiry
		PUT v2/card/bulk
		POST v2/userGroup2/join
		POST v2/userGroup2/transfer
		PUT v2/userGroup2/members/permissions
		POST v2/fleetHierarchy
		POST v2/orgEntity/store/bulk
		PUT v2/orgEntity/store/bulk
		PUT v2/requests
		POST v2/promotion/bulk/enrolAndEarn
		POST v2/promotion/bulk/revokeEnrolAndEarn
		POST v2/promotion/bulk/directEarn
		POST v2/promotion/bulk/revokeDirectEarn
		POST v2/communications/sendMessage
		POST v2/communications/email
		POST v2/partnerProgram/linkCustomer
		POST v2/partnerProgram/customerPartnerProgramUpdate
		POST v2/partnerProgram/deLinkCustomer
		POST v2/survey/questions
		POST v2/survey/responses
		GET v3/targetGroups/{id}/targetPeriods
		POST v3/targetGroups/{id}/unifiedTargets`
	have := make(map[string]bool)
	for _, ep := range client.Catalogue() {
		have[ep.Method+" "+ep.Path] = true
	}
	for call := range strings.SplitSeq(strings.TrimSpace(calls), "\n") {
		assert.True(t, have[strings.TrimSpace(call)], call)
	}
}

func TestCatalogueOfWhatTheDocumentsName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		ep     client.Endpoint
		method string
		limit  int
	}{
		"v2/transactions/bulk":                     {client.TransactionsBulk, http.MethodPost, 0},
		"v2/transactions":                          {client.TransactionAdd, http.MethodPost, 0},
		"v2/transactions/getByBillNumber/{number}": {client.TransactionByNumber, http.MethodGet, 0},
		"v2/customers":                             {client.CustomerAdd, http.MethodPost, 0},
		"v2/integrations/customer/upsert/bulk":     {client.CustomersUpsertBulk, http.MethodPost, 0},
		"v1.1/transaction/add":                     {client.V1TransactionAdd, http.MethodPost, 0},
		"v1.1/customer/add":                        {client.V1CustomerAdd, http.MethodPost, 0},
		"v1.1/customer/get":                        {client.V1CustomerGet, http.MethodGet, 0},
		"PUT v2/card/bulk":                         {client.CardsUpdateBulk, http.MethodPut, 200},
		"PUT v2/requests":                          {client.RequestsUpdate, http.MethodPut, 10},
	} {
		ep, ok := client.Lookup(name)
		require.True(t, ok, name)
		assert.Equal(t, want.ep, ep)
		assert.Equal(t, want.method, ep.Method)
		assert.Equal(t, want.limit, ep.MaxItems)
	}
}
