package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPartitionsAreSpreadEvenlyAndStayPut(t *testing.T) {
	t.Parallel()
	for workers := 1; workers <= 9; workers++ {
		var ids []string
		for i := range workers {
			ids = append(ids, "worker-"+string(rune('a'+i)))
		}
		owners := assign(ids, 24)
		held := make(map[string]int)
		for _, id := range owners {
			held[id]++
		}
		for _, id := range ids {
			assert.InDelta(t, 24/workers, held[id], 1, "%d workers", workers)
		}
		reversed := make([]string, workers)
		for i, id := range ids {
			reversed[workers-1-i] = id
		}
		assert.Equal(t, owners, assign(reversed, 24), "whoever works it out")
		moved := 0
		for p, id := range assign(append(ids, "new"), 24) {
			if id != "new" && id != owners[p] {
				moved++
			}
		}
		assert.LessOrEqual(t, moved, 12, "most stay where they are")
	}
	assert.Equal(t, []string{""}, assign(nil, 1))
	assert.Len(t, assign([]string{"a", "b", "c"}, 2), 2, "more workers than partitions")
}

func TestSubjectsTellNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	j := &job{name: "load", salt: []byte("salt")}
	j.Partitions = 12
	valid := regexp.MustCompile(`^load\.item\.\d+\.[ki][0-9a-f]{32}$`)
	seen := make(map[string]string)
	for _, customer := range []string{
		"447700900001", "ann@example.com", "a b", "a.b", "*", ">", "k", "", "Ünï", strings.Repeat("x", 10_000), "\x00", "a\x00b",
	} {
		p := j.placeOf(customer, "bill-1")
		subject := j.itemSubject(p)
		assert.Regexp(t, valid, subject)
		assert.Less(t, p.partition, 12)
		assert.Equal(t, p, j.placeOf(customer, "bill-1"))
		if customer != "" {
			assert.Equal(t, p, j.placeOf(customer, "bill-2"), "a customer has one place")
		}
		token, keyed := tokenOf(subject)
		assert.Equal(t, p.token, token)
		assert.Equal(t, customer != "", keyed)
		assert.Empty(t, seen[subject], "%q", customer)
		seen[subject] = customer
	}
	assert.NotEqual(t, j.placeOf("", "bill-1"), j.placeOf("", "bill-2"), "without a customer they are spread")
	other := &job{name: "load", salt: []byte("another")}
	other.Partitions = 12
	assert.NotEqual(t, j.placeOf("ann", "").token, other.placeOf("ann", "").token, "each job has names of its own")
}

func TestAShareFollowsThePartitions(t *testing.T) {
	t.Parallel()
	s := newShare(1200, 12) // 20 calls a second
	s.moved(1)
	assert.InDelta(t, 20.0/12, s.rate(), 1e-9)
	s.moved(1)
	s.moved(1)
	assert.InDelta(t, 5.0, s.rate(), 1e-9)
	s.moved(-1)
	assert.InDelta(t, 20.0*2/12, s.rate(), 1e-9)
	assert.Zero(t, newShare(0, 12).rate(), "no limit")
	require.NoError(t, newShare(0, 12).wait(t.Context()))
}

func TestAMessageIsNotDeliveredAgainWhileACallMayRun(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{100 * time.Millisecond, time.Second, 30 * time.Second, 10 * time.Minute} {
		s := settings{Timeout: timeout}
		// The last sign of life was up to a beat before the call began; the call takes its bound, and the server as long again.
		assert.Greater(t, s.ackWait(), s.beat()+2*s.longestSend())
		assert.Less(t, 3*s.beat(), s.ackWait(), "signs of life may be lost")
	}
}

func TestEachLineIsAnItem(t *testing.T) {
	t.Parallel()
	var got []string
	for in, err := range ndjson(strings.NewReader("{\"a\":1}\n\n  {\"a\":1} \r\nnot json\n")) {
		require.NoError(t, err)
		got = append(got, in.ID+" "+string(in.Body))
	}
	assert.Equal(t, []string{`line-1 {"a":1}`, `line-3 {"a":1}`, `line-4 not json`}, got)
	for in, err := range ndjson(strings.NewReader("{}\n" + strings.Repeat("x", maxLine+1))) {
		if in.ID == "" {
			require.ErrorContains(t, err, "line 2: ")
			continue
		}
		require.NoError(t, err)
	}
}

func TestWhatTheCommandLineRefuses(t *testing.T) {
	t.Parallel()
	env := map[string]string{"NATS_URL": "nats://x", "CAPILLARY_USERNAME": "till", "CAPILLARY_PASSWORD": "secret", "CAPILLARY_BASE_URL": "https://x"}
	tests := map[string]struct {
		args    []string
		without string
		want    int
	}{
		"no such role":                 {[]string{"dance"}, "", exitUsage},
		"help":                         {[]string{"work", "-h"}, "", exitDone},
		"a flag of another role":       {[]string{"watch", "-rpm", "1"}, "", exitUsage},
		"a job with a dot":             {[]string{"watch", "-job", "a.b"}, "", exitUsage},
		"no server":                    {[]string{"watch"}, "NATS_URL", exitUsage},
		"no credentials":               {[]string{"work"}, "CAPILLARY_USERNAME", exitUsage},
		"no API":                       {[]string{"work"}, "CAPILLARY_BASE_URL", exitUsage},
		"no partitions":                {[]string{"produce", "-partitions", "0"}, "", exitUsage},
		"a negative rate":              {[]string{"work", "-rpm", "-1"}, "", exitUsage},
		"a file that was forgotten":    {[]string{"produce"}, "", exitUsage},
		"an API for the demo":          {[]string{"demo", "-base-url", "https://localhost"}, "", exitUsage},
		"two files":                    {[]string{"produce", "a", "b"}, "", exitUsage},
		"no file where one is wanted":  {[]string{"demo", "a"}, "", exitUsage},
		"a server that is not there":   {[]string{"watch"}, "", exitFailed},
		"a time that is none":          {[]string{"produce", "-timeout", "soon"}, "", exitUsage},
		"a worker without an identity": {[]string{"work", "-base-url", ""}, "", exitUsage},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			getenv := func(key string) string {
				if key == tt.without {
					return ""
				}
				if key == "NATS_URL" {
					return "nats://127.0.0.1:1"
				}
				return env[key]
			}
			var out, errs bytes.Buffer
			assert.Equal(t, tt.want, run(t.Context(), tt.args, &out, &errs, getenv), errs.String())
			assert.NotContains(t, errs.String()+out.String(), "secret")
		})
	}
}
