package wire_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// family is a fixture with the call that it answers, and what reading it gives.
type family struct {
	file  string
	call  wire.Call
	ids   string // of the items sent, divided by blanks
	want  []string
	code  int // of the request
	marks int // entries of Reply.Diagnostics
}

func families() map[string]family {
	v1 := func(entity, items string, count int) wire.Call {
		return wire.Call{Version: caperrors.V1, Entity: entity, Dialect: wire.V1JSON, Items: items, Count: count}
	}
	with := func(c wire.Call, change func(*wire.Call)) wire.Call {
		change(&c)
		return c
	}
	bulk := func(entity, items, status string, count int) wire.Call {
		return wire.Call{Version: caperrors.V2, Entity: entity, Dialect: wire.V2Bulk, Items: items, Status: status, Count: count}
	}
	lists := func(entity, done, echo, failed, id string, count int) wire.Call {
		return wire.Call{
			Version: caperrors.V2, Entity: entity, Dialect: wire.V2Lists, Items: done, EchoID: echo, Failed: failed, FailedID: id, Count: count,
		}
	}
	one := func(version caperrors.Version, entity, status string) wire.Call {
		return wire.Call{Version: version, Entity: entity, Dialect: wire.V2Single, Status: status, Count: 1}
	}
	noStatus := func(c *wire.Call) { c.Status = wire.NoStatus }
	open := func(c *wire.Call) { c.Open = true }
	gateway := func(c *wire.Call) { c.Version = caperrors.Gateway }
	referrals := with(v1("referral", "customers.customer", 5), func(c *wire.Call) {
		c.Parts, c.PartStatus = "referrals.referral_type.referral", "status"
	})
	partners := with(bulk("partnerprogram", "linkCustomers", "customer.status", 4), func(c *wire.Call) {
		c.Parts, c.PartStatus, c.EchoID = "linkToPartnerPrograms|other", "other|partnerLinkStatus", "customer.mobile"
	})
	revoke := lists("coupon", "entity.revokedCoupons", "couponCode", "entity.failedToRevoke", "couponCodes", 4)
	expiry := lists("coupon", "", "", "entity.unprocessedCoupons", "couponCode", 3)
	rewards := with(bulk("reward", "rewards", "status", 3), func(c *wire.Call) { c.RequestStatus = "status"; gateway(c) })
	messages := with(bulk("communication", "emailList|smsList", "", 3), func(c *wire.Call) { c.RequestStatus = "status" })
	return map[string]family{
		"v1.1: one item below a singular name": {file: "v1/singular-container.json", call: v1("coupon", "coupon", 1), code: 200, want: []string{"applied 700 success"}},
		"v1.1: items deep below series":        {file: "v1/deep-items.json", call: with(v1("coupon", "series.items.item", 0), open), code: 200, want: []string{"applied 700 success", "refused 707 not-found"}, marks: 1},
		"v1.1: an envelope inside the item, whose verdict is the last word": {
			file: "v1/nested-envelope.json", code: 200, marks: 1,
			call: with(v1("points", "responses.points|points.redeemable", 1), func(c *wire.Call) {
				c.Parts, c.PartStatus = "response.points.redeemable", "item_status"
			}),
			want: []string{"refused 886 transient w886 ?"},
		},
		"v1.1: the status stands on the parent of what was read":     {file: "v1/status-on-parent.json", call: with(v1("customer", "customer|customers.customer", 0), open), code: 200, want: []string{"applied 1052 success"}},
		"v1.1: the status stands on the container":                   {file: "v1/status-on-container.json", call: with(v1("request", "requests", 0), open), code: 200, want: []string{"applied 9000 success"}},
		"v1.1: no status at all, items below several names":          {file: "v1/no-status-at-all.json", call: with(v1("request", "requests.request|requests.goodwill|requests.change_identifier", 2), noStatus), want: []string{"applied 0 success ?", "applied 0 success ?"}},
		"v1.1: a flat status and nothing else":                       {file: "v1/flat-success.json", call: with(v1("store", "", 1), noStatus), code: 200, want: []string{"applied 0 success"}},
		"v1.1: an object called code":                                {file: "v1/object-named-code.json", call: v1("points", "validation_code.code", 1), code: 200, want: []string{"applied 200 success"}},
		"v1.1: an array called status":                               {file: "v1/array-named-status.json", call: v1("task", "tasks.task_statuses.status", 2), code: 200, want: []string{"applied 200 success", "refused 500 partial"}, marks: 1},
		"v1.1: a status for each invitation":                         {file: "v1/referrals.json", call: referrals, code: 200, want: []string{"applied 1000 success", "applied 1000 partial w1701 ?", "refused 1701 unrecognised w1701 ?", "applied 1000 success", "refused 1012 unrecognised w1701"}, marks: 1},
		"v2: a list below the name of the operation":                 {file: "v2bulk/operation-key.json", call: partners, ids: "1 2 3 4", want: []string{"applied 1000 success", "applied 1000 partial w2006 ?", "refused 2010 transient w2010 ?", "refused 8015 unrecognised"}},
		"v2: an array as the whole answer, with children":            {file: "v2bulk/children.json", call: with(bulk("customer", "response", "", 3), func(c *wire.Call) { c.Parts = "childEntities" }), want: []string{"applied 0 success w8056 w19223", "applied 0 partial w8015 ?", "duplicate 8006 duplicate"}},
		"v2: entities with a success flag":                           {file: "v2bulk/entities.json", call: with(bulk("customer", "data|entity.customers", "", 0), open), want: []string{"applied 0 success", "refused 8015 not-found"}},
		"v2: entities in the older form":                             {file: "v2bulk/entities-older.json", call: with(bulk("customer", "data|entity.customers", "", 0), open), want: []string{"applied 0 success", "applied 0 success"}},
		"v2: a redemption status on each item, and one above":        {file: "v2bulk/redemptions.json", call: with(bulk("coupon", "entity.redemptions", "redemptionStatus", 2), func(c *wire.Call) { c.RequestStatus = "entity.status" }), code: 762, want: []string{"applied 761 success", "refused 510 invalid"}, marks: 1},
		"v2: a status that is a word, success as a counter":          {file: "v2bulk/words.json", call: bulk("points", "data", "status", 3), want: []string{"applied 0 success", "refused 0 unrecognised", "refused 8015 not-found ?"}},
		"v2: messages below a status with counters":                  {file: "v2bulk/messages.json", call: messages, code: 201, want: []string{"applied 0 success", "refused 4223 not-found", "applied 0 success w4321"}},
		"v2: errors that are not this call's":                        {file: "v2bulk/waiting.json", call: with(bulk("transaction", "data", wire.NoStatus, 0), open), want: []string{"applied 0 success", "applied 0 success"}},
		"gateway: rewards with a status each, true above all failed": {file: "v2bulk/rewards.json", call: rewards, code: 200, want: []string{"applied 200 success", "unknown 8010 partial", "refused 8003 refused"}, marks: 1},
		"gateway: badges in another order, an error in the singular": {file: "v2bulk/badges.json", call: with(bulk("badge", "data.issuedBadges", "", 3), func(c *wire.Call) { c.EchoID = "customerId"; gateway(c) }), ids: "1 2 3", want: []string{"refused 404 invalid", "applied 0 success", "refused 0 unrecognised"}, marks: 1},
		"gateway: an array of envelopes":                             {file: "v2bulk/envelopes.json", call: with(bulk("badge", "response", "", 2), gateway), want: []string{"applied 0 success", "refused 714 refused"}},
		"v2 lists: failures grouped by code":                         {file: "v2lists/revoked.json", call: revoke, ids: "D A B C", want: []string{"duplicate 711 duplicate", "applied 0 success", "refused 682 not-found", "refused 682 not-found"}, marks: 1},
		"v2 lists: one that was not sent, one that is not answered":  {file: "v2lists/revoked.json", call: revoke, ids: "A B C X", want: []string{"applied 0 success", "refused 682 not-found", "refused 682 not-found", "unknown 0 success ?"}, marks: 2},
		"v2 lists: a mixed answer without ids sent":                  {file: "v2lists/revoked.json", call: revoke, want: []string{"unknown 0 success ?", "unknown 0 success ?", "unknown 0 success ?", "unknown 0 success ?"}, marks: 2},
		"v2 lists: all failed under success, without ids sent":       {file: "v2lists/all-failed.json", call: with(revoke, func(c *wire.Call) { c.Count = 3 }), want: []string{"refused 682 not-found", "refused 682 not-found", "refused 682 not-found"}, marks: 1},
		"v2 lists: as many as the answer has":                        {file: "v2lists/revoked.json", call: with(revoke, open), want: []string{"applied 0 success", "refused 682 not-found", "refused 682 not-found", "duplicate 711 duplicate"}, marks: 1},
		"v2 lists: failures alone are listed":                        {file: "v2lists/unprocessed.json", call: expiry, ids: "A B C", want: []string{"applied 0 success", "refused 633 invalid", "applied 0 success"}, marks: 1},
		"v2 lists: failures alone, of another item":                  {file: "v2lists/unprocessed.json", call: expiry, ids: "A X C", want: []string{"unknown 0 success ?", "unknown 0 success ?", "unknown 0 success ?"}, marks: 2},
		"v2 lists: failures alone, another number sent":              {file: "v2lists/unprocessed.json", call: with(expiry, func(c *wire.Call) { c.Count = 4 }), ids: "A B C D", want: []string{"unknown 0 success ?", "refused 633 invalid", "unknown 0 success ?", "unknown 0 success ?"}, marks: 2},
		"v2 lists: one error for all that is missing":                {file: "v2lists/missing.json", call: lists("coupon", "coupons", "", "", "", 4), want: []string{"applied 0 success w4321", "applied 0 success w4321", "refused 5004 refused", "refused 5004 refused"}},
		"v2 lists: both lists at the top":                            {file: "v2lists/failures.json", call: lists("points", "currencyExpiryUpdateResponse", "pointsExpiryUpdateLogs.paId", "failures", "pointsAwardedRefId", 2), ids: "502 501", want: []string{"refused 8015 not-found", "applied 0 success"}},
		"v2: one thing whose status is a word":                       {file: "v2single/word.json", call: one(caperrors.V2, "points", "status"), want: []string{"applied 0 success"}},
		"v2: one thing that was taken into a queue":                  {file: "v2single/accepted.json", call: one(caperrors.V2, "event", "status"), want: []string{"applied 1100 queued"}},
		"gateway: one thing with a success code of its own":          {file: "v2single/made.json", call: one(caperrors.Gateway, "reward", "status"), want: []string{"applied 5002 success"}},
		"v2: one thing, the status of its redemption":                {file: "v2single/redeemable.json", call: one(caperrors.V2, "coupon", "redemptionStatus"), want: []string{"applied 700 success"}},
		"v3: errors that are null":                                   {file: "v2single/null-errors.json", call: one(caperrors.V3, "oauth", ""), want: []string{"applied 0 success"}},
		"v1.1: no envelope":                                          {file: "v2single/no-envelope.json", call: one(caperrors.V1, "wallet", ""), want: []string{"applied 0 success"}},
	}
}

func TestReadFamilies(t *testing.T) {
	t.Parallel()
	for name, tt := range families() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tt.call
			c.IDs = strings.Fields(tt.ids)
			body := string(fixture(t, tt.file))
			reply := read(t, c, 200, body)
			require.Nil(t, reply.Refusal)
			assert.Equal(t, tt.want, summaries(reply.Verdicts))
			assert.Equal(t, tt.code, int(reply.Code))
			assert.Len(t, reply.Diagnostics, tt.marks, "%q", reply.Diagnostics)
			assert.Equal(t, strings.TrimSpace(body), string(reply.Raw))
			for _, v := range reply.Verdicts {
				assert.Equal(t, "req-1", v.RequestID)
			}
		})
	}
}

// Cut at any byte, no family's answer passes for one.
func TestReadFamiliesNeverTrustACutBody(t *testing.T) {
	t.Parallel()
	for name, tt := range families() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := strings.TrimSpace(string(fixture(t, tt.file)))
			for end := range len(body) {
				_, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(body[:end])}, tt.call)
				var decode *caperrors.DecodeError
				require.ErrorAs(t, err, &decode, "cut at %d", end)
			}
			_, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(body + "]")}, tt.call)
			require.Error(t, err)
			_, err = wire.Read(wire.HTTP{Status: 200, Body: []byte("\xEF\xBB\xBF" + body)}, tt.call)
			require.NoError(t, err)
		})
	}
}

// Every fixture of a family is read by a test.
func TestFixturesAreUsed(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, f := range families() {
		used[f.file] = true
	}
	files, err := filepath.Glob("testdata/v2lists/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		_, err = os.Stat(file)
		require.NoError(t, err)
		assert.True(t, used["v2lists/"+filepath.Base(file)], file)
	}
}

func TestReadFamiliesRefused(t *testing.T) {
	t.Parallel()
	all := families()
	tests := map[string]struct {
		family string
		body   string
		code   caperrors.Code
		kind   caperrors.Kind
	}{
		"rewards: a repeated request id":         {"gateway: rewards with a status each, true above all failed", `{"status":{"success":false,"code":10003,"message":"other payload"}}`, 10003, caperrors.ErrConflict},
		"rewards: nothing issued":                {"gateway: rewards with a status each, true above all failed", `{"status":{"success":false,"code":8004},"rewards":null}`, 8004, caperrors.ErrRefused},
		"messages: not now":                      {"v2: messages below a status with counters", `{"status":{"code":503,"success":false},"smsList":null}`, 503, caperrors.ErrTransient},
		"coupons: none issued":                   {"v2 lists: one error for all that is missing", `{"errors":[{"code":707,"message":"no series"}]}`, 707, caperrors.ErrInvalid},
		"coupons: more than a call may issue":    {"v2 lists: one error for all that is missing", `{"errors":[{"code":677,"message":"1 to 500"}]}`, 677, caperrors.ErrOversize},
		"lists: the series is gone":              {"v2 lists: failures grouped by code", `{"warnings":[],"errors":[{"code":712,"message":"expired"}],"success":false}`, 712, caperrors.ErrRefused},
		"lists: a status in the form of v1.1":    {"v2 lists: failures grouped by code", `{"response":{"status":{"success":"true","code":498}}}`, 498, caperrors.ErrUnauthenticated},
		"badges: nothing named":                  {"gateway: badges in another order, an error in the singular", `{"data":null,"errors":[{"code":1051,"reference":null}],"warnings":null}`, 1051, caperrors.ErrInvalid},
		"one thing: its status is the request's": {"gateway: one thing with a success code of its own", string(fixture(t, "v2single/busy-status.json")), 503, caperrors.ErrTransient},
		"no items: a code of the entity":         {"v1.1: a flat status and nothing else", `{"response":{"success":"false","code":"906"}}`, 906, caperrors.ErrTransient},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, ok := all[tt.family]
			require.True(t, ok)
			reply := read(t, f.call, 200, tt.body)
			require.NotNil(t, reply.Refusal)
			assert.Nil(t, reply.Verdicts)
			assert.Equal(t, tt.code, reply.Refusal.Code)
			assert.Equal(t, tt.kind, reply.Refusal.Kind)
		})
	}
}
