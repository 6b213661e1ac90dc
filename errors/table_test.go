package errors_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

const (
	itemList    = "item-codes.tsv"
	requestList = "request-codes.tsv"
)

// readList returns the lines of a list as maps from field to value.
func readList(t *testing.T, name string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("codes", name))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	header := strings.Split(lines[0], "\t")
	list := make([]map[string]string, 0, len(lines))
	for _, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		require.Len(t, fields, len(header), line)
		entry := make(map[string]string, len(header))
		for i, field := range fields {
			entry[header[i]] = field
		}
		list = append(list, entry)
	}
	return list
}

func code(t *testing.T, text string) caperrors.Code {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return caperrors.Code(n)
}

func item(version caperrors.Version, entity string) caperrors.Scope {
	return caperrors.Scope{Version: version, Entity: entity, Level: caperrors.ItemLevel}
}

func request(version caperrors.Version, entity string) caperrors.Scope {
	return caperrors.Scope{Version: version, Entity: entity, Level: caperrors.RequestLevel}
}

// notDone are the rows that their list calls a replay, and that the table must
// not: what counts as a replay counts as done, and these numbers also stand for
// something that was not done. The three 9055 are queued.
var notDone = map[string]bool{
	"gateway reward 400":     true,
	"gateway reward 10003":   true,
	"v2 card 3039":           true,
	"v2 organization 1025":   true,
	"v2 partnerprogram 2005": true,
	"v2 promotion 8903":      true,
	"v2 request 9002":        true,
	"v2 request 9003":        true,
	"v2 request 9005":        true,
	"v1.1 goodwill 9055":     true,
	"v1.1 request 9055":      true,
	"v2 request 9055":        true,
}

func TestLookupFindsEveryItemRow(t *testing.T) {
	t.Parallel()
	list := readList(t, itemList)
	require.Len(t, list, 1653)
	seen := make(map[string]bool)
	for _, row := range list {
		name := row["api_version"] + " " + row["entity"] + " " + row["code"]
		require.False(t, seen[name], "%s stands twice", name)
		seen[name] = true

		meaning, ok := caperrors.Lookup(item(caperrors.Version(row["api_version"]), row["entity"]), code(t, row["code"]))
		require.True(t, ok, name)
		assert.Equal(t, row["meaning"], meaning.Text, name)
		assert.NotEqual(t, caperrors.ErrUnrecognised, meaning.Kind, name)
		// These hold both ways: nothing is transient, done or a success that
		// its list does not call so.
		assert.Equal(t, row["outcome"] == "success", meaning.Kind == 0, name)
		assert.Equal(t, row["transient"] == "yes", meaning.Kind == caperrors.ErrTransient, name)
		assert.Equal(t, row["outcome"] == "warning" || row["outcome"] == "either", meaning.Warning, name)
		assert.Equal(t, row["duplicate"] == "replay" && !notDone[name], meaning.Kind == caperrors.ErrDuplicate, name)
		if row["duplicate"] == "conflict" {
			assert.Equal(t, caperrors.ErrConflict, meaning.Kind, name)
		}
	}
	for name := range notDone {
		assert.True(t, seen[name], name)
	}
}

func TestLookupFindsEveryRequestRow(t *testing.T) {
	t.Parallel()
	bodies := 0
	for _, row := range readList(t, requestList) {
		name := row["api_version"] + " " + row["code"] + " " + row["seen_as"]
		scope := request(caperrors.Version(row["api_version"]), "")
		number := code(t, row["code"])
		if number >= 904 && number <= 907 {
			scope.Entity = "store"
		}
		meaning, ok := caperrors.Lookup(scope, number)
		if row["seen_as"] == "HTTP" {
			assert.NotEqual(t, row["meaning"], meaning.Text, "%s is no code of a body", name)
			continue
		}
		bodies++
		require.True(t, ok, name)
		assert.Equal(t, row["meaning"], meaning.Text, name)
		assert.Equal(t, row["outcome"] == "success", meaning.Kind == 0, name)
		assert.Equal(t, row["transient"] == "yes", meaning.Kind == caperrors.ErrTransient, name)
		assert.Equal(t, row["outcome"] == "warning" || row["outcome"] == "either", meaning.Warning, name)
		assert.Equal(t, row["split_batch"] == "yes", meaning.Kind == caperrors.ErrOversize, name)
		assert.Equal(t, row["refresh_auth"] == "yes", meaning.Kind == caperrors.ErrUnauthenticated, name)
	}
	assert.Equal(t, 35, bodies)
}

// T-24 (of the mistakes that package batch numbers).
func TestLookupKinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scope caperrors.Scope
		codes []caperrors.Code
		want  caperrors.Kind
	}{
		"rate limit of a user": {item("v1.1", "transaction"), []caperrors.Code{517}, caperrors.ErrTransient},
		"points of a return not reverted yet": {
			item("v1.1", "transaction"), []caperrors.Code{637}, caperrors.ErrTransient,
		},
		"points of a v2 return not reverted yet": {
			item("v2", "transaction"), []caperrors.Code{637}, caperrors.ErrTransient,
		},
		"busy customer in the table of transactions": {
			item("v2", "transaction"), []caperrors.Code{521}, caperrors.ErrTransient,
		},
		"busy customer in the table of customers": {
			item("v2", "customer"), []caperrors.Code{521}, caperrors.ErrTransient,
		},
		"coupons, retry later": {
			item("v2", "coupon"),
			[]caperrors.Code{786, 787, 789, 790, 791, 792, 793, 794, 796, 797, 798, 5005},
			caperrors.ErrTransient,
		},
		"v1.1 coupons, retry later": {
			item("v1.1", "coupon"),
			[]caperrors.Code{786, 787, 789, 790, 791, 792, 793, 794, 796, 797, 798},
			caperrors.ErrTransient,
		},
		"v1.1 points, retry later": {
			item("v1.1", "points"), []caperrors.Code{815, 886, 887, 889, 894, 898}, caperrors.ErrTransient,
		},
		"points, retry later": {
			item("v2", "points"), []caperrors.Code{815, 886, 889, 894, 896, 898, 900}, caperrors.ErrTransient,
		},
		"887 of v2 points may be a wrong parameter": {
			item("v2", "points"), []caperrors.Code{887}, caperrors.ErrRefused,
		},
		"requests, retry later": {item("v2", "request"), []caperrors.Code{9001, 9009}, caperrors.ErrTransient},
		"v1.1 request, retry later, and its neighbour": {
			item("v1.1", "request"), []caperrors.Code{9009}, caperrors.ErrTransient,
		},
		"9001 of v1.1 may be a malformed e-mail": {
			item("v1.1", "request"), []caperrors.Code{9001}, caperrors.ErrInvalid,
		},
		"one-time code, notification, custom field": {item("v2", "otp"), []caperrors.Code{606}, caperrors.ErrTransient},
		"notification service down":                 {item("v2", "walkin"), []caperrors.Code{8097}, caperrors.ErrTransient},
		"custom field not saved":                    {item("v2", "customfield"), []caperrors.Code{1026}, caperrors.ErrTransient},
		"1026 of customers is final":                {item("v2", "customer"), []caperrors.Code{1026}, caperrors.ErrRefused},
		"606 of transactions is final":              {item("v2", "transaction"), []caperrors.Code{606}, caperrors.ErrRefused},
		"earlier events of the user are queued":     {item("v2", "partnerprogram"), []caperrors.Code{2010}, caperrors.ErrTransient},
		"configuration faults are final":            {item("v2", "coupon"), []caperrors.Code{788, 795, 799}, caperrors.ErrRefused},
		"points configuration faults are final":     {item("v2", "points"), []caperrors.Code{888, 899}, caperrors.ErrRefused},
		"points engine failures are final": {
			item("v1.1", "transaction"), []caperrors.Code{689, 690, 695, 696, 698, 699}, caperrors.ErrRefused,
		},
		"coupon service timed out": {item("v2", "coupon"), []caperrors.Code{748}, caperrors.ErrUncertain},
		"unknown fault of a v1.1 request": {
			request("v1.1", ""), []caperrors.Code{407}, caperrors.ErrUncertain,
		},
		"points work queued in v1.1":           {item("v1.1", "transaction"), []caperrors.Code{687}, caperrors.ErrQueued},
		"points work queued":                   {item("v2", "transaction"), []caperrors.Code{687}, caperrors.ErrQueued},
		"points work of a coupon queued":       {item("v2", "coupon"), []caperrors.Code{687}, caperrors.ErrQueued},
		"event queued":                         {item("v2", "event"), []caperrors.Code{1100}, caperrors.ErrQueued},
		"request queued":                       {item("v2", "request"), []caperrors.Code{9055}, caperrors.ErrQueued},
		"goodwill queued":                      {item("v1.1", "goodwill"), []caperrors.Code{9055}, caperrors.ErrQueued},
		"v1.1 request queued":                  {item("v1.1", "request"), []caperrors.Code{9055}, caperrors.ErrQueued},
		"bill number exists":                   {item("v2", "transaction"), []caperrors.Code{604, 633, 634, 639}, caperrors.ErrDuplicate},
		"v1.1 bill number exists":              {item("v1.1", "transaction"), []caperrors.Code{604, 633, 634, 639}, caperrors.ErrDuplicate},
		"redemption exists":                    {item("v1.1", "points"), []caperrors.Code{744, 812, 3802}, caperrors.ErrDuplicate},
		"coupon redeemed":                      {item("v2", "coupon"), []caperrors.Code{405, 709, 711, 716}, caperrors.ErrDuplicate},
		"customer registered in v1.1":          {item("v1.1", "customer"), []caperrors.Code{1014}, caperrors.ErrDuplicate},
		"customer registered":                  {item("v2", "customer"), []caperrors.Code{8006}, caperrors.ErrDuplicate},
		"identifier of another customer":       {item("v1.1", "customer"), []caperrors.Code{1016, 1032, 1033}, caperrors.ErrConflict},
		"request exists":                       {item("v2", "request"), []caperrors.Code{9018, 9026, 9028, 9035}, caperrors.ErrDuplicate},
		"new identifier taken":                 {item("v2", "request"), []caperrors.Code{9002, 9003, 9005}, caperrors.ErrConflict},
		"reward request id, other payload":     {item("gateway", "reward"), []caperrors.Code{10003}, caperrors.ErrConflict},
		"reward request id twice in one call":  {item("gateway", "reward"), []caperrors.Code{400}, caperrors.ErrInvalid},
		"earn ids not valid or revoked":        {item("v2", "promotion"), []caperrors.Code{8903}, caperrors.ErrRefused},
		"too many v1.1 transactions":           {item("v1.1", "transaction"), []caperrors.Code{672}, caperrors.ErrOversize},
		"672 of v2 is a size of clothing":      {item("v2", "transaction"), []caperrors.Code{672}, caperrors.ErrInvalid},
		"too many v1.1 customers":              {item("v1.1", "customer"), []caperrors.Code{1060}, caperrors.ErrOversize},
		"too many customers":                   {item("v2", "customer"), []caperrors.Code{1060, 8120}, caperrors.ErrOversize},
		"too many requests":                    {item("v2", "request"), []caperrors.Code{1060}, caperrors.ErrOversize},
		"too many cards":                       {item("v2", "card"), []caperrors.Code{1060}, caperrors.ErrOversize},
		"too many coupons":                     {item("v2", "coupon"), []caperrors.Code{629, 677}, caperrors.ErrOversize},
		"629 and 677 of transactions are none": {item("v1.1", "transaction"), []caperrors.Code{629}, caperrors.ErrRefused},
		"677 of v2 transactions":               {item("v2", "transaction"), []caperrors.Code{677}, caperrors.ErrNotFound},
		"1060 of the search service":           {item("v2", "metasearch"), []caperrors.Code{1060}, caperrors.ErrRefused},
		"1060 of the search service as a whole": {
			request("v2", "metasearch"), []caperrors.Code{1060}, caperrors.ErrRefused,
		},
		"daily quota of one-time codes":            {item("v2", "otp"), []caperrors.Code{429}, caperrors.ErrRefused},
		"daily quota of one-time codes as a whole": {request("v2", "otp"), []caperrors.Code{429}, caperrors.ErrRefused},
		"one-time code missing":                    {item("v2", "otp"), []caperrors.Code{604}, caperrors.ErrInvalid},
		"customer not found":                       {item("v2", "customer"), []caperrors.Code{816, 8015}, caperrors.ErrNotFound},
		"coupon not found":                         {item("v2", "coupon"), []caperrors.Code{404, 701, 719}, caperrors.ErrNotFound},
		"an unknown fault is no unknown thing":     {item("v1.1", "coupon"), []caperrors.Code{730}, caperrors.ErrRefused},
		"a type that does not exist is an input":   {item("v2", "transaction"), []caperrors.Code{605, 628}, caperrors.ErrInvalid},
		"number not valid, id missing":             {item("v2", "transaction"), []caperrors.Code{602, 607, 619}, caperrors.ErrInvalid},
		"validation code not needed":               {item("v1.1", "coupon"), []caperrors.Code{726}, caperrors.ErrRefused},
		"validation code needed":                   {item("v1.1", "coupon"), []caperrors.Code{725}, caperrors.ErrInvalid},
		"plain warning":                            {item("v2", "transaction"), []caperrors.Code{9610, 9611}, caperrors.ErrRefused},
		"partly issued":                            {item("v2", "coupon"), []caperrors.Code{678, 5006}, caperrors.ErrPartial},
		"success": {
			item("v1.1", "transaction"), []caperrors.Code{600, 1630}, 0,
		},
		"upload refused for now": {request("v1.1", "store"), []caperrors.Code{906, 907}, caperrors.ErrTransient},
		"upload damaged":         {request("v1.1", "store"), []caperrors.Code{904, 905}, caperrors.ErrRefused},
		"v1.1 request-level codes of its own": {
			request("v1.1", ""), []caperrors.Code{402, 406}, caperrors.ErrUnsupported,
		},
		"till on another machine": {request("v1.1", ""), []caperrors.Code{408}, caperrors.ErrPermission},
		"not acceptable":          {request("v2", ""), []caperrors.Code{422}, caperrors.ErrInvalid},
		"largest code":            {item("v2", "points"), []caperrors.Code{82323284}, caperrors.ErrRefused},
		"smallest code":           {item("v3", "target"), []caperrors.Code{0}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range test.codes {
				meaning, ok := caperrors.Lookup(test.scope, c)
				require.True(t, ok, "%s %d", test.scope, c)
				assert.Equal(t, test.want, meaning.Kind, "%s %d: %s", test.scope, c, meaning.Text)
			}
		})
	}
}

// statusPage is the API's status page and its neighbours by hand.
var statusPage = map[caperrors.Code]caperrors.Kind{
	caperrors.CodeSuccess:         0,
	caperrors.CodePartial:         caperrors.ErrPartial,
	caperrors.CodeInvalidInput:    caperrors.ErrInvalid,
	caperrors.CodeUnauthenticated: caperrors.ErrUnauthenticated,
	caperrors.CodeForbidden:       caperrors.ErrPermission,
	caperrors.CodeNotFound:        caperrors.ErrNotFound,
	caperrors.CodeNotSupported:    caperrors.ErrUnsupported,
	caperrors.CodeMediaType:       caperrors.ErrUnsupported,
	caperrors.CodeRateLimited:     caperrors.ErrTransient,
	caperrors.CodeSearchBusy:      caperrors.ErrTransient,
	caperrors.CodeTokenExpired:    caperrors.ErrUnauthenticated,
	caperrors.CodeAllFailed:       caperrors.ErrPartial,
	caperrors.CodeAccessUnknown:   caperrors.ErrTransient,
	caperrors.CodeCustomerBusy:    caperrors.ErrTransient,
	caperrors.CodeBatchTooLarge:   caperrors.ErrOversize,
	caperrors.CodeLookupType:      caperrors.ErrMisconfigured,
	caperrors.CodeTestControl:     caperrors.ErrMisconfigured,
	caperrors.CodeOrgID:           caperrors.ErrMisconfigured,
	caperrors.CodeAccessDenied:    caperrors.ErrPermission,
	caperrors.CodeAccessCheckDown: caperrors.ErrTransient,
}

// The status page holds for every version, with a row of its own or without.
func TestStatusPageHoldsForEveryVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []caperrors.Version{"", "v1.1", "v2", "v3", "gateway", "v9"} {
		for number, want := range statusPage {
			meaning, ok := caperrors.Lookup(request(version, "transaction"), number)
			require.True(t, ok, "%s %d", version, number)
			assert.Equal(t, want, meaning.Kind, "%s %d", version, number)
			assert.NotEmpty(t, meaning.Text, "%s %d", version, number)
		}
	}
}

func TestLookupGoesFromTheSpecialToTheGeneral(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scope caperrors.Scope
		code  caperrors.Code
		want  caperrors.Meaning
	}{
		"604 is a bill of v2": {
			item("v2", "transaction"), 604,
			caperrors.Meaning{Kind: caperrors.ErrDuplicate, Text: "transaction number already exists"},
		},
		"604 is a missing one-time code": {
			item("v2", "otp"), 604,
			caperrors.Meaning{
				Kind: caperrors.ErrInvalid, Text: "code missing (in transactions 604 means duplicate number)",
			},
		},
		"672 is a batch limit in v1.1": {
			item("v1.1", "transaction"), 672,
			caperrors.Meaning{Kind: caperrors.ErrOversize, Text: "too many items in the batch"},
		},
		"672 is a size of clothing in v2": {
			item("v2", "transaction"), 672,
			caperrors.Meaning{
				Kind: caperrors.ErrInvalid, Text: "size code not valid (older text: batch limit exceeded)",
			},
		},
		"744 is a repeated redemption of points": {
			item("v1.1", "points"), 744,
			caperrors.Meaning{
				Kind: caperrors.ErrDuplicate, Text: "external reference number already used for a redemption",
			},
		},
		"744 is a coupon series not saved": {
			item("v2", "coupon"), 744,
			caperrors.Meaning{
				Kind: caperrors.ErrRefused,
				Text: "series fields not saved (in v1.1 points redemption 744 means duplicate reference)",
			},
		},
		"1302 is a ticket": {
			item("v1.1", "customer"), 1302,
			caperrors.Meaning{Kind: caperrors.ErrRefused, Text: "ticket could not be created"},
		},
		"1060 of an item without a row is that of the version": {
			item("v2", "transaction"), 1060,
			caperrors.Meaning{
				Kind: caperrors.ErrOversize,
				Text: "too many items; the message names the maximum (10 for requests, 200 for cards)",
			},
		},
		"1060 of v1.1 is that of the status page": {
			item("v1.1", "transaction"), 1060,
			caperrors.Meaning{Kind: caperrors.ErrOversize, Text: "too many items in one call"},
		},
		"1061 is a success of customers": {
			item("v2", "customer"), 1061,
			caperrors.Meaning{Kind: 0, Text: "recommendations fetched (a header error at request level)"},
		},
		"1061 is a header of a request about customers": {
			request("v2", "customer"), 1061,
			caperrors.Meaning{Kind: caperrors.ErrMisconfigured, Text: "attribution lookup sent without the lookup type header"},
		},
		"521 of a v1.1 item": {
			item("v1.1", "transaction"), 521,
			caperrors.Meaning{Kind: caperrors.ErrTransient, Text: "another action runs for the same customer"},
		},
		"503 of a v1.1 item": {
			item("v1.1", "customer"), 503,
			caperrors.Meaning{Kind: caperrors.ErrTransient, Text: "authorisation status not available"},
		},
		"461 of a v1.1 item is that of the version": {
			item("v1.1", "customer"), 461,
			caperrors.Meaning{
				Kind: caperrors.ErrTransient,
				Text: "search index timed out; lookup by several identifiers at once cannot fall back to the database",
			},
		},
		"400 of a v1.1 item is that of the version": {
			item("v1.1", "transaction"), 400,
			caperrors.Meaning{Kind: caperrors.ErrInvalid, Text: "input or parameters not valid"},
		},
		"400 of a v1.1 customer has a row of its own": {
			item("v1.1", "customer"), 400,
			caperrors.Meaning{Kind: caperrors.ErrInvalid, Text: "bad input, or no usable identifier sent"},
		},
		"904 of a request stands with its entity alone": {
			request("v1.1", "transaction"), 904, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"a code of another entity": {
			item("v2", "walkin"), 604, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"an item code at request level": {
			request("v2", "transaction"), 604, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"a number nobody knows": {
			item("v2", "transaction"), 424242, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"a negative number": {
			item("v2", "transaction"), -604, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"a number beyond the table": {
			item("v2", "points"), 82323285, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"no code, beside a row for 0 elsewhere": {
			item("v2", "transaction"), 0, caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
		"an entity nobody knows": {
			item("v2", "spaceship"), 461, caperrors.Meaning{Kind: caperrors.ErrTransient, Text: "search engine busy"},
		},
		"a level nobody knows": {
			caperrors.Scope{Version: "v2", Entity: "transaction", Level: 7},
			604,
			caperrors.Meaning{Kind: caperrors.ErrUnrecognised},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meaning, ok := caperrors.Lookup(test.scope, test.code)
			assert.Equal(t, test.want, meaning)
			assert.Equal(t, test.want.Kind != caperrors.ErrUnrecognised, ok)
		})
	}
}

func TestLookupDoesNotAllocate(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts what all goroutines allocate
	scopes := []caperrors.Scope{item("v2", "transaction"), item("v1.1", "otp"), request("v2", ""), {}}
	codes := []caperrors.Code{604, 461, 1060, 424242}
	allocs := testing.AllocsPerRun(100, func() {
		for _, scope := range scopes {
			for _, c := range codes {
				caperrors.Lookup(scope, c)
			}
		}
	})
	assert.Zero(t, allocs)
}

func TestTableIsUpToDate(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: ", err)
	}
	output, err := exec.CommandContext(t.Context(), "go", "run", "./internal/gentable", "-check").CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestListsAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	reference := os.Getenv("CAPILLARY_REFERENCE")
	if reference == "" {
		t.Skip("CAPILLARY_REFERENCE is not set: nothing to compare the lists with")
	}
	for _, name := range []string{itemList, requestList} {
		want, err := os.ReadFile(filepath.Join(reference, "api", name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("codes", name))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), name)
	}
}

func BenchmarkLookup(b *testing.B) {
	scope := item("v2", "transaction")
	for b.Loop() {
		caperrors.Lookup(scope, 604)
	}
}
