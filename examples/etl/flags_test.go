package main

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWrongUsageSendsNothing(t *testing.T) {
	t.Parallel()
	items := writeFile(t, "items.ndjson", bill("A1", "c1")+"\n")
	sheet := writeFile(t, "rows.csv", "No,Customer\nA1,c1\n")
	tmpl := writeFile(t, "item.tmpl", `{"billNumber":{{json .No}}}`)
	basic := map[string]string{"CAPILLARY_USERNAME": "till", "CAPILLARY_PASSWORD": "secret-word"}
	both := map[string]string{"CAPILLARY_KEY": "k", "CAPILLARY_SECRET": "s"}
	maps.Copy(both, basic)
	// No test may reach it: the port is that of nobody.
	const url = "http://127.0.0.1:1"
	tests := map[string]struct {
		args  []string
		env   map[string]string
		stdin string
		says  string
	}{
		"a flag that is not there":             {args: fields("-password x"), says: "-password"},
		"a number that is none":                {args: fields("-rpm many"), says: "-rpm"},
		"two files":                            {args: []string{items, items}, says: "one FILE at most"},
		"a flag after the file":                {args: []string{items, "-rpm", "5"}, says: `"-rpm" is left over`},
		"a negative rate":                      {args: fields("-rpm -1"), says: "-rpm must be 0 or more"},
		"no concurrency":                       {args: fields("-concurrency 0"), says: "-concurrency must be 1 or more"},
		"empty calls":                          {args: fields("-max-batch 0"), says: "-max-batch must be 1 or more"},
		"no attempts":                          {args: fields("-max-attempts 0"), says: "-max-attempts must be 1 or more"},
		"no time":                              {args: fields("-timeout 0s"), says: "-timeout must be more than 0"},
		"an unknown format":                    {args: fields("-format xml", items), says: "-format must be one of auto, csv, ndjson"},
		"an unknown progress":                  {args: fields("-progress fancy"), says: "-progress must be one of"},
		"an unknown word after on-unknown":     {args: fields("-on-unknown retry"), says: "-on-unknown must be one of report, resend"},
		"asking for what has no bill number":   {args: fields("-on-unknown reconcile -endpoint v2/customers/bulk", items), says: "which v2/customers/bulk does not load"},
		"asking by another field":              {args: fields("-on-unknown reconcile -id notes"), says: "so -id cannot name another field"},
		"an unknown word after on-key-failure": {args: fields("-on-key-failure stop"), says: "-on-key-failure must be one of continue, hold"},
		"two faults at once, both told":        {args: fields("-rpm -1 -concurrency 0"), says: "-concurrency must be 1 or more"},

		"an endpoint that is not in the catalogue": {args: fields("-endpoint v2/transaction/bulk"), says: "the closest are\n      v2/transactions/bulk\n"},
		"XML on v2":                           {args: fields("-xml"), says: "-xml is for v1.1, and v2/transactions/bulk knows JSON alone"},
		"an unknown separator":                {args: fields("-separator x"), says: "-separator must be one of auto"},
		"an endpoint for one thing":           {args: fields("-endpoint v2/transactions"), says: "takes one item a call"},
		"an endpoint that is a GET":           {args: fields("-endpoint v1.1/customer/get"), says: "takes one item a call"},
		"no sample invoices for the endpoint": {args: fields("-endpoint v1.1/customer/add"), says: "needs a FILE"},

		"a base URL without credentials":                {args: fields("-base-url", url), says: "CAPILLARY_USERNAME"},
		"a base URL of the environment, no credentials": {env: map[string]string{"CAPILLARY_BASE_URL": url}, says: "-base-url needs credentials"},
		"empty credentials are none": {
			args: fields("-base-url", url), env: map[string]string{"CAPILLARY_USERNAME": "", "CAPILLARY_KEY": ""}, says: "needs credentials",
		},
		"both kinds of credentials":         {args: fields("-base-url", url), env: both, says: "not both"},
		"both kinds, for the simulator too": {env: both, says: "not both"},
		"a user without password": {
			args: fields("-base-url", url), env: map[string]string{"CAPILLARY_USERNAME": "u"}, says: "CAPILLARY_PASSWORD need each other",
		},
		"a secret without key": {
			args: fields("-base-url", url), env: map[string]string{"CAPILLARY_SECRET": "s"}, says: "CAPILLARY_SECRET need each other",
		},
		"a base URL that is none":             {args: fields("-generate 5 -base-url api.example.com"), env: basic, says: "must begin with https://"},
		"a base URL in the clear":             {args: fields("-generate 5 -base-url http://api.example.com"), env: basic, says: "https://"},
		"a simulator flag beside a base URL":  {args: fields("-sim-limit 10 -base-url", url), env: basic, says: "-sim-limit is for the built-in simulator"},
		"a probability above one":             {args: fields("-sim-cut 1.5"), says: "-sim-cut is a probability"},
		"a probability below zero":            {args: fields("-sim-item-busy -1"), says: "-sim-item-busy is a probability"},
		"a probability that is no number":     {args: fields("-sim-search-busy NaN"), says: "-sim-search-busy is a probability"},
		"a negative limit of the simulator":   {args: fields("-sim-limit -5"), says: "-sim-limit"},
		"sample invoices beside a file":       {args: fields("-generate 5", items), says: "-generate is for sample invoices"},
		"sample invoices for another machine": {args: fields("-base-url https://api.example.com"), env: basic, says: "there is no FILE"},
		"no sample invoices at all":           {args: fields("-generate 0"), says: "-generate must be 1 or more"},
		"a template without a file":           {args: fields("-template", tmpl), says: "there is no FILE"},
		"a format without a file":             {args: fields("-format csv"), says: "-format is for a FILE"},
		"CSV without a template":              {args: []string{sheet}, says: "CSV needs -template"},
		"CSV on standard input, no template":  {args: []string{"-"}, stdin: "No\nA1\n", says: "CSV needs -template"},
		"NDJSON with a template":              {args: []string{"-template", tmpl, items}, says: "-template is for CSV"},
		"a template that is not there":        {args: []string{"-template", "nowhere.tmpl", sheet}, says: "nowhere.tmpl"},
		"a template with a syntax error":      {args: []string{"-template", writeFile(t, "bad.tmpl", "{{json"), sheet}, says: "bad.tmpl:1"},
		"a template with an unknown function": {args: []string{"-template", writeFile(t, "f.tmpl", "{{foo .No}}"), sheet}, says: `"foo" not defined`},
		"a file that is not there":            {args: []string{"nowhere.ndjson"}, says: "nowhere.ndjson"},
		"a file that is a folder":             {args: []string{t.TempDir()}, says: "is a folder"},
		"a JSON array":                        {args: []string{"-"}, stdin: " [{}]", says: "a JSON array is not NDJSON"},
		"UTF-16":                              {args: []string{"-"}, stdin: "\xff\xfe{\x00}\x00", says: "UTF-16"},
		"a header with a column twice":        {args: []string{"-template", tmpl, "-"}, stdin: "No,No\n1,2\n", says: `column "No" is there twice`},
		"a header with a stray quote":         {args: []string{"-template", tmpl, "-"}, stdin: "No,\"x\"y\n1,2\n", says: "header"},
		"a header that is not UTF-8":          {args: []string{"-template", tmpl, "-"}, stdin: "No,\xe9\n1,2\n", says: "header: is not UTF-8"},

		"results in a folder that is not there": {args: []string{"-results", filepath.Join(t.TempDir(), "no", "x"), items}, says: "-results:"},
		"results over the input":                {args: []string{"-results", items, items}, says: "the input and -results are the same file"},
		"the dead letters over the input": {
			args: []string{"-dead-letter", filepath.Dir(items) + "/./items.ndjson", items}, says: "the input and -dead-letter are the same file",
		},
		"unknown items over the template":       {args: []string{"-template", tmpl, "-unknown", tmpl, sheet}, says: "-template and -unknown are the same file"},
		"two outputs in one new file":           {args: []string{"-results", "out", "-unknown", "out", items}, says: "-results and -unknown are the same file"},
		"two outputs on standard output":        {args: []string{"-results", "-", "-unknown", "-", items}, says: "-results and -unknown are both standard output"},
		"two outputs in one file that is there": {args: []string{"-results", sheet, "-unknown", filepath.Dir(sheet) + "/./rows.csv", items}, says: "the same file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := etl{env: tt.env, stdin: tt.stdin}
			e.run(t, tt.args...)
			assert.Equal(t, 2, e.status)
			assert.Contains(t, e.stderr, tt.says)
			assert.Contains(t, e.stderr, "nothing was sent")
			assert.NotContains(t, e.stderr, "secret-word")
			assert.Empty(t, e.stdout)
			if e.sim != nil {
				assert.Zero(t, e.sim.Stats().Calls)
			}
		})
	}
	t.Cleanup(func() {
		assert.Equal(t, bill("A1", "c1")+"\n", readFile(t, items), "the input is as it was")
		assert.NoFileExists(t, "out")
	})
}

func TestHelpListsEveryFlagAndNoSecret(t *testing.T) {
	t.Parallel()
	e := etl{env: map[string]string{"CAPILLARY_BASE_URL": "https://user:secret-word@example.com"}}
	e.run(t, "-help")
	e.statusIs(t, 0)
	set, _, _ := flagSet(func(string) string { return "" })
	set.VisitAll(func(f *flag.Flag) { assert.Contains(t, e.stdout, "  -"+f.Name) })
	assert.NotContains(t, e.stdout, "secret-word")
	assert.Empty(t, e.stderr)
}

// The README's table and the flags must not drift apart.
func TestReadmeNamesEveryFlag(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	set, _, _ := flagSet(func(string) string { return "" })
	set.VisitAll(func(f *flag.Flag) { assert.Contains(t, string(text), "`-"+f.Name+"`") })
	for word := range strings.FieldsSeq(string(text)) {
		name, ok := strings.CutPrefix(strings.Trim(word, "`,.;:|()"), "-")
		if ok && name != "" && strings.HasPrefix(word, "`-") {
			assert.NotNil(t, set.Lookup(name), "the README names -%s", name)
		}
	}
}
