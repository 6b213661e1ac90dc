package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		env    map[string]string
		status int
		says   string
	}{
		"a role that is none": {args: []string{"sleep"}, env: map[string]string{"KAFKA_BROKERS": "localhost:1"}, status: exitUsage, says: "there are demo, produce, work and watch"},
		"help":                {args: []string{"work", "-h"}, status: exitDone, says: "-rpm"},
		"no brokers":          {args: []string{"watch"}, status: exitUsage, says: "KAFKA_BROKERS"},
		"a worker needs to know whom to call": {
			args: []string{"work"}, env: map[string]string{"KAFKA_BROKERS": "localhost:1"}, status: exitUsage, says: "CAPILLARY_USERNAME",
		},
		"all faults at once": {
			args: []string{"produce", "-partitions", "0", "-timeout", "1ms"}, env: map[string]string{"KAFKA_BROKERS": "localhost:1"},
			status: exitUsage, says: "-partitions must be",
		},
		"a file that was forgotten": {
			args: []string{"produce"}, env: map[string]string{"KAFKA_BROKERS": "localhost:1"}, status: exitUsage, says: "name the FILE",
		},
		"an API for the demo": {args: []string{"-base-url", "https://localhost"}, status: exitUsage, says: "distributed-kafka work"},
		"too many arguments": {
			args: []string{"produce", "a", "b"}, env: map[string]string{"KAFKA_BROKERS": "localhost:1"}, status: exitUsage, says: "too many arguments",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			status := run(t.Context(), test.args, &out, &errs, func(name string) string { return test.env[name] })
			assert.Equal(t, test.status, status)
			assert.Contains(t, errs.String(), test.says)
		})
	}
}

func TestBrokersAreSeparatedByCommas(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"k1:9092", "k2:9092"}, brokerList("k1:9092, k2:9092,"))
	assert.Empty(t, brokerList(""))
}

func TestLinesOfAFileAreItems(t *testing.T) {
	t.Parallel()
	var got []input
	for in, err := range ndjson(strings.NewReader("{\"a\":1}\n\n {\"a\":1} \nx\n")) {
		require.NoError(t, err)
		got = append(got, in)
	}
	assert.Equal(t, []input{
		{ID: "line-1", Body: []byte(`{"a":1}`)}, {ID: "line-3", Body: []byte(`{"a":1}`)}, {ID: "line-4", Body: []byte("x")},
	}, got, "two that are alike are two; what cannot be read is an item, too")
	var failed error
	for _, err := range ndjson(strings.NewReader(strings.Repeat("x", maxLine+1))) {
		failed = err
	}
	require.Error(t, failed, "a line without an end")
}
