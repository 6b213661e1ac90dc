package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

const body = `[{"identifierValue":"447700900001","billNumber":"A1"},{"identifierValue":"447700900001","billNumber":"A1"}]`

// started is a simulator under way. Wait for its end with end, which returns its status and what it printed after its URL.
type started struct {
	url string
	end func() (int, string)
}

// start runs the command in this process.
func start(t *testing.T, env map[string]string, args ...string) started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out, in := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), func(name string) string { return env[name] }, in, io.Discard)
		in.Close()
	}()
	lines := bufio.NewReader(out)
	url, err := lines.ReadString('\n')
	require.NoError(t, err)
	return started{url: strings.TrimSpace(url), end: func() (int, string) {
		cancel()
		rest, readErr := io.ReadAll(lines)
		require.NoError(t, readErr)
		return <-status, string(rest)
	}}
}

func call(t *testing.T, method, url, media, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", media)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(got)
}

func TestRunServesAndTellsTheTruth(t *testing.T) {
	t.Parallel()
	sim := start(t, nil, "-limit", "2", "-keep-bodies", "-seed", "7")
	status, got := call(t, http.MethodPost, sim.url+"/v2/transactions/bulk", "application/json", body)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, got, `"code":604`)

	_, got = call(t, http.MethodGet, sim.url+"/_simulator/applied", "", "")
	assert.JSONEq(t, `{"entity":"transaction","number":"A1","customer":"447700900001","call":1,"seq":1,
		"body":{"identifierValue":"447700900001","billNumber":"A1"}}`, got)
	_, during := call(t, http.MethodGet, sim.url+"/_simulator/stats", "", "")
	code, after := sim.end()
	assert.Zero(t, code)
	assert.JSONEq(t, during, after)
	var stats clienttest.Stats
	require.NoError(t, json.Unmarshal([]byte(after), &stats))
	assert.Equal(t, clienttest.Stats{
		Calls: 1, MaxInFlight: 1, ItemsReceived: 2, ItemsApplied: 1, Duplicates: 1, SameCustomerInCall: 1,
	}, stats)
}

func TestRunAsksForTheCredentialsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	sim := start(t, map[string]string{"CAPILLARY_KEY": "k", "CAPILLARY_SECRET": "s"})
	status, _ := call(t, http.MethodPost, sim.url+"/v2/transactions/bulk", "application/json", body)
	assert.Equal(t, http.StatusUnauthorized, status)
	_, got := call(t, http.MethodPost, sim.url+"/v3/oauth/token/generate", "application/json", `{"key":"k","secret":"s"}`)
	assert.Contains(t, got, `"accessToken"`)
	sim.end()
}

func TestParse(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CAPILLARY_USERNAME": "till", "CAPILLARY_PASSWORD": "p"}
	addr, opts, err := parse(strings.Fields("-addr :1 -limit 100 -name-limit -latency 50ms -item-busy .1 -search-busy .2 -customer-busy .3"+
		" -authz-unavailable .4 -cut .5 -cut-before .25 -edge-html .6 -garbled .7 -rate-limited .8 -rpm 9 -retry-after 2s -seed 10 -token-ttl 1m -forget"+
		" -repeat-bills -username other"), func(name string) string { return env[name] }, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, ":1", addr)
	assert.Equal(t, clienttest.Options{
		BatchLimit: 100, NameLimit: true, Latency: 50e6, CallsPerMinute: 9, RetryAfter: 2e9, Seed: 10, TokenTTL: 60e9, Forget: true,
		RepeatBills: true, Username: "other", Password: "p",
		Faults: clienttest.Faults{
			ItemBusy: .1, SearchBusy: .2, CustomerBusy: .3, AuthzUnavailable: .4, CutBefore: .25, CutAfter: .5, EdgeHTML: .6, Garbled: .7,
			RateLimited: .8,
		},
	}, opts)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   string
		env    map[string]string
		status int
		says   string
	}{
		"a stray argument":           {"serve", nil, 2, "unexpected argument"},
		"an unknown flag":            {"-password x", nil, 2, "not defined"},
		"a probability above one":    {"-cut 3", nil, 2, "-cut is a probability"},
		"a probability that is none": {"-garbled NaN", nil, 2, "-garbled is a probability"},
		"a username alone":           {"-username till", nil, 2, "CAPILLARY_PASSWORD"},
		"a secret alone":             {"", map[string]string{"CAPILLARY_SECRET": "s"}, 2, "CAPILLARY_KEY"},
		"an address that is none":    {"-addr nowhere", nil, 1, "nowhere"},
		"help":                       {"-help", nil, 0, "-item-busy"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), strings.Fields(tt.args), func(name string) string { return tt.env[name] }, &stdout, &stderr)
			assert.Equal(t, tt.status, status)
			assert.Contains(t, stderr.String(), tt.says)
			assert.Empty(t, stdout.String())
		})
	}
}

func TestProcessEndsOnASignal(t *testing.T) {
	t.Parallel()
	exe := filepath.Join(t.TempDir(), "simulator")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := exec.CommandContext(t.Context(), exe, "-addr", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	url, err := lines.ReadString('\n')
	require.NoError(t, err)
	status, _ := call(t, http.MethodPost, strings.TrimSpace(url)+"/v2/transactions/bulk", "application/json", body)
	assert.Equal(t, http.StatusOK, status)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	assert.Contains(t, string(rest), `"items_applied":1`)
	require.NoError(t, cmd.Wait())
}
