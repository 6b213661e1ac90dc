package client_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
)

// oddRequests are documented requests that the entry of their operation does
// not encode like that, with the reason.
var oddRequests = map[string]string{
	"v1.1/transaction/cancel-line-item-no-wrapper.request.json": "it lacks the member root, which every other call of v1.1 has",
}

// keyless are documented requests whose items fill none of the fields by which
// the entry names the item or its customer, with the reason.
var keyless = map[string]string{
	"v1.1/request/add-goodwill-code-9100.request.json":      "it has no reference_id, which is optional",
	"v2/coupon/bulk-redeem-two.request.json":                "codes of one customer for one bill: the call is all or nothing, so nothing else is in flight",
	"gateway/reward/issue-bulk-json-in-string.request.json": "the customer stands beside the list",
	"v1.1/task/add-item-code-200.request.json":              "tasks have no customer",
	"v1.1/store/report-upload.request.json":                 "a report has neither",
}

func requestOf(t *testing.T, folder, path string) json.RawMessage {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
	require.NoError(t, err)
	if strings.Contains(path, "captures/") {
		return member(t, body, "body")
	}
	return body
}

func member(t *testing.T, object []byte, name string) json.RawMessage {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &members))
	return members[name]
}

// itemsIn returns the items of a list, or of the one that stands without one.
func itemsIn(t *testing.T, list json.RawMessage) [][]byte {
	t.Helper()
	var items []json.RawMessage
	if json.Unmarshal(list, &items) != nil {
		items = []json.RawMessage{list}
	}
	out := make([][]byte, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

// What the catalogue's entries make of the items of a documented request is
// that request, and they find its ids and keys.
func TestReferenceRequests(t *testing.T) {
	t.Parallel()
	folder := referenceFolder(t)
	c, err := client.New("https://api.example.com", client.WithBasic("till", "password"))
	require.NoError(t, err)
	lists, calls, odd := 0, 0, 0
	for _, r := range referenceRows(t, folder) {
		if !strings.HasSuffix(r.request, ".json") {
			continue
		}
		ep := endpointOf(t, r.operation)
		body := requestOf(t, folder, r.request)
		if oddRequests[r.request] != "" {
			odd++
			continue
		}
		var items [][]byte
		want := body
		switch {
		case ep.Root != "":
			items = itemsIn(t, member(t, member(t, body, "root"), ep.Root))
			var list []byte
			list, err = json.Marshal(rawItems(items))
			require.NoError(t, err)
			want = json.RawMessage(`{"root":{"` + ep.Root + `":` + string(list) + `}}`) // an array, also of one
		case ep.List != "":
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(body, &members))
			items = itemsIn(t, members[ep.List])
			delete(members, ep.List)
			ep.Wrapper, err = json.Marshal(members)
			require.NoError(t, err)
			require.NoError(t, ep.Validate(), r.request)
		case ep.Envelope == client.EnvelopeV2Bulk:
			items = itemsIn(t, body)
		}
		if ep.List != "" || items == nil {
			calls++
			got, err := ep.EncodeCall(body)
			require.NoError(t, err, r.request)
			assert.JSONEq(t, string(body), string(got), r.request)
		}
		if len(items) == 0 {
			continue
		}
		got, err := ep.EncodeItems(items)
		assert.JSONEq(t, string(want), string(got), r.request)
		if ep.Reads() || ep.List != "" && ep.IDField == "" {
			require.Error(t, err, "%s: bare values are for Call", r.request)
			continue
		}
		require.NoError(t, err, r.request)
		lists++
		bulk := c.Bulk(ep)
		for _, item := range items {
			key, id, err := bulk.Inspect(item)
			require.NoError(t, err, r.request)
			if ep.IDField != "" && keyless[r.request] == "" {
				assert.NotEmpty(t, id, "%s: %s", r.request, ep.IDField)
			}
			if keyless[r.request] == "" {
				assert.NotEmpty(t, key, "%s: %s", r.request, ep.KeyFields)
			}
		}
	}
	assert.GreaterOrEqual(t, lists, 30)
	assert.GreaterOrEqual(t, calls, 30)
	assert.Equal(t, len(oddRequests), odd)
}

func rawItems(items [][]byte) []json.RawMessage {
	raw := make([]json.RawMessage, len(items))
	for i, item := range items {
		raw[i] = slices.Clone(item)
	}
	return raw
}
