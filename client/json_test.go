package client_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// The forms, byte by byte: tools in other languages read them.
func TestJSONOfAnswers(t *testing.T) {
	t.Parallel()
	const mobile = "447700900001"
	tests := map[string]struct {
		value any
		def   string
		want  string
	}{
		"a response": {
			&client.Response{
				Outcome: caperrors.Applied, Raw: []byte(`"` + mobile + `"`), Code: 200, Message: "added " + mobile, HTTPStatus: 200, RequestID: "r-1",
				Attempts: 2, AfterUnknown: true, Warnings: []caperrors.Warning{{Code: 91016, Message: "sms to " + mobile}},
				Diagnostics: []string{"flag of " + mobile}, Items: []caperrors.Verdict{{Outcome: caperrors.Duplicate, Raw: []byte(`"` + mobile + `"`)}},
			},
			"response",
			`{"outcome":"applied","code":200,"message":"added ***","warnings":[{"code":91016,"message":"sms to ***"}],` +
				`"items":[{"outcome":"duplicate"}],"http_status":200,"request_id":"r-1","attempts":2,"after_unknown":true,"diagnostics":["flag of ***"]}`,
		},
		"an empty response": {client.Response{Outcome: caperrors.Unknown}, "response", `{"outcome":"unknown","http_status":0,"attempts":0}`},
		"a batch": {
			&client.Batch{Verdicts: []caperrors.Verdict{{Outcome: caperrors.Applied}}, RequestID: "r-1", Attempts: 1},
			"verdicts", `{"verdicts":[{"outcome":"applied"}],"request_id":"r-1","attempts":1}`,
		},
		"an empty batch": {client.Batch{}, "verdicts", `{"verdicts":[],"attempts":0}`},
	}
	file, err := os.ReadFile("../errors/schema.json")
	require.NoError(t, err)
	var schema struct {
		Defs map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(file, &schema))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(tt.value)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(encoded))
			var object map[string]any
			require.NoError(t, json.Unmarshal(encoded, &object))
			for member := range object {
				assert.Contains(t, schema.Defs[tt.def].Properties, member)
			}
		})
	}
}
