package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// full is a device on which nothing can be written, as on a full disk.
const full = "/dev/full"

func TestFullDiskEndsTheLoad(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(full); err != nil {
		t.Skip("there is no", full)
	}
	tests := map[string]struct {
		flag, args string
		early      bool // more is written than a buffer holds
	}{
		"results at the end":                {"results", "-generate 10", false},
		"results in the middle":             {"results", "", true},
		"dead letters":                      {"dead-letter", "-sim-item-busy 1 -max-attempts 1 -generate 10", false},
		"unknown items, every try too long": {"unknown", "-timeout 1ms -generate 10", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var e etl
				e.run(t, fields(calm+"-"+tt.flag+" "+full+" "+tt.args)...)
				e.statusIs(t, 1)
				assert.Contains(t, e.stderr, "etl: stopped: -"+tt.flag+": write /dev/full: no space left on device\n")
				assert.Contains(t, e.lastLine(), "records: applied")
				if tt.early {
					assert.Less(t, e.sim.Stats().ItemsApplied, 10_000, "what cannot be written down is not sent")
				}
			})
		})
	}
}

func TestOneFullDiskLeavesTheOtherFilesWhole(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(full); err != nil {
		t.Skip("there is no", full)
	}
	results := filepath.Join(t.TempDir(), "r")
	e := etl{stdin: bill("1", "a") + "\n" + bill("2", "") + "\n"}
	e.run(t, fields(calm+"-sim-latency 0 -dead-letter "+full+" -results "+results+" -")...)
	e.statusIs(t, 1)
	assert.Equal(t, []string{"applied", "refused"}, outcomes(readResults(t, results)))
}

func TestOutputsAreEmptiedFirst(t *testing.T) {
	t.Parallel()
	old := writeFile(t, "r", strings.Repeat("old\n", 100))
	e := etl{stdin: bill("1", "a")}
	e.run(t, fields(calm+"-sim-latency 0 -results "+old+" -")...)
	e.statusIs(t, 0)
	assert.Len(t, readResults(t, old), 1)
}

func TestNoOutputIsEmptiedIfAnotherIsRefused(t *testing.T) {
	t.Parallel()
	old := writeFile(t, "r", "old\n")
	items := writeFile(t, "items.ndjson", bill("1", "a"))
	var e etl
	e.run(t, "-results", old, "-unknown", items, items)
	e.statusIs(t, 2)
	assert.Equal(t, "old\n", readFile(t, old))
}

func TestStandardInputIsNotOverwritten(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "items.ndjson", bill("1", "a"))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var stderr bytes.Buffer
	status := run(t.Context(), []string{"-dead-letter", path, "-"}, f, nil, &stderr, func(string) string { return "" })
	assert.Equal(t, 2, status, "etl -dead-letter FILE - <FILE")
	assert.Contains(t, stderr.String(), "the input and -dead-letter are the same file")
	assert.Equal(t, bill("1", "a"), readFile(t, path))
}

func TestResultsOnStandardOutput(t *testing.T) {
	t.Parallel()
	e := etl{stdin: bill("1", "a")}
	e.run(t, fields(calm+"-sim-latency 0 -results - -")...)
	e.statusIs(t, 0)
	assert.Regexp(t, `^\{"row":1,"id":"1","key":"a","outcome":"applied","attempts":1,"request_id":"[^"]+"\}\n$`, e.stdout)
	assert.NoFileExists(t, "-")
}

func TestLinesAreWrittenOutWhileTheLoadGoesOn(t *testing.T) {
	t.Parallel()
	results := filepath.Join(t.TempDir(), "r")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		over := make(chan struct{})
		var e etl
		go func() {
			defer close(over)
			// 10 lines a second: hours until a buffer of 64 KiB is full.
			e.runUntil(ctx, fields(calm+"-max-batch 1 -rpm 600 -results "+results)...)
		}()
		<-time.After(10 * time.Second)
		assert.GreaterOrEqual(t, strings.Count(readFile(t, results), "\n"), 80)
		cancel()
		<-over
		e.statusIs(t, 1)
	})
}

func TestMessageSaysWhyIfTheServerDoesNot(t *testing.T) {
	t.Parallel()
	item := func(stop caperrors.Stop, err error) error {
		return &caperrors.ItemError{Outcome: caperrors.NotSent, Stop: stop, Err: err}
	}
	tests := map[string]struct {
		result batch.Result[record]
		want   string
	}{
		"the server's own words first": {batch.Result[record]{Message: "no", Err: item(caperrors.ErrOutage, nil)}, "no"},
		"nothing for what is applied":  {batch.Result[record]{}, ""},
		"why it was not tried again":   {batch.Result[record]{Err: item(caperrors.ErrPredecessor, nil)}, "an earlier item of the same key was not applied"},
		"the failed call":              {batch.Result[record]{Err: item(0, errors.New("cut"))}, "cut"},
		"both":                         {batch.Result[record]{Err: item(caperrors.ErrJobStopped, errors.New("cut"))}, "the job stopped before it was sent: cut"},
		"how the call ended, of what was sent": {batch.Result[record]{Err: &caperrors.ItemError{
			Outcome: caperrors.Unknown, Stop: caperrors.ErrJobStopped, Err: errors.Join(errors.New("interrupted"), errors.New("cut")),
		}}, "interrupted; cut"},
		"no reason":                     {batch.Result[record]{Err: item(0, nil)}, ""},
		"no more than 500 characters":   {batch.Result[record]{Err: item(0, errors.New(strings.Repeat("é", 501)))}, strings.Repeat("é", 500) + "…"},
		"all of exactly 500 characters": {batch.Result[record]{Err: item(0, errors.New(strings.Repeat("é", 500)))}, strings.Repeat("é", 500)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, messageOf(&tt.result))
		})
	}
}

func TestResultLineHasItsMembersInOrder(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	out, err := openOutputs(&options{results: "-"}, nil, &stdout, nil)
	require.NoError(t, err)
	out.settled(&batch.Result[record]{
		Item: record{row: 7}, ID: "i", Key: "k", Outcome: caperrors.Refused, AfterUnknown: true, Code: 521, Kind: caperrors.ErrTransient,
		Message: "m", Warnings: []caperrors.Warning{{Code: 1017}, {Code: 91016, Message: "w"}}, Attempts: 8, RequestID: "q",
	})
	out.settled(&batch.Result[record]{Item: record{row: 8}, Outcome: caperrors.Applied, Kind: caperrors.ErrTransient})
	require.NoError(t, out.close())
	out.unread(&record{row: 9, err: errTooLarge})
	assert.Equal(t, []string{
		`{"row":7,"id":"i","key":"k","outcome":"refused","code":521,"message":"m","attempts":8,"request_id":"q",` +
			`"transient":true,"after_unknown":true,"warnings":[{"code":1017},{"code":91016,"message":"w"}]}`,
		`{"row":8,"outcome":"applied","attempts":0}`, "",
	}, strings.Split(stdout.String(), "\n"))
	counts := out.snapshot()
	assert.Equal(t, 2, counts.done(), "what comes after the end is nobody's")
}
