package wire_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// sample is a row of the index of documented answers.
type sample struct {
	path, kind             string
	version, entity        string
	items, request, status int
	codes, warnings        []caperrors.Code
}

func samples(t *testing.T) []sample {
	t.Helper()
	root := os.Getenv("CAPILLARY_REFERENCE")
	if root == "" {
		t.Skip("CAPILLARY_REFERENCE is not set")
	}
	folder := filepath.Join(root, "api", "samples")
	index, err := os.ReadFile(filepath.Join(folder, "INDEX.tsv"))
	require.NoError(t, err)
	var all []sample
	for _, line := range strings.Split(strings.TrimSpace(string(index)), "\n")[1:] {
		f := strings.Split(line, "\t")
		require.Len(t, f, 12, line)
		if strings.Contains(f[0], "captures/") {
			continue // recordings: the answer is a member among headers
		}
		all = append(all, sample{
			path: filepath.Join(folder, filepath.FromSlash(f[0])), version: f[1], entity: strings.TrimSuffix(f[2], "s"), kind: f[4],
			items: number(f[5]), request: number(f[6]), codes: codeList(f[7]), warnings: codeList(f[8]), status: max(number(f[9]), 200),
		})
	}
	return all
}

func number(text string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(text, ".0"))
	return n
}

// codeList reads "700x2;705".
func codeList(text string) []caperrors.Code {
	var list []caperrors.Code
	for part := range strings.SplitSeq(text, ";") {
		code, times, _ := strings.Cut(part, "x")
		if part == "-" {
			continue
		}
		for range max(1, number(times)) {
			list = append(list, caperrors.Code(number(code)))
		}
	}
	return list
}

// containers are the paths to the items where the entity alone does not tell.
var containers = map[string]string{
	"notes-add-bool-flags.response.json":                   "customer",
	"ticket-get.response.json":                             "customer",
	"transactions-item-status-on-customer.response.json":   "customer",
	"preferences-unexpected-999999.response.json":          "customer",
	"subscriptions-update-two-items.response.json":         "subscriptions.subscription",
	"get-item-status-on-container.response.json":           "requests",
	"issue-bool-success.response.json":                     "coupon",
	"issue-singular-container.response.json":               "coupon",
	"isredeemable-both-flags.response.json":                "coupons.redeemable",
	"isredeemable-flag-true-code-706.response.json":        "coupons.redeemable",
	"redeem.response.json":                                 "responses.points",
	"redeem-customer-not-found-http-400.response.json":     "responses.points",
	"redeem-duplicate-reference-http-200.response.json":    "responses.points",
	"points-redeem-failed-http400.response.json":           "responses.points",
	"validation-code-object-named-code.response.json":      "validation_code.code",
	"add-three-items-root-array.response.json":             "product",
	"get-status-flag-bool.response.json":                   "product.item",
	"add-item-code-200.response.json":                      "tasks.task",
	"status-mappings-update-status-is-array.response.json": "tasks.task_statuses.status",
}

// itemsOf returns the path to the items of a documented answer of v1.1.
func itemsOf(s sample) string {
	if path, ok := containers[filepath.Base(s.path)]; ok {
		return path
	}
	switch s.entity {
	case "customer", "transaction", "coupon", "request":
		return s.entity + "s." + s.entity
	default:
		return ""
	}
}

func TestReferenceV1(t *testing.T) {
	t.Parallel()
	read := 0
	for _, s := range samples(t) {
		items := itemsOf(s)
		if s.version != "v1.1" || !strings.HasSuffix(s.path, ".json") || items == "" || s.items == 0 && s.kind != "failure" {
			continue
		}
		if strings.Contains(s.path, "site") {
			s.codes = nil // the index lists request codes among them there
		}
		read++
		body, err := os.ReadFile(s.path)
		require.NoError(t, err)
		c := wire.Call{Version: caperrors.V1, Entity: s.entity, Dialect: wire.V1JSON, Items: items, Count: max(s.items, 1)}
		reply, err := wire.Read(wire.HTTP{Status: s.status, Body: body}, c)
		require.NoError(t, err, s.path)
		require.Nil(t, reply.Refusal, s.path)
		checkKind(t, s, reply.Verdicts)
		var codes []caperrors.Code
		for _, v := range reply.Verdicts {
			codes = append(codes, v.Code)
		}
		switch {
		case s.codes != nil:
			slices.Sort(codes)
			slices.Sort(s.codes)
			assert.Equal(t, s.codes, codes, s.path)
			assert.Equal(t, s.warnings, warningCodes(reply.Verdicts), s.path)
		case s.items == 0:
			assert.Equal(t, []caperrors.Code{500}, codes, s.path)
		}
	}
	assert.GreaterOrEqual(t, read, 30, "v1.1 answers read")
}

func TestReferenceV2(t *testing.T) {
	t.Parallel()
	bulk, single := 0, 0
	for _, s := range samples(t) {
		if s.version != "v2" {
			continue
		}
		body, err := os.ReadFile(s.path)
		require.NoError(t, err)
		c := wire.Call{Version: caperrors.V2, Entity: s.entity, Dialect: wire.V2Single, Count: 1}
		switch text := strings.Join(strings.Fields(string(body)), ""); {
		case strings.HasPrefix(text, `{"response":[`), strings.HasPrefix(text, `[`):
			c.Dialect, c.Items, c.Count = wire.V2Bulk, "response", s.items
			bulk++
		case strings.HasPrefix(text, `{"data":[{"entity"`):
			c.Dialect, c.Items, c.Count = wire.V2Bulk, "data", s.items
			bulk++
		default:
			single++
		}
		reply, err := wire.Read(wire.HTTP{Status: s.status, Body: body}, c)
		require.NoError(t, err, s.path)
		if reply.Refusal != nil {
			assert.Equal(t, "failure", s.kind, s.path)
			continue
		}
		checkKind(t, s, reply.Verdicts)
		if s.entity != "transaction" && s.entity != "customer" || strings.Contains(s.path, "nested") || filepath.Base(s.path) == "rejected-list.response.json" {
			continue // the other codes of the index stand at places that are not read
		}
		var codes []caperrors.Code
		for _, v := range reply.Verdicts {
			if v.Code != 0 {
				codes = append(codes, v.Code)
			}
		}
		warnings := warningCodes(reply.Verdicts)
		if strings.Contains(s.path, "site") {
			codes, warnings = slices.Compact(codes), slices.Compact(warnings) // the index has no repeats there
		}
		assert.Equal(t, s.codes, codes, s.path)
		if filepath.Base(s.path) == "associate-bulk-top-level-array.response.json" {
			s.warnings = []caperrors.Code{19223} // named in the index's notes
		}
		assert.Equal(t, s.warnings, warnings, s.path)
	}
	assert.GreaterOrEqual(t, bulk, 20, "bulk answers read")
	assert.GreaterOrEqual(t, single, 50, "single answers read")
}

func warningCodes(verdicts []caperrors.Verdict) []caperrors.Code {
	var codes []caperrors.Code
	for _, v := range verdicts {
		for _, w := range v.Warnings {
			codes = append(codes, w.Code)
		}
	}
	return codes
}

// checkKind compares the verdicts with what the index says of the items, which
// it judged by hand.
func checkKind(t *testing.T, s sample, verdicts []caperrors.Verdict) {
	t.Helper()
	applied := 0
	for _, v := range verdicts {
		if v.Outcome == caperrors.Applied {
			applied++
		}
		assert.NotEqual(t, caperrors.Unknown, v.Outcome, "%s: %s", s.path, v.Diagnostic)
	}
	switch s.kind {
	case "success":
		assert.Equal(t, len(verdicts), applied, "%s: %q", s.path, summaries(verdicts))
	case "failure":
		assert.Zero(t, applied, "%s: %q", s.path, summaries(verdicts))
	default:
		assert.Positive(t, applied, "%s: %q", s.path, summaries(verdicts))
		if len(verdicts) > 1 {
			assert.Less(t, applied, len(verdicts), "%s: %q", s.path, summaries(verdicts))
		}
	}
}
