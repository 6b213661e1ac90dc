package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestWithoutArgumentsSampleInvoicesGoIntoTheBuiltInSimulator(t *testing.T) {
	t.Parallel()
	results := filepath.Join(t.TempDir(), "r")
	synctest.Test(t, func(t *testing.T) {
		var e etl
		e.run(t, "-results", results)
		e.statusIs(t, 0)
		assert.Contains(t, e.stderr, "nothing leaves this process")
		assert.Regexp(t, `^etl: 20000 records: applied 20000, duplicate 0, refused 0, unknown 0, not-sent 0; `+
			`calls \d+, wasted \d+, attempts \d+, retries [1-9]\d*, limit 100, elapsed `, e.lastLine())
		assert.Equal(t, 20_000, e.sim.Stats().ItemsApplied)
		assert.Zero(t, e.sim.Stats().SameCustomerInFlight)
		assert.Positive(t, e.sim.Stats().ItemsBusy, "the default shows retries")
	})
	assert.Len(t, readResults(t, results), 20_000)
}

func TestSampleInvoicesForV1(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var e etl
		e.run(t, fields(calm+"-generate 250 -endpoint v1.1/transaction/add")...)
		e.statusIs(t, 0)
		assert.Equal(t, 250, e.sim.Stats().ItemsApplied)
		assert.Zero(t, e.sim.Stats().SameCustomerInCall, "the customer was found in the item")
	})
}

func TestExitStatusTellsHowTheLoadWent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args, stdin string
		setup       func(*clienttest.Simulator)
		status      int
		outcomes    []string
	}{
		"nothing to load":     {"-", "\n", nil, 0, []string{}},
		"everything applied":  {"-", bill("1", "a") + "\n" + bill("2", "b") + "\n", nil, 0, []string{"applied", "applied"}},
		"some are duplicates": {"-", bill("1", "a") + "\n" + bill("1", "a") + "\n", nil, 0, []string{"applied", "duplicate"}},
		"one is refused":      {"-", bill("1", "a") + "\n" + bill("2", "") + "\n", nil, 3, []string{"applied", "refused"}},
		"one cannot be read":  {"-", bill("1", "a") + "\n{]\n" + bill("2", "b"), nil, 3, []string{"applied", "refused", "applied"}},
		"none can be read":    {"-format ndjson -", "a\nb\n", nil, 3, []string{"refused", "refused"}},
		"one stays busy":      {"-max-attempts 2 -sim-item-busy 1 -", bill("1", "a"), nil, 3, []string{"refused"}},
		"the outcome is unknown": {
			"-", bill("1", "a"), func(sim *clienttest.Simulator) { sim.Script(clienttest.Answer{After: true, Cut: true}) }, 3, []string{"unknown"},
		},
		"the credentials are refused": {
			"-", bill("1", "a") + "\n{]\n" + bill("2", "b"),
			func(sim *clienttest.Simulator) {
				sim.Script(clienttest.Answer{Status: 401, Body: `{"errors":[{"status":false,"code":401,"message":"no"}]}`})
			},
			1,
			[]string{"refused", "refused", "not-sent"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := filepath.Join(t.TempDir(), "r")
			synctest.Test(t, func(t *testing.T) {
				e := etl{stdin: tt.stdin, setup: tt.setup}
				// One item a call, so that what stops the load meets one of them.
				e.run(t, fields(calm+"-max-batch 1 -concurrency 1 -results "+results+" "+tt.args)...)
				e.statusIs(t, tt.status)
				assert.Contains(t, e.lastLine(), "records: applied")
			})
			assert.Equal(t, tt.outcomes, outcomes(readResults(t, results)))
		})
	}
}

func TestResultsLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead, unknown := filepath.Join(dir, "r"), filepath.Join(dir, "d"), filepath.Join(dir, "u")
	in := strings.Join([]string{
		bill("536365", "17850"), "", bill("536365", "17850"), `{"billNumber":"2"}`, "[]", bill("3", "<b>"),
	}, "\n")
	e := etl{stdin: in}
	e.run(t, fields(calm+"-sim-latency 0 -results "+results+" -dead-letter "+dead+" -unknown "+unknown+" -")...)
	e.statusIs(t, 3)
	got := readResults(t, results)
	require.Len(t, got, 5)
	for i := range 3 {
		assert.NotEmpty(t, got[i].RequestID)
	}
	assert.Equal(t, resultLine{Row: 1, ID: "536365", Key: "17850", Outcome: caperrors.Applied, Attempts: 1, RequestID: got[0].RequestID}, got[0])
	assert.Equal(t, resultLine{
		Row: 2, ID: "536365", Key: "17850", Outcome: caperrors.Duplicate, Code: 604, Message: "Transaction number already exists",
		Attempts: 1, RequestID: got[1].RequestID,
	}, got[1])
	assert.Equal(t, resultLine{
		Row: 3, ID: "2", Outcome: caperrors.Refused, Code: 8015, Message: "Customer not found for the given identifiers",
		Attempts: 1, RequestID: got[2].RequestID,
	}, got[2])
	assert.Equal(t, resultLine{Row: 4, Outcome: caperrors.Refused, Message: "line 5: is not a JSON object"}, got[3])
	assert.Equal(t, "<b>", got[4].Key)

	text := readFile(t, results)
	assert.Contains(t, text, `"key":"<b>"`, "nothing is escaped without need")
	for line := range strings.Lines(text) {
		if strings.Contains(line, `"row":2`) {
			assert.Equal(t, []string{"row", "id", "key", "outcome", "code", "message", "attempts", "request_id"}, lineOf(t, line))
		}
		if strings.Contains(line, `"row":4`) {
			assert.Equal(t, []string{"row", "outcome", "message", "attempts"}, lineOf(t, line), "empty members are left out")
		}
	}
	assert.Equal(t, []string{`{"billNumber":"2"}`, ""}, strings.Split(readFile(t, dead), "\n"), "not the row that could not be read")
	assert.Empty(t, readFile(t, unknown))
	assert.Contains(t, e.stderr, "etl: 1 refused, code 8015, such as: Customer not found for the given identifiers\n")
}

func TestTransientsThatOutlastTheAttemptsAreRefusedAsSuch(t *testing.T) {
	t.Parallel()
	results := filepath.Join(t.TempDir(), "r")
	synctest.Test(t, func(t *testing.T) {
		e := etl{stdin: bill("1", "a")}
		e.run(t, fields(calm+"-sim-item-busy 1 -max-attempts 3 -results "+results+" -")...)
		e.statusIs(t, 3)
		assert.Contains(t, e.lastLine(), "attempts 3, retries 2")
	})
	got := readResults(t, results)
	assert.Equal(t, []resultLine{{
		Row: 1, ID: "1", Key: "a", Outcome: caperrors.Refused, Code: 521, Message: "Another action is in progress for the customer",
		Attempts: 3, RequestID: got[0].RequestID, Transient: true,
	}}, got)
}

func TestKeyAndIDCanBeFieldsOfTheCallersChoice(t *testing.T) {
	t.Parallel()
	in := `{"identifierValue":"a","billNumber":"1","who":{"card":"c-9"},"ref":[{"no":77}]}` + "\n" +
		`{"identifierValue":"b","billNumber":"2","who":{"card":"c-9"}}`
	results := filepath.Join(t.TempDir(), "r")
	e := etl{stdin: in}
	e.run(t, fields(calm+"-sim-latency 0 -key who.card -id ref.0.no -results "+results+" -")...)
	e.statusIs(t, 0)
	got := readResults(t, results)
	require.Len(t, got, 2)
	assert.Equal(t, []string{"c-9", "77", "c-9", ""}, []string{got[0].Key, got[0].ID, got[1].Key, got[1].ID})
	assert.Equal(t, 2, e.sim.Stats().Calls, "items of one key do not share a call")

	e.run(t, fields(calm+"-sim-latency 0 -key who.crad -")...)
	e.statusIs(t, 0)
	assert.Contains(t, e.stderr, "no item had anything at -key who.crad")
}

func TestV1ItemsHaveTheirCustomerInside(t *testing.T) {
	t.Parallel()
	in := `{"number":"1","customer":{"mobile":"","email":"a@example.com","external_id":"x"}}` + "\n" +
		`{"number":"2","customer":{"mobile":"","email":"a@example.com"}}` + "\n" + `{"number":"3","customer":{}}`
	results := filepath.Join(t.TempDir(), "r")
	e := etl{stdin: in}
	e.run(t, fields(calm+"-sim-latency 0 -endpoint v1.1/transaction/add -results "+results+" -")...)
	e.statusIs(t, 3)
	got := readResults(t, results)
	require.Len(t, got, 3)
	assert.Equal(t, []string{"applied", "applied", "refused"}, outcomes(got))
	assert.Equal(t, "a@example.com", got[0].Key, "the first identifier that is not empty")
	assert.Equal(t, caperrors.Code(600), got[1].Code)
	assert.Equal(t, caperrors.Code(606), got[2].Code)
}

func TestDeadLettersCanBeLoadedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second.ndjson")
	var in strings.Builder
	want := map[string]bool{}
	for i := range 300 {
		number := fmt.Sprintf("n<%d>", i)
		want[number] = true
		fmt.Fprintf(&in, "{ \"billNumber\" : %q,\t\"identifierValue\":\"c%d\" }\n", number, i%70)
	}
	synctest.Test(t, func(t *testing.T) {
		e := etl{stdin: in.String()}
		e.run(t, fields(calm+"-sim-item-busy 0.5 -max-attempts 1 -dead-letter "+first+" -")...)
		e.statusIs(t, 3)
		applied := appliedNumbers(e.sim)
		left := strings.Count(readFile(t, first), "\n")
		require.Positive(t, left)
		assert.Equal(t, 300, len(applied)+left)

		again := etl{}
		again.run(t, fields(calm+"-dead-letter "+second+" -format ndjson "+first)...)
		again.statusIs(t, 0)
		for _, number := range append(applied, appliedNumbers(again.sim)...) {
			assert.True(t, want[number], number)
			delete(want, number)
		}
		assert.Empty(t, want, "every item was applied once, in one load or the other")
		assert.Empty(t, readFile(t, second))
	})
}

func TestCutConnectionsAreReportedOrSentAgain(t *testing.T) {
	t.Parallel()
	for mode, after := range map[string]string{"report": "unknown", "resend": "duplicate"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			results, unknown := filepath.Join(dir, "r"), filepath.Join(dir, "u")
			synctest.Test(t, func(t *testing.T) {
				e := etl{
					stdin: bill("1", "a") + "\n" + bill("2", "b") + "\n" + bill("3", "a") + "\n",
					setup: func(sim *clienttest.Simulator) { sim.Script(clienttest.Answer{After: true, Cut: true}) },
				}
				e.run(t, fields(calm+"-on-unknown "+mode+" -results "+results+" -unknown "+unknown+" -")...)
				assert.Zero(t, e.sim.Stats().DuplicateApplied)
				assert.ElementsMatch(t, []string{"1", "2", "3"}, appliedNumbers(e.sim))
			})
			got := readResults(t, results)
			require.Len(t, got, 3)
			assert.Equal(t, []string{after, after, "applied"}, outcomes(got))
			if mode == "resend" {
				assert.True(t, got[0].AfterUnknown)
				assert.Equal(t, 2, got[0].Attempts)
				assert.Empty(t, readFile(t, unknown))
				return
			}
			assert.NotEmpty(t, got[0].Message, "why it is unknown")
			assert.ElementsMatch(t, []string{bill("1", "a"), bill("2", "b")}, strings.Fields(readFile(t, unknown)))
		})
	}
}

func TestOnKeyFailureHoldKeepsTheCustomersLaterItems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead := filepath.Join(dir, "r"), filepath.Join(dir, "d")
	synctest.Test(t, func(t *testing.T) {
		e := etl{
			stdin: bill("1", "a") + "\n" + bill("2", "a") + "\n" + bill("3", "b") + "\n",
			setup: func(sim *clienttest.Simulator) { sim.Script(clienttest.Answer{Cut: true}) },
		}
		e.run(t, fields(calm+"-on-key-failure hold -max-batch 1 -results "+results+" -dead-letter "+dead+" -")...)
		e.statusIs(t, 3)
		assert.Equal(t, []string{"3"}, appliedNumbers(e.sim))
	})
	got := readResults(t, results)
	assert.Equal(t, []string{"unknown", "not-sent", "applied"}, outcomes(got))
	assert.Equal(t, "an earlier item of the same key was not applied", got[1].Message)
	assert.Equal(t, bill("2", "a")+"\n", readFile(t, dead))
}

func TestRPMPacesTheCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var e etl
		start := time.Now()
		// 20 calls of 50 items at 60 a minute; one more a minute would meet 429.
		e.run(t, fields(calm+"-generate 1000 -max-batch 50 -sim-limit 50 -sim-rpm 60 -rpm 60")...)
		e.statusIs(t, 0)
		assert.Zero(t, e.sim.Stats().OverRate)
		assert.GreaterOrEqual(t, time.Since(start), 19*time.Second)
	})
}

func TestMaxBatchAndConcurrencyAreBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var e etl
		e.run(t, fields(calm+"-generate 1000 -max-batch 7 -concurrency 2")...)
		e.statusIs(t, 0)
		assert.LessOrEqual(t, e.sim.Stats().MaxInFlight, 2)
		for _, call := range e.sim.Calls() {
			assert.LessOrEqual(t, call.Items, 7)
		}
	})
}

func TestATryThatTakesTooLongIsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := etl{stdin: bill("1", "a")}
		start := time.Now()
		e.run(t, fields(calm+"-timeout 3s -sim-latency 1m -")...)
		e.statusIs(t, 3)
		assert.Contains(t, e.lastLine(), "unknown 1,")
		assert.Less(t, time.Since(start), 10*time.Second)
	})
}

func TestInterruptedLoadWritesDownEverythingItRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead, unknown := filepath.Join(dir, "r"), filepath.Join(dir, "d"), filepath.Join(dir, "u")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 1230*time.Millisecond, context.Canceled)
		defer cancel()
		var e etl
		start := time.Now()
		e.runUntil(ctx, fields(calm+"-results "+results+" -dead-letter "+dead+" -unknown "+unknown)...)
		assert.Less(t, time.Since(start), 1400*time.Millisecond)
		e.statusIs(t, 1)
		got := readResults(t, results)
		count := map[string]int{}
		for _, word := range outcomes(got) {
			count[word]++
		}
		assert.Positive(t, count["applied"])
		assert.Positive(t, count["not-sent"])
		assert.Less(t, len(got), 20_000)
		assert.Len(t, e.sim.Applied(), count["applied"], "who leaves during the latency leaves nothing done")
		assert.Equal(t, count["not-sent"], strings.Count(readFile(t, dead), "\n"))
		assert.Equal(t, count["unknown"], strings.Count(readFile(t, unknown), "\n"))
		assert.Contains(t, e.stderr, "etl: stopped: interrupted\n")
		assert.Contains(t, e.stderr, fmt.Sprintf("what comes after record %d was not read", len(got)))
		assert.Contains(t, e.lastLine(), fmt.Sprintf("%d records: applied %d,", len(got), count["applied"]))
	})
}

func TestInterruptWaitsForWhatIsInFlight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead := filepath.Join(dir, "r"), filepath.Join(dir, "d")
	synctest.Test(t, func(t *testing.T) {
		drain := make(chan struct{})
		e := etl{drain: drain}
		// Calls take a second: the fourth and those beside it are half way.
		time.AfterFunc(3500*time.Millisecond, func() { close(drain) })
		start := time.Now()
		e.run(t, fields(calm+"-sim-latency 1s -results "+results+" -dead-letter "+dead)...)
		e.statusIs(t, statusFailed)
		assert.Less(t, time.Since(start), 4600*time.Millisecond)
		got := readResults(t, results)
		count := map[string]int{}
		for _, word := range outcomes(got) {
			count[word]++
		}
		assert.Positive(t, count["applied"])
		assert.Positive(t, count["not-sent"])
		assert.Zero(t, count["unknown"], "what was in flight has its answer")
		assert.Len(t, e.sim.Applied(), count["applied"])
		// A call that was refused as too large has told of its items that they are refused.
		assert.Equal(t, count["not-sent"]+count["refused"], strings.Count(readFile(t, dead), "\n"))
		assert.Regexp(t, `etl: interrupted: nothing more is sent, waiting for [1-4] calls? in flight; once more stops at once\n`, e.stderr)
		assert.Contains(t, e.stderr, "etl: stopped: interrupted\n")
		assert.Contains(t, e.stderr, fmt.Sprintf("etl: to go on: load %s, then load the input from record %d on\n", dead, len(got)+1))
	})
}

func TestInterruptAfterAllIsSentChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		drain := make(chan struct{})
		e := etl{stdin: bill("1", "a"), drain: drain}
		time.AfterFunc(500*time.Millisecond, func() { close(drain) })
		e.run(t, fields(calm+"-sim-latency 1s -")...)
		assert.Contains(t, e.lastLine(), "applied 1,")
		assert.NotContains(t, e.stderr, "was not read")
		assert.NotContains(t, e.stderr, "to go on")
	})
}

func TestInterruptDuringTheRestOfTheInputOfAStoppedLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		drain := make(chan struct{})
		r, w := io.Pipe()
		defer w.Close()
		go func() { _, _ = io.WriteString(w, bill("1", "a")+"\n"+bill("2", "b")+"\n") }()
		time.AfterFunc(time.Minute, func() { close(drain) })
		var stderr bytes.Buffer
		c := command{stdin: r, stdout: io.Discard, stderr: &stderr, getenv: func(string) string { return "" }, draining: drain}
		c.simulated = func(sim *clienttest.Simulator) {
			sim.Script(clienttest.Answer{Status: 401, Body: `{"errors":[{"status":false,"code":401,"message":"no"}]}`})
		}
		start := time.Now()
		assert.Equal(t, statusFailed, c.run(t.Context(), fields(calm+"-")))
		assert.Equal(t, time.Minute, time.Since(start).Round(time.Second))
	})
}

func TestInterruptDoesNotWaitForAnInputThatIsSilent(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"before its first byte": "", "after a record": bill("1", "a") + "\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				defer w.Close() // the reader left behind ends with it
				if first != "" {
					go func() { _, _ = io.WriteString(w, first) }()
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				var stderr strings.Builder
				start := time.Now()
				status := run(ctx, fields(calm+"-"), r, io.Discard, &stderr, func(string) string { return "" })
				assert.Equal(t, 1, status)
				assert.Less(t, time.Since(start), 11*time.Second)
				if first != "" {
					assert.Contains(t, stderr.String(), "1 records: applied 1,")
					assert.Contains(t, stderr.String(), "what comes after record 1 was not read")
				}
			})
		})
	}
}

func TestInterruptEndsTheReadingOfAnInputWithoutGoodRecords(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := &bad{at: 100, cancel: cancel}
	var stderr strings.Builder
	status := run(ctx, fields(calm+"-format ndjson -"), in, io.Discard, &stderr, func(string) string { return "" })
	assert.Equal(t, 1, status, "%s", stderr.String())
	assert.LessOrEqual(t, in.reads.Load(), in.at+1, "nobody reads on")

	drain := make(chan struct{})
	in = &bad{at: 100, cancel: func() { close(drain) }}
	stderr.Reset()
	c := command{stdin: in, stdout: io.Discard, stderr: &stderr, getenv: func(string) string { return "" }, draining: drain}
	assert.Equal(t, 1, c.run(t.Context(), fields(calm+"-format ndjson -")), "%s", stderr.String())
	assert.LessOrEqual(t, in.reads.Load(), in.at+1, "nor after the first interrupt")
	assert.Contains(t, stderr.String(), "etl: stopped: interrupted\n")
}

// bad is an endless input of what is no record. It interrupts the load at a read.
type bad struct {
	at     int64
	cancel func()
	reads  atomic.Int64
}

func (b *bad) Read(p []byte) (int, error) {
	if b.reads.Add(1) == b.at {
		b.cancel()
	}
	return copy(p, "[]\n"), nil
}

func TestInputThatFailsEndsTheLoadAfterWhatWasRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, bill("1", "a")+"\n"+bill("2", "b")+"\n{\"cut")
			w.CloseWithError(io.ErrUnexpectedEOF)
		}()
		var stderr strings.Builder
		status := run(t.Context(), fields(calm+"-"), r, io.Discard, &stderr, func(string) string { return "" })
		assert.Equal(t, 1, status)
		assert.Contains(t, stderr.String(), "stopped: read the input: unexpected EOF\n")
		assert.Contains(t, stderr.String(), "2 records: applied 2,")
		assert.Contains(t, stderr.String(), "what comes after record 2 was not read")
	})
}

func TestStoppedLoadStillGivesEveryRecordItsLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead := filepath.Join(dir, "r"), filepath.Join(dir, "d")
	synctest.Test(t, func(t *testing.T) {
		e := etl{setup: func(sim *clienttest.Simulator) {
			opts := sim.Options()
			opts.Password = "another"
			sim.SetOptions(opts)
		}}
		e.run(t, fields(calm+"-results "+results+" -dead-letter "+dead)...)
		e.statusIs(t, 1)
		assert.Contains(t, e.stderr, "etl: stopped: ")
		assert.Contains(t, e.stderr, "401")
		assert.NotContains(t, e.stderr, "was not read")
		assert.LessOrEqual(t, e.sim.Stats().Calls, 4)
	})
	assert.Len(t, readResults(t, results), 20_000, "window and all")
	assert.Equal(t, 20_000, strings.Count(readFile(t, dead), "\n"))
}

func TestRealServerAndCredentialsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"Basic": {"CAPILLARY_USERNAME": "till", "CAPILLARY_PASSWORD": "p"},
		"OAuth": {"CAPILLARY_KEY": "k", "CAPILLARY_SECRET": "s", "CAPILLARY_USERNAME": ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{BatchLimit: 20, Username: "till", Password: "p", Key: "k", Secret: "s"})
			srv, err := sim.Listen("127.0.0.1:0")
			require.NoError(t, err)
			defer srv.Close()
			env["CAPILLARY_BASE_URL"] = srv.URL + "/"
			e := etl{env: env}
			e.run(t, "-generate", "200")
			e.statusIs(t, 0)
			assert.Nil(t, e.sim, "the built-in one is not started")
			assert.Equal(t, 200, sim.Stats().ItemsApplied)
			assert.Zero(t, sim.Stats().Unauthorized)

			// The environment names the URL, and the flag says otherwise.
			e.run(t, "-base-url", "", "-generate", "20")
			e.statusIs(t, 0)
			assert.NotNil(t, e.sim)
			assert.Equal(t, 200, sim.Stats().ItemsApplied)
		})
	}
}

func TestBadRecordAmongManyDoesNotFailItsNeighbours(t *testing.T) {
	t.Parallel()
	results := filepath.Join(t.TempDir(), "r")
	poison := func(r *http.Request) *clienttest.Answer {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), `"poison"`) {
			return &clienttest.Answer{Status: 400, Body: `{"errors":[{"status":false,"code":400,"message":"invalid input"}]}`}
		}
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		var in strings.Builder
		for i := range 50 {
			in.WriteString(bill(strconv.Itoa(i), fmt.Sprint("c", i)) + "\n")
		}
		in.WriteString(bill("poison", "x"))
		e := etl{stdin: in.String(), setup: func(sim *clienttest.Simulator) {
			opts := sim.Options()
			opts.Script = poison
			sim.SetOptions(opts)
		}}
		e.run(t, fields(calm+"-results "+results+" -")...)
		e.statusIs(t, 3)
		assert.Len(t, e.sim.Applied(), 50)
	})
	got := readResults(t, results)
	require.Len(t, got, 51)
	assert.Equal(t, caperrors.Refused, got[50].Outcome)
	assert.Equal(t, caperrors.Code(400), got[50].Code)
}

func TestTemplateErrorsRefuseTheirRowsOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead := filepath.Join(dir, "r"), filepath.Join(dir, "d")
	in := "InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice\r\n" +
		"1,12/1/2010 8:26,a,UK,40,3.91\r\n" +
		"2,yesterday,a,UK,40,3.91\r\n" +
		"3,12/1/2010 8:26,b,UK,many,3.91\r\n" +
		"4,12/1/2010 8:26\r\n" +
		"5,12/1/2010 8:26,c,\"United\r\nKingdom\",1,1\r\n" +
		"6,12/1/2010 8:26,(blank),UK,1,1\r\n"
	e := etl{stdin: in}
	e.run(t, fields(calm+"-sim-latency 0 -template templates/online-retail.tmpl -results "+results+" -dead-letter "+dead+" -")...)
	e.statusIs(t, 3)
	got := readResults(t, results)
	assert.Equal(t, []string{"applied", "refused", "refused", "refused", "applied", "refused"}, outcomes(got))
	assert.Contains(t, got[1].Message, `line 3: template: `)
	assert.Contains(t, got[1].Message, `"yesterday"`)
	assert.Contains(t, got[2].Message, `line 4: template: `)
	assert.Equal(t, "line 5: has 2 columns, the header has 6", got[3].Message)
	assert.Equal(t, caperrors.Code(8015), got[5].Code)
	assert.Equal(t, 1, strings.Count(readFile(t, dead), "\n"), "the one that has a body")
}

func TestHugeItemIsSentWhole(t *testing.T) {
	t.Parallel()
	e := etl{
		stdin: `{"billNumber":"1","identifierValue":"a","note":"` + strings.Repeat("x", 5<<20) + `"}` + "\n" + bill("2", "a"),
		setup: func(sim *clienttest.Simulator) {
			opts := sim.Options()
			opts.KeepBodies = true
			sim.SetOptions(opts)
		},
	}
	e.run(t, fields(calm+"-sim-latency 0 -")...)
	e.statusIs(t, 0)
	applied := e.sim.Applied()
	require.Len(t, applied, 2)
	assert.Greater(t, len(applied[0].Body), 5<<20)
	assert.Equal(t, "2", applied[1].Number)
}

func TestOutputFilesAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r")
	e := etl{stdin: bill("1", "a")}
	e.run(t, fields(calm+"-sim-latency 0 -results "+path+" -")...)
	e.statusIs(t, 0)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "customers' data is nobody else's business")
}
