package batch_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// The forms, byte by byte: tools in other languages read them.
func TestJSONOfAReport(t *testing.T) {
	t.Parallel()
	const mobile = "447700900001"
	report := batch.Report[string]{
		Results: []batch.Result[string]{
			{
				Item: mobile, ID: mobile, Key: mobile, Raw: []byte(`"` + mobile + `"`), Outcome: caperrors.Applied, Attempts: 1,
				RequestID: "r-1", Warnings: []caperrors.Warning{{Code: 91016, Message: "sms to " + mobile}},
			},
			{
				Index: 1, Outcome: caperrors.Refused, Attempts: 8, Code: 521, Kind: caperrors.ErrTransient, Message: "busy with " + mobile,
				Err: &caperrors.ItemError{
					Index: 1, ID: mobile, Outcome: caperrors.Refused, Attempts: 8, Code: 521, Kind: caperrors.ErrTransient,
					Scope: caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.ItemLevel},
					Stop:  caperrors.ErrAttemptsExhausted,
				},
			},
			{Index: 2, Outcome: caperrors.NotSent, Err: errors.New("no line for " + mobile)},
			{Index: 3, Outcome: caperrors.Duplicate, AfterUnknown: true, Attempts: 2, Diagnostic: "two codes"},
		},
		Progress: batch.Progress{
			Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Accepted: 4, Applied: 1, Duplicate: 1, Refused: 1, NotSent: 1,
			Attempts: 11, Calls: 9, Wasted: 2, Lanes: 4, Limit: 100, Target: 50, Loose: true, LimitBytes: 65_536, HotKey: 4100, Trouble: errors.New("away"),
		},
	}
	encoded, err := json.Marshal(report)
	require.NoError(t, err)
	want := `{"results":[` +
		`{"index":0,"outcome":"applied","attempts":1,"warnings":[{"code":91016,"message":"sms to ***"}],"request_id":"r-1"},` +
		`{"index":1,"outcome":"refused","attempts":8,"code":521,"kind":"transient","message":"busy with ***",` +
		`"error":{"type":"item","index":1,"outcome":"refused","attempts":8,"code":521,"kind":"transient","version":"v2",` +
		`"entity":"transaction","level":"item","stop":"attempts exhausted"}},` +
		`{"index":2,"outcome":"not-sent","attempts":0,"error":"no line for ***"},` +
		`{"index":3,"outcome":"duplicate","after_unknown":true,"attempts":2,"diagnostic":"two codes"}],` +
		`"progress":{"started":"2026-03-01T12:00:00Z","accepted":4,"applied":1,"duplicate":1,"refused":1,"unknown":0,"not_sent":1,` +
		`"attempts":11,"calls":9,"wasted":2,"in_flight":0,"lanes":4,"limit":100,"target":50,"loose":true,"limit_bytes":65536,"hot_key":4100,"trouble":"away"}}`
	assert.Equal(t, want, string(encoded))

	var schema struct {
		Defs map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	file, err := os.ReadFile("../errors/schema.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(file, &schema))
	var forms struct {
		Results  []map[string]any
		Progress map[string]any
	}
	require.NoError(t, json.Unmarshal(encoded, &forms))
	for _, result := range forms.Results {
		for member := range result {
			assert.Contains(t, schema.Defs["result"].Properties, member)
		}
	}
	for member := range forms.Progress {
		assert.Contains(t, schema.Defs["progress"].Properties, member)
	}
}
