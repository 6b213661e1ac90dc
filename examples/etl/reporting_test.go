package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestReportIsWrittenHoweverTheLoadEnds(t *testing.T) {
	t.Parallel()
	refused := clienttest.Answer{Status: 401, Body: `{"errors":[{"status":false,"code":401,"message":"no"}]}`}
	tests := map[string]struct {
		stdin  string
		setup  func(*clienttest.Simulator)
		cancel time.Duration
		status int
		says   []string
	}{
		"all done": {stdin: bill("1", "a"), status: statusDone, says: []string{"Finished; 1 record, all applied or duplicates", "exit status 0"}},
		"some are refused": {
			stdin: bill("B-7", "") + "\n" + bill("2", "b"), status: statusSome,
			says: []string{"1 of 2 records not done", "8015", "customer not found", "B-7", "exit status 3"},
		},
		"the credentials are refused": {
			stdin: bill("1", "a") + "\n" + bill("2", "b"), status: statusFailed,
			setup: func(sim *clienttest.Simulator) { sim.Script(refused, refused, refused, refused) },
			says:  []string{"The load could not finish", "exit status 1"},
		},
		"interrupted": {
			stdin: strings.Repeat(bill("1", "a")+"\n", 20_000), cancel: 500 * time.Millisecond, status: statusFailed,
			says: []string{"The load could not finish", "interrupted", "The input was read up to record"},
		},
		"nothing to load": {stdin: "\n", status: statusDone, says: []string{"there were no records"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "report.html")
			require.NoError(t, os.WriteFile(path, []byte("of the last load"), 0o600))
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := t.Context(), context.CancelFunc(func() {})
				if tt.cancel > 0 {
					ctx, stop = context.WithTimeout(ctx, tt.cancel)
				}
				defer stop()
				e := etl{stdin: tt.stdin, setup: tt.setup}
				e.runUntil(ctx, fields(calm+"-report "+path+" -")...)
				e.statusIs(t, tt.status)
				assert.Contains(t, e.stderr, "etl: report in "+path+"\n")
				assert.Contains(t, e.lastLine(), " records: ", "the summary stays the last line")
			})
			page := readFile(t, path)
			for _, want := range tt.says {
				assert.Contains(t, page, want)
			}
			assert.Contains(t, page, "</html>")
			assert.NotContains(t, page, "identifierValue", "no bodies")
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, entries, 1, "nothing else is left behind")
		})
	}
}

func TestReportHoldsNoSecretAndNoCustomer(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Username: "till.77", Password: "s3cret-word"})
	sim.Script(clienttest.Answer{Cut: true}) // so that the first customer is among the failures
	srv, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	defer srv.Close()
	path := filepath.Join(t.TempDir(), "report.html")
	e := etl{
		stdin: `{"mobile":"447700900001","email":"someone@example.com"}` + "\n" + `{"email":""}` + "\n" + `{"mobile":"447700900001"}` + "\n",
		env:   map[string]string{"CAPILLARY_USERNAME": "till.77", "CAPILLARY_PASSWORD": "s3cret-word"},
	}
	e.run(t, fields("-base-url "+srv.URL+" -endpoint v1.1/customer/add -report "+path+" -")...)
	e.statusIs(t, statusSome)
	page := readFile(t, path)
	assert.Contains(t, page, strings.TrimPrefix(srv.URL, "http://"), "the host is told")
	for _, secret := range []string{"s3cret-word", "till.77", "447700900001", "someone@example.com", "http://", "Basic "} {
		assert.False(t, strings.Contains(page, secret), secret) //nolint:testifylint // the whole page would be printed
	}
}

func TestReportThatCannotBeWrittenIsFoundBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := writeFile(t, "in.ndjson", bill("1", "a"))
	for name, tt := range map[string]struct {
		args string
		says string
	}{
		"a folder that is not there": {"-report " + filepath.Join(dir, "no", "r.html") + " " + in, "-report: no such file"},
		"a folder":                   {"-report " + dir + " " + in, "is no regular file"},
		"standard output":            {"-report - " + in, "-report wants a file"},
		"the input":                  {"-report " + in + " " + in, "the input and -report are the same file"},
		"the results":                {"-report " + dir + "/x -results " + dir + "/x " + in, "-report and -results are the same file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e etl
			e.run(t, strings.Fields(tt.args)...)
			e.statusIs(t, statusUsage)
			assert.Contains(t, e.stderr, tt.says)
			assert.Zero(t, e.sim.Stats().Calls)
		})
	}
	assert.Equal(t, bill("1", "a"), readFile(t, in))
}

func TestReportThatFailsInTheEndIsAFailure(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o700))
	synctest.Test(t, func(t *testing.T) {
		e := etl{stdin: bill("1", "a"), setup: func(*clienttest.Simulator) {
			time.AfterFunc(time.Millisecond, func() { _ = os.RemoveAll(dir) })
		}}
		e.run(t, fields(calm+"-report "+filepath.Join(dir, "r.html")+" -")...)
		e.statusIs(t, statusFailed)
		assert.Contains(t, e.stderr, "etl: stopped: -report: no such file or directory")
		assert.Contains(t, e.lastLine(), "applied 1,")
	})
}
