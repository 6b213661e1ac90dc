package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// bills returns n records of customers in turn.
func bills(n, customers int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(bill(fmt.Sprintf("%d-%d", customers, i), fmt.Sprintf("c%d", i%customers)) + "\n")
	}
	return b.String()
}

func TestALoadThatWasInterruptedGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	input := at("in.ndjson")
	text := bills(300, 40) + "{broken\n" + bill("x", "") + "\n" + bills(100, 7)
	require.NoError(t, os.WriteFile(input, []byte(text), 0o600))
	flags := fields(calm + "-sim-limit 10 -sim-latency 50ms -concurrency 2 -journal " + at("j") + " -results " + at("r") +
		" -dead-letter " + at("d") + " -unknown " + at("u"))
	runs, applied := 0, 0
	synctest.Test(t, func(t *testing.T) {
		for {
			runs++
			require.Less(t, runs, 20)
			drain := make(chan struct{})
			timer := time.AfterFunc(420*time.Millisecond, func() { close(drain) })
			e := etl{drain: drain}
			e.run(t, append(flags, input)...)
			timer.Stop()
			applied += len(e.sim.Applied())
			if e.status == 3 {
				assert.Contains(t, e.lastLine(), "402 records: applied 400, duplicate 0, refused 2, unknown 0, not-sent 0;")
				break
			}
			e.statusIs(t, 1)
			assert.Contains(t, e.stderr, "give the same command again")
		}
	})
	assert.Greater(t, runs, 2)
	assert.Equal(t, 400, applied, "by all the simulators together")
	got := readResults(t, at("r"))
	require.Len(t, got, 402)
	assert.Equal(t, caperrors.Refused, got[300].Outcome)
	assert.Contains(t, got[300].Message, "line 301")
	assert.Equal(t, bill("x", "")+"\n", readFile(t, at("d")))
	assert.Empty(t, readFile(t, at("u")))
}

func TestAJournalIsOfOneLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("in"), []byte(bills(5, 5)), 0o600))
	flags := calm + "-sim-latency 0 -format ndjson -journal " + at("j") + " -results " + at("r") + " "
	synctest.Test(t, func(t *testing.T) {
		var e etl
		e.run(t, fields(flags+at("in"))...)
		e.statusIs(t, 0)
		lines := readFile(t, at("r"))

		e = etl{}
		e.run(t, fields(flags+at("in"))...)
		e.statusIs(t, 0)
		assert.Contains(t, e.lastLine(), "5 records: applied 5,")
		assert.Contains(t, e.lastLine(), "calls 0,")
		assert.Equal(t, lines, readFile(t, at("r")), "nothing was left to do")
		assert.Zero(t, e.sim.Stats().Calls)

		refused := map[string]struct {
			before func()
			args   string
			want   string
		}{
			"another input":         {func() { require.NoError(t, os.WriteFile(at("in"), []byte(bills(6, 5)), 0o600)) }, flags + at("in"), "the input was"},
			"another key":           {func() {}, flags + "-key billNumber " + at("in"), "-key was"},
			"another file":          {func() {}, calm + "-format ndjson -journal " + at("j") + " -results " + at("r2") + " " + at("in"), "-results was"},
			"standard input":        {func() {}, calm + "-journal " + at("j") + " -", "standard input cannot"},
			"standard output":       {func() {}, calm + "-journal " + at("j") + " -results - " + at("in"), "standard output cannot"},
			"a file for results":    {func() {}, calm + "-journal " + at("r") + " -results " + at("r") + " " + at("in"), "the same file"},
			"a journal that is new": {func() {}, calm + "-format ndjson -journal " + at("j2") + " -results " + at("r") + " " + at("in"), "of another load, and the journal is new"},
			"that, once more":       {func() {}, calm + "-format ndjson -journal " + at("j2") + " -results " + at("r") + " " + at("in"), "of another load, and the journal is new"},
			"no folder":             {func() {}, calm + "-format ndjson -journal " + at("no/j") + " " + at("in"), "nothing was sent"},
			"the lock":              {func() {}, calm + "-format ndjson -journal " + at("j3") + " -results " + at("j3.lock") + " " + at("in"), "the same file"},
			"a dry run":             {func() {}, "-dry-run -journal " + at("j") + " " + at("in"), "-dry-run makes none"},
		}
		for name, tt := range refused {
			held := readFile(t, at("in"))
			tt.before()
			e = etl{}
			e.run(t, fields(tt.args)...)
			if name == "a file for results" { // found when it is read
				assert.Equal(t, 1, e.status, name)
				assert.Contains(t, e.stderr, "damaged at line 1")
			} else {
				assert.Equal(t, 2, e.status, "%s: %s", name, e.stderr)
				assert.Contains(t, e.stderr, tt.want, name)
			}
			assert.Equal(t, lines, readFile(t, at("r")), "%s: nothing is lost", name)
			require.NoError(t, os.WriteFile(at("in"), []byte(held), 0o600))
		}
		require.NoError(t, os.Truncate(at("r"), 10))
		e = etl{}
		e.run(t, fields(flags+at("in"))...)
		e.statusIs(t, 2)
		assert.Contains(t, e.stderr, "-results: has 10 bytes, and the journal knows of")
	})
}

func TestWhatIsUnknownIsWaitedForAtEachStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	input := filepath.Join(dir, "in.ndjson")
	require.NoError(t, os.WriteFile(input, []byte(bills(20, 20)), 0o600))
	flags := fields(calm+"-sim-latency 4s -on-unknown resend -journal "+filepath.Join(dir, "j")+" -results "+filepath.Join(dir, "r"), input)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		var e etl
		e.runUntil(ctx, flags...)
		e.statusIs(t, 1)
		require.Contains(t, e.lastLine(), "0 records")

		drain := make(chan struct{})
		timer := time.AfterFunc(time.Second, func() { close(drain) })
		e = etl{drain: drain}
		e.run(t, flags...)
		timer.Stop()
		e.statusIs(t, 1)
		assert.Contains(t, e.stderr, "etl: going on: 0 records have their outcome, 20 were in flight")
		assert.Contains(t, e.stderr, "give the same command again")

		e = etl{}
		e.run(t, flags...)
		e.statusIs(t, 0)
		assert.Contains(t, e.stderr, "20 were in flight")
		assert.GreaterOrEqual(t, time.Since(start), 34*time.Second, "-timeout, and a call")
		assert.Contains(t, e.lastLine(), "20 records: applied 20,")
	})
	for _, line := range readResults(t, filepath.Join(dir, "r")) {
		assert.True(t, line.AfterUnknown)
	}
}

// victim is a load that is killed and started again.
type victim struct {
	t       *testing.T
	sim     *clienttest.Simulator
	args    []string
	exe     string
	env     []string
	calls   atomic.Int64 // of the process that runs
	deathAt atomic.Int64 // its call at which it is killed; 0: never
	kill    atomic.Pointer[func() error]
}

// hook is asked by the simulator about each call.
func (v *victim) hook(*http.Request) *clienttest.Answer {
	if v.calls.Add(1) == v.deathAt.Load() {
		if kill := v.kill.Load(); kill != nil {
			_ = (*kill)()
		}
	}
	return nil
}

// run starts the load, and waits for its end. It returns whether it was killed, its exit status, and what it said.
func (v *victim) run(deathAt int) (killed bool, status int, said string) {
	cmd := program(v.t, v.exe, v.args...)
	cmd.Env = append(cmd.Env, v.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	v.calls.Store(0)
	v.kill.Store(nil)
	v.deathAt.Store(int64(deathAt))
	require.NoError(v.t, cmd.Start())
	kill := cmd.Process.Kill
	v.kill.Store(&kill)
	if v.calls.Load() >= int64(deathAt) && deathAt > 0 {
		_ = kill() // it was faster
	}
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode() < 0, cmd.ProcessState.ExitCode(), stderr.String()
}

// killInput returns the input of the kill test, what it says of each record, and further flags.
func killInput(t *testing.T) (flags []string, invoices []invoice) {
	t.Helper()
	if os.Getenv("CAPILLARY_REFERENCE") != "" {
		path, rows := realInvoices(t)
		return []string{"-template", invoicesTemplate, path}, rows
	}
	const n = 12_000
	g := newGenerator(&client.TransactionsBulk, n)
	for range n {
		rec, err := g.next()
		require.NoError(t, err)
		var b struct{ IdentifierValue, BillNumber string }
		require.NoError(t, json.Unmarshal(rec.body, &b))
		invoices = append(invoices, invoice{number: b.BillNumber, customer: b.IdentifierValue})
	}
	return []string{"-generate", strconv.Itoa(n)}, invoices
}

func TestALoadThatIsKilledLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long, and what it kills is another program")
	}
	kills := 5
	if os.Getenv("CAPILLARY_LONG") != "" {
		kills = 50
	}
	const concurrency = 4
	input, invoices := killInput(t)
	faults := clienttest.Faults{ItemBusy: 0.05, SearchBusy: 0.02, CustomerBusy: 0.02, AuthzUnavailable: 0.02}
	options := clienttest.Options{
		BatchLimit: 100, Latency: 20 * time.Millisecond, Username: "till", Password: "secret", Faults: faults, Seed: 7,
	}
	v := &victim{t: t, exe: build(t), env: []string{"CAPILLARY_USERNAME=till", "CAPILLARY_PASSWORD=secret"}}
	load := func() (dir string) {
		dir = t.TempDir()
		v.sim = clienttest.New(options)
		hooked := options
		hooked.Script = v.hook
		v.sim.SetOptions(hooked)
		srv, err := v.sim.Listen("127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = srv.Close() })
		v.args = append([]string{
			"-base-url", srv.URL, "-progress", "none", "-concurrency", strconv.Itoa(concurrency), "-timeout", "1s",
			"-journal", filepath.Join(dir, "j"), "-results", filepath.Join(dir, "r"),
			"-dead-letter", filepath.Join(dir, "d"), "-unknown", filepath.Join(dir, "u"),
		}, input...)
		return dir
	}
	load()
	killed, _, said := v.run(0)
	require.False(t, killed)
	undisturbed := v.sim.Stats().Calls
	t.Log("undisturbed:", said)

	dir := load()
	rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
	died, status := 0, 0
	for died < kills {
		killed, status, said = v.run(1 + rng.IntN(8*undisturbed/(5*(kills+1))))
		if !killed {
			require.Contains(t, []int{0, 3}, status, said)
			break
		}
		died++
		t.Logf("killed at call %d: %s", v.calls.Load(), said)
	}
	killed, status, said = v.run(0)
	require.False(t, killed)
	require.Contains(t, []int{0, 3}, status, said)
	calls := v.sim.Stats().Calls
	t.Logf("%d kills: %d calls, %d undisturbed: %s", died, calls, undisturbed, said)
	assert.Positive(t, died)
	assert.LessOrEqual(t, calls, undisturbed*105/100+died*(concurrency+1))
	checkKilled(t, invoices, dir, v.sim)
}

// checkKilled compares each record's one line, and the other files, with what the simulator did.
func checkKilled(t *testing.T, invoices []invoice, dir string, sim *clienttest.Simulator) {
	t.Helper()
	got := readResults(t, filepath.Join(dir, "r"))
	require.Len(t, got, len(invoices))
	times := make(map[string]int)
	order := make(map[string][]string)
	for _, a := range sim.Applied() {
		times[a.Number+" "+a.Customer]++
		order[a.Customer] = append(order[a.Customer], a.Number)
	}
	wrong, dead, unknown := 0, 0, 0
	at := make(map[string]int)
	for i, inv := range invoices {
		n := times[inv.number+" "+inv.customer]
		line := got[i]
		ok := line.ID == inv.number && line.Key == inv.customer && line.Attempts > 0
		switch {
		case line.Outcome == caperrors.Unknown:
			unknown++
		case inv.customer == "":
			dead++
			ok = ok && line.Outcome == caperrors.Refused && n == 0
		case inv.again:
			ok = ok && (line.Outcome == caperrors.Duplicate || line.Outcome == caperrors.Applied)
		default:
			ok = ok && line.Outcome == caperrors.Applied && n == 1
		}
		if inv.customer != "" {
			ok = ok && n <= 1
			if list := order[inv.customer]; at[inv.customer] < len(list) && list[at[inv.customer]] == inv.number {
				at[inv.customer]++
			}
		}
		if !ok {
			if wrong++; wrong < 5 {
				assert.Fail(t, "wrong", "row %d, %+v, applied %d times: %+v", i+1, inv, n, line)
			}
		}
	}
	assert.Zero(t, wrong)
	for customer, list := range order {
		assert.Len(t, list, at[customer], "order of customer %s", customer)
	}
	assert.Equal(t, dead, strings.Count(readFile(t, filepath.Join(dir, "d")), "\n"), "-dead-letter")
	assert.Equal(t, unknown, strings.Count(readFile(t, filepath.Join(dir, "u")), "\n"), "-unknown")
	stats := sim.Stats()
	assert.Zero(t, stats.DuplicateApplied)
	assert.Zero(t, stats.SameCustomerInFlight)
	t.Logf("%d unknown", unknown)
}
