package client_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// row is a row of the index of documented answers.
type row struct {
	path, operation, request string
	status                   int
	want                     judged
}

// judged is what the index says of an answer, or what reading it gave.
type judged struct {
	kind     string // success, partial or failure
	items    int
	code     string // of the request; empty if there is none
	codes    string // of the items, sorted, divided by blanks
	warnings string
}

func referenceFolder(t *testing.T) string {
	t.Helper()
	root := os.Getenv("CAPILLARY_REFERENCE")
	if root == "" {
		t.Skip("CAPILLARY_REFERENCE is not set")
	}
	return filepath.Join(root, "api", "samples")
}

func referenceRows(t *testing.T, folder string) []row {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(folder, "INDEX.tsv"))
	require.NoError(t, err)
	var rows []row
	for _, line := range strings.Split(strings.TrimSpace(string(index)), "\n")[1:] {
		f := strings.Split(line, "\t")
		require.Len(t, f, 12, line)
		items, err := strconv.Atoi(f[5])
		require.NoError(t, err, line)
		status, err := strconv.Atoi(f[9])
		if err != nil {
			status = 200
		}
		rows = append(rows, row{path: f[0], operation: f[3], request: f[10], status: status, want: judged{
			kind: f[4], items: items, code: codesOf(t, f[6]), codes: codesOf(t, f[7]), warnings: codesOf(t, f[8]),
		}})
	}
	return rows
}

// codesOf reads "700x2;705".
func codesOf(t *testing.T, text string) string {
	t.Helper()
	var codes []int
	for part := range strings.SplitSeq(text, ";") {
		if part == "-" {
			continue
		}
		number, times, _ := strings.Cut(part, "x")
		code, err := strconv.ParseFloat(number, 64)
		require.NoError(t, err, text)
		n, err := strconv.Atoi(times)
		if err != nil {
			n = 1
		}
		for range n {
			codes = append(codes, int(code))
		}
	}
	return joined(codes)
}

func joined(codes []int) string {
	slices.Sort(codes)
	words := make([]string, len(codes))
	for i, code := range codes {
		words[i] = strconv.Itoa(code)
	}
	return strings.Join(words, " ")
}

// operations are the operations that the index names in other words than the
// catalogue.
var operations = map[string]string{
	"any /v1.1 call with a client without access": "POST v1.1/transaction/add",
	"POST points transfer (customer)":             "POST v2/points/transfer",
	"GET points transferrable (group)":            "POST v2/points/userGroup2/isTransferrable",
	"POST event webhook":                          "POST v2/events",
	"POST /v2 (extension validation)":             "POST v2/transactions/bulk", // an answer of many in its envelope
}

func endpointOf(t *testing.T, operation string) client.Endpoint {
	t.Helper()
	call, ok := operations[operation]
	if !ok {
		call, _, _ = strings.Cut(operation, " (documented")
		call = strings.Replace(call, " /", " ", 1)
	}
	for _, ep := range client.Catalogue() {
		path := ep.Path
		if len(ep.Query) > 0 {
			path += "?" + ep.Query.Encode()
		}
		if ep.Method+" "+path == call {
			return ep
		}
	}
	require.Fail(t, "no entry of the catalogue", operation)
	return client.Endpoint{}
}

// answerOf returns the body and the HTTP status of a documented answer. A
// recorded exchange has them as members.
func answerOf(t *testing.T, folder string, r *row) ([]byte, int) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(r.path)))
	require.NoError(t, err)
	if !strings.Contains(r.path, "captures/") {
		return body, r.status
	}
	var recorded struct {
		Status float64
		Body   json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &recorded))
	return recorded.Body, int(recorded.Status)
}

// sentIDs are ids of items that an answer can be about. The documented requests
// belong to other answers, so they are taken from the lists of the answer.
func sentIDs(t *testing.T, ep *client.Endpoint, body []byte, count int) []string {
	t.Helper()
	if ep.FailedID == "" {
		return nil
	}
	var tree any
	require.NoError(t, json.Unmarshal(body, &tree))
	ids := append(valuesAt(tree, strings.Split(ep.Items+"."+ep.EchoID, ".")), valuesAt(tree, strings.Split(ep.Failed+"."+ep.FailedID, "."))...)
	for len(ids) < count {
		ids = append(ids, "another "+strconv.Itoa(len(ids)))
	}
	return ids[:count]
}

func valuesAt(tree any, path []string) []string {
	switch v := tree.(type) {
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, valuesAt(element, path)...)
		}
		return all
	case map[string]any:
		if len(path) > 0 {
			return valuesAt(v[path[0]], path[1:])
		}
	case string:
		return []string{v}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	}
	return nil
}

// judge tells of a reply in the words of the index. A duplicate is a failure
// there. Of v1.1 it counts the items that have a status of their own.
func judge(reply *wire.Reply) judged {
	got := judged{items: len(reply.Verdicts), kind: "success"}
	if reply.Code != 0 {
		got.code = strconv.Itoa(int(reply.Code))
	}
	if reply.Refusal != nil {
		return judged{kind: "failure", code: strconv.Itoa(int(reply.Refusal.Code))}
	}
	var codes, warnings []int
	applied, partly := 0, 0
	for _, v := range reply.Verdicts {
		switch {
		case v.Scope.Version == caperrors.V1 && (v.Code == 0 || v.Scope.Level == caperrors.RequestLevel):
			got.items--
		case v.Code != 0:
			codes = append(codes, int(v.Code))
		}
		for _, w := range v.Warnings {
			warnings = append(warnings, int(w.Code))
		}
		if v.Outcome == caperrors.Applied {
			applied++
			if v.Kind == caperrors.ErrPartial {
				partly++
			}
		}
	}
	if applied < len(reply.Verdicts) || partly > 0 {
		got.kind = "partial"
		if applied == 0 {
			got.kind = "failure"
		}
	}
	got.codes, got.warnings = joined(codes), joined(warnings)
	return got
}

// Every documented answer, read by the catalogue's entry for its operation, is
// what the index says of it.
func TestReferenceAnswers(t *testing.T) {
	t.Parallel()
	folder := referenceFolder(t)
	rows := referenceRows(t, folder)
	require.Len(t, rows, 204)
	used := make(map[string]bool)
	for _, r := range rows {
		ep := endpointOf(t, r.operation)
		body, status := answerOf(t, folder, &r)
		count := r.want.items
		if ep.Envelope == client.EnvelopeV2Single || ep.Status == client.NoStatus && ep.Items == "" {
			count = 1
		}
		if ep.Reads() && ep.Items != "" {
			count = 0
		} else {
			count = max(count, 1)
		}
		reply, err := wire.Read(wire.HTTP{Status: status, Body: body}, ep.WireCall(count, sentIDs(t, &ep, body, count)))
		require.NoError(t, err, r.path)
		got := judge(&reply)
		want, other := exceptions[r.path]
		if other {
			used[r.path] = true
			assert.NotEmpty(t, want.why, r.path)
			assert.Equal(t, want.judged, got, "%s: %+v", r.path, reply)
			assert.False(t, agrees(&r, got), "%s: needs no exception", r.path)
			continue
		}
		assert.True(t, agrees(&r, got), "%s (%s)\nindex %+v\ngot   %+v\n%+v", r.path, ep.Name, r.want, got, reply)
	}
	for path := range exceptions {
		assert.True(t, used[path], "%s is no row", path)
	}
}

// agrees compares with the index, which has two habits: what one code refused
// stands there as one item with it, or as no item beside a code of the request;
// and below site/ the codes of items and request are one list without repeats.
func agrees(r *row, got judged) bool {
	want := r.want
	if strings.HasPrefix(r.path, "site/") {
		want.codes, want.code = union(want.code, want.codes), ""
		got.codes, got.code = union(got.code, got.codes), ""
		want.warnings, got.warnings = union(want.warnings), union(got.warnings)
	}
	if want.kind == "failure" && got.kind == "failure" && want.items <= 1 && got.items <= 1 && (want.code == "" || got.items == 0) {
		return union(want.code, want.codes) == union(got.code, got.codes) && want.warnings == got.warnings
	}
	return want == got
}

func union(lists ...string) string {
	words := strings.Fields(strings.Join(lists, " "))
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// exception is a row of which the index says something else than the reading,
// with the reason.
type exception struct {
	judged
	why string
}

var exceptions = map[string]exception{
	"gateway/vendor/create-domain-code-5002.response.json": {
		judged{kind: "success", items: 1, codes: "5002"},
		"one thing is asked for, and the only status of the answer is its verdict; the index calls the code one of the request",
	},
	"v1.1/points/isredeemable-nested-response.response.json": {
		judged{kind: "success", items: 1, code: "200", codes: "800"},
		"the index counts the status of the nested envelope as an item; one question was asked, and both statuses answer it",
	},
	"v1.1/transaction/add-empty-list.response.json": {
		judged{kind: "failure", code: "200"},
		"an empty list under 200: the index follows the request's code; of the item sent the answer says nothing, so it is unknown",
	},
	"v2/card/generate-entity.response.json": {
		judged{kind: "success", items: 1},
		"the index counts the card numbers made; the call is for one thing, and they are its result",
	},
	"site/cards/generate-ok.response.json": {
		judged{kind: "success", items: 1},
		"the index counts the card numbers made; the call is for one thing, and they are its result",
	},
	"v2/coupon/revoke-all-failed-success-true.response.json": {
		judged{kind: "failure", items: 3, codes: "682 682 682"},
		"the answer groups three coupons below one code, which the index names once; each coupon has it",
	},
	"v2/customer/associate-bulk-top-level-array.response.json": {
		judged{kind: "success", items: 1, warnings: "8056 8058 19223 19223 19223"},
		"the index has no warnings, only 19223 in its notes; they stand in the entity and its children",
	},
	"v2/label/get-none-found-warning.response.json": {
		judged{kind: "failure", items: 1, codes: "33001", warnings: "33001"},
		"the warning is the failure, so that its code is the item's; the index has it among the warnings alone",
	},
	"v2/label/tag-no-labels-warning-only.response.json": {
		judged{kind: "failure", items: 1, codes: "33001", warnings: "33001"},
		"the warning is the failure, so that its code is the item's; the index has it among the warnings alone",
	},
	"v2/promotion/bulk-issue-warning-not-counted.response.json": {
		judged{kind: "partial", items: 3, codes: "8890", warnings: "8890"},
		"the warning is the failure, so that its code is the item's; the index has it among the warnings alone",
	},
	"v2/otp/generate-two-errors.response.json": {
		judged{kind: "failure", items: 1, codes: "600"},
		"two errors on one thing: a verdict has the code that decides, and both refuse; the other one is in Raw",
	},
	"v2/partnerprogram/update-custom-list-key.response.json": {
		judged{kind: "success", items: 1, codes: "1000"},
		"the customer's status has code 1000, which the index leaves out here and names in the like answer below site/",
	},
	"site/customers/partner-delink-nested-status.response.json": {
		judged{kind: "success", items: 1, codes: "1000"},
		"the index also names the success code of a part; of parts only failures are kept",
	},
	"v3/targetgroup/delete-error-code-zero.response.json": {
		judged{kind: "success", items: 1},
		"code 0 without a text is a placeholder, as the index says in its notes",
	},
	"site/v11/refer-nested-failure-under-success.response.json": {
		judged{kind: "failure", items: 1, code: "200", codes: "1701", warnings: "1701"},
		"the only invitation was refused, so that nothing was done for the item; the index calls the answer partial for its three levels",
	},
}
