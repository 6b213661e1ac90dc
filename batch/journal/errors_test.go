package journal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch/journal"
)

// An identity may name a customer, if its owner is careless.
func TestErrorsOfAJournalTellNothingOfACustomer(t *testing.T) {
	t.Parallel()
	const mobile = "447700900001"
	changed := &journal.ChangedError{Path: "load.journal", Name: "customer", Was: "of " + mobile, Now: mobile + "@example.com"}
	corrupt := &journal.CorruptError{Path: "load.journal", Line: 3, Offset: 170, Reason: "no line for " + mobile}
	tests := map[string]struct {
		err   error
		value any
		form  string
	}{
		"another load": {changed, *changed, `{"type":"journal-changed","path":"load.journal","name":"customer","was":"of ***","now":"***"}`},
		"damage": {
			corrupt, *corrupt,
			`{"type":"journal-corrupt","path":"load.journal","line":3,"offset":170,"reason":"no line for ***"}`,
		},
	}
	file, err := os.ReadFile("../../errors/schema.json")
	require.NoError(t, err)
	var schema struct {
		Defs map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(file, &schema))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range []any{test.err, test.value} {
				encoded, err := json.Marshal(value)
				require.NoError(t, err)
				assert.Equal(t, test.form, string(encoded))
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
					assert.Equal(t, test.err.Error(), fmt.Sprintf(verb, value))
				}
				assert.Equal(t, fmt.Sprintf("%q", test.err.Error()), fmt.Sprintf("%q", value))
				var log bytes.Buffer
				slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", value)
				for _, text := range []string{log.String(), fmt.Sprint(value)} {
					assert.NotContains(t, text, mobile)
					assert.Contains(t, text, "load.journal")
				}
			}
			var form map[string]any
			require.NoError(t, json.Unmarshal([]byte(test.form), &form))
			properties := schema.Defs[form["type"].(string)].Properties
			assert.Len(t, form, len(properties))
			for member := range form {
				assert.Contains(t, properties, member)
			}
		})
	}
}
