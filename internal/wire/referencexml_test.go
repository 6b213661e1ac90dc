package wire_test

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

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// xmlItems are the paths to the items by operation, for the answers in XML.
var xmlItems = map[string]string{
	"GET /v1.1/communications/email":      "email",
	"GET /v1.1/coupon/get":                "coupons.coupon",
	"GET /v1.1/coupon/series":             "series.items.item",
	"POST /v1.1/customer/add":             "customers.customer",
	"GET /v1.1/customer/interaction":      "customer",
	"GET /v1.1/customer/redemptions":      "customer",
	"GET /v1.1/customer/referrals":        "customer",
	"GET /v1.1/customer/search":           "customer.results.item",
	"GET /v1.1/customer/subscriptions":    "subscriptions.subscription",
	"POST /v1.1/customer/update_identity": "customers.customer",
	"GET /v1.1/organization/entities":     "organization.entities.entity",
	"POST /v1.1/product/add":              "product",
	"POST /v1.1/product/attributes":       "product.attributes.attribute",
	"POST /v1.1/request/add":              "requests.request",
	"POST /v1.1/request/reject":           "requests.request",
	"POST /v1.1/store/logs":               "",
	"GET /v1.1/task/log":                  "tasks.task.log",
	"POST /v1.1/transaction/add":          "transactions.transaction",
}

// xmlAnswered are the numbers of items in the answers that have others than
// those with a status, which the index counts.
var xmlAnswered = map[string]int{
	"GET /v1.1/communications/email": 1,
	"GET /v1.1/customer/interaction": 1,
	"GET /v1.1/customer/redemptions": 1,
	"GET /v1.1/customer/search":      2,
	"POST /v1.1/store/logs":          1,
	"GET /v1.1/task/log":             4,
}

// xmlRow is a row of the index of documented answers, for an answer in XML.
type xmlRow struct {
	path, entity, operation, kind string
	items, request                int
	codes, warnings               []caperrors.Code
}

func reference(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("CAPILLARY_REFERENCE")
	if folder == "" {
		t.Skip("CAPILLARY_REFERENCE is not set")
	}
	return filepath.Join(folder, "api", "samples")
}

func xmlRows(t *testing.T) []xmlRow {
	t.Helper()
	folder := reference(t)
	index, err := os.ReadFile(filepath.Join(folder, "INDEX.tsv"))
	require.NoError(t, err)
	var rows []xmlRow
	for line := range strings.Lines(string(index)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if !strings.HasSuffix(f[0], ".xml") {
			continue
		}
		require.Len(t, f, 12)
		items, err := strconv.Atoi(f[5])
		require.NoError(t, err)
		request, err := strconv.Atoi(f[6])
		require.NoError(t, err)
		rows = append(rows, xmlRow{
			path: filepath.Join(folder, filepath.FromSlash(f[0])), entity: f[2], operation: f[3], kind: f[4],
			items: items, request: request, codes: repeated(t, f[7]), warnings: repeated(t, f[8]),
		})
	}
	require.Len(t, rows, 18, "answers in XML")
	return rows
}

// repeated reads one code with a count, such as 1000x2; the answers in XML have
// no other lists.
func repeated(t *testing.T, text string) []caperrors.Code {
	t.Helper()
	if text == "-" {
		return nil
	}
	number, times, many := strings.Cut(text, "x")
	code, err := strconv.Atoi(number)
	require.NoError(t, err)
	n := 1
	if many {
		n, err = strconv.Atoi(times)
		require.NoError(t, err)
	}
	return slices.Repeat([]caperrors.Code{caperrors.Code(code)}, n)
}

func TestReferenceXML(t *testing.T) {
	t.Parallel()
	for _, s := range xmlRows(t) {
		t.Run(filepath.Base(s.path), func(t *testing.T) {
			t.Parallel()
			path, ok := xmlItems[s.operation]
			require.True(t, ok, s.operation)
			count := s.items
			if n, other := xmlAnswered[s.operation]; other {
				count = n
			}
			body, err := os.ReadFile(s.path)
			require.NoError(t, err)
			reply := read(t, xmlCall(s.entity, path, count), 200, string(body))
			if s.operation == "POST /v1.1/store/logs" {
				require.NotNil(t, reply.Refusal)
				assert.Equal(t, caperrors.Code(s.request), reply.Refusal.Code)
				assert.Equal(t, "failure", s.kind)
				return
			}
			require.Nil(t, reply.Refusal)
			require.Len(t, reply.Verdicts, count)
			assert.Equal(t, 200, s.request, "an answer read item by item says 200")
			var told []caperrors.Verdict
			var codes, warnings []caperrors.Code
			for _, v := range reply.Verdicts {
				assert.True(t, json.Valid(v.Raw))
				for _, w := range v.Warnings {
					warnings = append(warnings, w.Code)
				}
				if v.Code != 0 {
					told = append(told, v)
					codes = append(codes, v.Code)
				} else {
					assert.Equal(t, caperrors.Unknown, v.Outcome)
					assert.Equal(t, "the item has no status", v.Diagnostic)
				}
			}
			require.Len(t, told, s.items)
			assert.Equal(t, s.codes, codes)
			assert.Equal(t, s.warnings, warnings)
			applied := slices.ContainsFunc(told, func(v caperrors.Verdict) bool { return v.Outcome == caperrors.Applied })
			failed := slices.ContainsFunc(told, func(v caperrors.Verdict) bool { return v.Outcome != caperrors.Applied })
			switch s.kind {
			case "success":
				assert.False(t, failed, summaries(told))
			case "partial": // the items without a status are what was done
				assert.True(t, failed, summaries(told))
				assert.Greater(t, count, len(told))
			default:
				assert.False(t, applied, summaries(told))
			}
			// Where no item has a status, the call says so, and the request's decides.
			if s.items == 0 {
				c := xmlCall(s.entity, path, count)
				c.Status = wire.NoStatus
				for _, v := range read(t, c, 200, string(body)).Verdicts {
					assert.Equal(t, caperrors.Applied, v.Outcome, v.Diagnostic)
				}
			}
		})
	}
}

// The request's status is read from the answers that have items too: without
// its items each of them is an answer of its own.
func TestReferenceXMLRequestCodes(t *testing.T) {
	t.Parallel()
	for _, s := range xmlRows(t) {
		if s.request != 200 {
			continue
		}
		body, err := os.ReadFile(s.path)
		require.NoError(t, err)
		text := string(body)
		require.Equal(t, 1, strings.Count(text, "<code>200</code>")+strings.Count(text, "<response_code>200</response_code>"), s.path)
		reply := read(t, xmlCall(s.entity, xmlItems[s.operation], s.items), 200, strings.NewReplacer(
			"<code>200</code>", "<code>461</code>", "<response_code>200</response_code>", "<response_code>461</response_code>").Replace(text))
		if s.items == 0 {
			require.NotNil(t, reply.Refusal, s.path)
			assert.Equal(t, caperrors.Code(461), reply.Refusal.Code, s.path)
		} else {
			assert.Contains(t, strings.Join(reply.Diagnostics, ";"), "refused with code 461", s.path)
		}
	}
}

// The documented requests and what their twins in JSON become are the same
// tree, but for the order of members and, in one of them, the other way to
// write lists and roots.
func TestReferenceXMLRequests(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(reference(t), "*", "*", "*.request.xml"))
	require.NoError(t, err)
	require.Len(t, files, 7)
	for _, file := range files {
		body, readErr := os.ReadFile(file)
		require.NoError(t, readErr)
		want := parseXML(t, body)
		want.tidy()
		if inner := want.Children; len(inner) == 1 && inner[0].XMLName.Local == "root" {
			want = inner[0]
		}
		want.unwrap()
		want.sort()
		require.NotEmpty(t, want.Children, file)
		var items [][]byte
		for _, child := range want.Children {
			item, encodeErr := json.Marshal(child.twin())
			require.NoError(t, encodeErr)
			items = append(items, item)
		}
		encoded, encodeErr := wire.EncodeXML(want.Children[0].XMLName.Local, items)
		require.NoError(t, encodeErr, file)
		got := parseXML(t, encoded)
		got.sort()
		assert.Equal(t, want, got, file)
	}
}

// unwrap repeats an element for each member of the list in it.
func (e *xmlElement) unwrap() {
	var children []xmlElement
	for _, child := range e.Children {
		wrapped := len(child.Children) > 0 && !slices.ContainsFunc(child.Children, func(c xmlElement) bool { return c.XMLName.Local != "element" })
		if !wrapped {
			children = append(children, child)
			continue
		}
		for _, member := range child.Children {
			member.XMLName = child.XMLName
			children = append(children, member)
		}
	}
	for i := range children {
		children[i].unwrap()
	}
	e.Children = children
}

func (e *xmlElement) sort() {
	slices.SortStableFunc(e.Children, func(a, b xmlElement) int { return strings.Compare(a.XMLName.Local, b.XMLName.Local) })
	for i := range e.Children {
		e.Children[i].sort()
	}
}

// twin is what a caller would send in JSON.
func (e *xmlElement) twin() any {
	if len(e.Children) == 0 {
		return e.Text
	}
	object := make(map[string]any)
	for _, child := range e.Children {
		name := child.XMLName.Local
		switch have := object[name].(type) {
		case nil:
			object[name] = child.twin()
		case []any:
			object[name] = append(have, child.twin())
		default:
			object[name] = []any{have, child.twin()}
		}
	}
	return object
}
