package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

// calm are the flags of a built-in simulator without mishaps.
const calm = "-sim-item-busy 0 -sim-search-busy 0 -sim-customer-busy 0 -sim-authz-unavailable 0 "

// etl is one run of the command in this process.
type etl struct {
	stdin string
	env   map[string]string
	sim   *clienttest.Simulator // the built-in one, once run is over
	setup func(*clienttest.Simulator)
	drain <-chan struct{} // closed by an interrupt

	status         int
	stdout, stderr string
}

func (e *etl) run(t *testing.T, args ...string) {
	t.Helper()
	e.runUntil(t.Context(), args...)
}

func (e *etl) runUntil(ctx context.Context, args ...string) {
	var stdout, stderr bytes.Buffer
	c := command{
		stdin: strings.NewReader(e.stdin), stdout: &stdout, stderr: &stderr,
		getenv:   func(name string) string { return e.env[name] },
		draining: e.drain,
		simulated: func(sim *clienttest.Simulator) {
			e.sim = sim
			if e.setup != nil {
				e.setup(sim)
			}
		},
	}
	e.status = c.run(ctx, args)
	e.stdout, e.stderr = stdout.String(), stderr.String()
}

// run is one run of the command with streams of its own.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	c := command{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv}
	return c.run(ctx, args)
}

// fields splits flags at blanks and adds further arguments.
func fields(flags string, more ...string) []string { return append(strings.Fields(flags), more...) }

// lastLine returns the summary.
func (e *etl) lastLine() string {
	lines := strings.Split(strings.TrimSuffix(e.stderr, "\n"), "\n")
	return lines[len(lines)-1]
}

// writeFile writes a file into a folder of the test's own.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// readResults returns the lines of a -results file by row. Every row from 1 to the last must be there exactly once.
func readResults(t *testing.T, path string) []resultLine {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	byRow := make(map[int]resultLine)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line resultLine
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.DisallowUnknownFields()
		require.NoError(t, dec.Decode(&line), "%s", lines.Bytes())
		_, twice := byRow[line.Row]
		require.False(t, twice, "row %d has two lines", line.Row)
		byRow[line.Row] = line
	}
	require.NoError(t, lines.Err())
	results := make([]resultLine, len(byRow))
	for row, line := range byRow {
		require.LessOrEqual(t, row, len(byRow), "a row before %d has no line", row)
		require.Positive(t, row)
		results[row-1] = line
	}
	return results
}

// bill is an item of v2/transactions/bulk.
func bill(number, customer string) string {
	return `{"identifierType":"externalId","identifierValue":"` + customer + `","billNumber":"` + number + `"}`
}

// outcomes lists the outcome words of results, in the order of the rows.
func outcomes(results []resultLine) []string {
	words := make([]string, len(results))
	for i := range results {
		words[i] = results[i].Outcome.String()
	}
	return words
}

// appliedNumbers lists the bill numbers that a simulator really applied, in that order.
func appliedNumbers(sim *clienttest.Simulator) []string {
	applied := sim.Applied()
	numbers := make([]string, len(applied))
	for i := range applied {
		numbers[i] = applied[i].Number
	}
	return numbers
}

// statusIs fails the test with what the command said.
func (e *etl) statusIs(t *testing.T, want int) {
	t.Helper()
	require.Equal(t, want, e.status, "%s", e.stderr)
}

// lineOf decodes one result line into members, in their order.
func lineOf(t *testing.T, line string) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(line))
	var names []string
	token, err := dec.Token()
	require.NoError(t, err)
	assert.Equal(t, json.Delim('{'), token)
	for dec.More() {
		name, err := dec.Token()
		require.NoError(t, err)
		text, ok := name.(string)
		require.True(t, ok)
		names = append(names, text)
		var value json.RawMessage
		require.NoError(t, dec.Decode(&value))
	}
	return names
}
