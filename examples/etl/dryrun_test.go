package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
)

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, bodies := filepath.Join(dir, "r"), filepath.Join(dir, "b")
	e := etl{stdin: bill("1", "a") + "\nno JSON\n" + bill("2", "b") + "\n"}
	e.run(t, fields("-dry-run -results "+results+" -dead-letter "+bodies+" -")...)
	e.statusIs(t, statusSome)
	assert.Nil(t, e.sim, "there is not even a simulator")
	assert.Equal(t, "etl: dry run: 3 records, 2 can be sent to v2/transactions/bulk, 1 cannot; nothing was sent", e.lastLine())
	got := readResults(t, results)
	assert.Equal(t, []string{"not-sent", "refused", "not-sent"}, outcomes(got))
	assert.Equal(t, []string{"1", "a"}, []string{got[0].ID, got[0].Key})
	assert.Contains(t, got[1].Message, "line 2: is not valid JSON")
	assert.Equal(t, bill("1", "a")+"\n"+bill("2", "b")+"\n", readFile(t, bodies))
}

func TestDryRunEnds(t *testing.T) {
	t.Parallel()
	t.Run("well, without credentials", func(t *testing.T) {
		t.Parallel()
		e := etl{stdin: bill("1", "a")}
		e.run(t, "-dry-run", "-base-url", "https://api.example.com", "-")
		e.statusIs(t, statusDone)
		assert.Contains(t, e.lastLine(), "1 can be sent")
	})
	t.Run("in XML, too", func(t *testing.T) {
		t.Parallel()
		e := etl{stdin: `{"number":"1","two words":1}`}
		e.run(t, fields("-dry-run -xml -endpoint v1.1/transaction/add -")...)
		e.statusIs(t, statusSome)
		assert.Contains(t, e.stderr, "two words")
	})
	t.Run("with generated invoices", func(t *testing.T) {
		t.Parallel()
		var e etl
		e.run(t, fields("-dry-run -generate 10 -dead-letter -")...)
		e.statusIs(t, statusDone)
		assert.Equal(t, 10, strings.Count(e.stdout, "\n"))
	})
	t.Run("at an interrupt", func(t *testing.T) {
		t.Parallel()
		drain := make(chan struct{})
		close(drain)
		e := etl{drain: drain}
		e.run(t, "-dry-run")
		e.statusIs(t, statusFailed)
		assert.Contains(t, e.stderr, "etl: stopped: interrupted")
	})
	t.Run("where the input breaks", func(t *testing.T) {
		t.Parallel()
		c := command{stdin: iotest.ErrReader(errors.New("gone")), stdout: nil, stderr: &strings.Builder{}, getenv: func(string) string { return "" }}
		assert.Equal(t, statusFailed, c.run(t.Context(), fields("-dry-run -format ndjson -")))
	})
	t.Run("with no report", func(t *testing.T) {
		t.Parallel()
		var e etl
		e.run(t, fields("-dry-run -report x.html")...)
		e.statusIs(t, statusUsage)
	})
}
