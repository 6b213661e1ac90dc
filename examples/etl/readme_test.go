package main

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// block returns the code block of a kind in the README, without what its lines are moved in by.
func block(t *testing.T, kind string) string {
	t.Helper()
	before, rest, ok := strings.Cut(readFile(t, "README.md"), "```"+kind+"\n")
	require.True(t, ok, "no block %s", kind)
	text, _, ok := strings.Cut(rest, "```\n")
	require.True(t, ok)
	indent := before[strings.LastIndexByte(before, '\n')+1:]
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.TrimSuffix(strings.Join(lines, ""), indent)
}

func TestReadmeExampleOfOnesOwnCSV(t *testing.T) {
	t.Parallel()
	in := writeFile(t, "receipts.csv", block(t, "csv"))
	tmpl := writeFile(t, "receipts.tmpl", block(t, "gotemplate"))

	var first etl
	first.run(t, in)
	first.statusIs(t, statusUsage)
	assert.Contains(t, first.stderr, "The columns are\n      {{field \"Bon-Nr.\" .}}\n      {{.Datum}}\n      {{field \"Kunde (Mobil)\" .}}\n")

	var dry etl
	dry.run(t, "-dry-run", "-template", tmpl, "-dead-letter", "-", in)
	dry.statusIs(t, statusDone)
	lines := strings.Split(dry.stdout, "\n")
	assert.JSONEq(t, `{"identifierType":"mobile","identifierValue":"491701234567","source":"INSTORE","type":"REGULAR","billNumber":"2026-000123",
		"billingDate":"2026-03-01T10:15:00+01:00","billAmount":1299.50}`, lines[0])
	assert.Contains(t, lines[3], `"type":"RETURN"`)
	assert.Contains(t, lines[3], `"billAmount":12.00`)

	results := filepath.Join(t.TempDir(), "r")
	synctest.Test(t, func(t *testing.T) {
		var e etl
		e.run(t, fields(calm+"-template "+tmpl+" -results "+results, in)...)
		e.statusIs(t, statusSome)
	})
	got := readResults(t, results)
	assert.Equal(t, []string{"applied", "applied", "refused", "applied"}, outcomes(got))
	assert.Equal(t, 8015, int(got[2].Code))
}

func TestColumnHintsAreBounded(t *testing.T) {
	t.Parallel()
	header := strings.Split(strings.Repeat("a,,b c,1x,_y,", 100), ",")
	hints := columnHints(header)
	assert.LessOrEqual(t, strings.Count(hints, "\n"), maxHints+1)
	assert.Contains(t, hints, "\n      {{.a}}\n      {{field \"b c\" .}}\n      {{field \"1x\" .}}\n      {{._y}}\n")
	assert.Contains(t, hints, "451 more")
}
