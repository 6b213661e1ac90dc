package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSuggestionsAreWhatPeopleMeant(t *testing.T) {
	t.Parallel()
	for wrong, meant := range map[string]string{
		"v2/transaction/bulk":     "v2/transactions/bulk",
		"transactions":            "v2/transactions/bulk",
		"v1.1/transactions/add":   "v1.1/transaction/add",
		"customer/add":            "v1.1/customer/add",
		"v2/customer/upsert/bulk": "v2/integrations/customer/upsert/bulk",
		"V1.1/Customer/Add":       "v1.1/customer/add",
	} {
		lines := strings.Split(suggestions(wrong), "\n")
		require.Len(t, lines, 1+maxSuggestions+1)
		assert.Contains(t, lines[1:4], "      "+meant, "%s: %s", wrong, lines)
	}
	assert.NotEmpty(t, suggestions(strings.Repeat("x", 100_000)), "and soon")
}

func TestEndpointListShowsAll(t *testing.T) {
	t.Parallel()
	var e etl
	e.run(t, "-endpoint", "list")
	e.statusIs(t, statusDone)
	assert.Contains(t, strings.Split(e.stdout, "\n"), "v2/transactions/bulk")
	assert.NotContains(t, e.stdout, "v1.1/customer/get\n")
}

func TestEditsAreCounted(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"abc", ""}: 3, {"", "ab"}: 2, {"kitten", "sitting"}: 3, {"abc", "abc"}: 0, {"flaw", "lawn"}: 2,
	} {
		assert.Equal(t, want, edits(pair[0], pair[1]), "%v", pair)
	}
}

// customersCSV has a customer with both identifiers, one with either, and one with none.
const customersCSV = "Mobile;Email;FirstName;LastName;RegisteredOn\r\n" +
	"447700900001;A@Example.com; Ann ;\"O\"\"Hara; jr\";2025-03-01\r\n" +
	";b@example.com;Bo;<Smith>;\r\n" +
	"447700900003;;;;2025-03-02\r\n" +
	";;No;One;2025-03-02\r\n"

func TestEachTemplateLoadsThroughItsEndpoint(t *testing.T) {
	t.Parallel()
	const invoices = "InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice\n" +
		"536365,12/1/2010 8:26,17850,United Kingdom,40,3.91\nC536379,12/1/2010 9:41,14527,United Kingdom,-1,27.5\n" +
		"536414,12/1/2010 11:52,(blank),United Kingdom,56,0\n"
	tests := map[string]struct {
		template, endpoint, in string
		refused                int // code of the last record
		ids                    []string
	}{
		"sales on v2":       {"online-retail.tmpl", "v2/transactions/bulk", invoices, 8015, []string{"536365", "C536379"}},
		"sales on v1.1":     {"online-retail-v1.1.tmpl", "v1.1/transaction/add", invoices, 606, []string{"536365", "C536379"}},
		"customers on v2":   {"customers.tmpl", "v2/integrations/customer/upsert/bulk", customersCSV, 8005, []string{"447700900001", "b@example.com", "447700900003"}},
		"customers on v1.1": {"customers-v1.1.tmpl", "v1.1/customer/add", customersCSV, 1007, []string{"447700900001", "b@example.com", "447700900003"}},
	}
	for name, tt := range tests {
		for _, xml := range []bool{false, true} {
			if xml && !strings.HasPrefix(tt.endpoint, "v1.1") {
				continue
			}
			t.Run(fmt.Sprintf("%s, XML %t", name, xml), func(t *testing.T) {
				t.Parallel()
				results := filepath.Join(t.TempDir(), "r")
				synctest.Test(t, func(t *testing.T) {
					e := etl{stdin: tt.in}
					e.run(t, fields(fmt.Sprintf("%s -xml=%t -format csv -template templates/%s -endpoint %s -results %s -", calm, xml, tt.template, tt.endpoint, results))...)
					e.statusIs(t, statusSome)
					assert.ElementsMatch(t, tt.ids, appliedNumbers(e.sim))
				})
				got := readResults(t, results)
				require.Len(t, got, len(tt.ids)+1)
				for _, line := range got[:len(tt.ids)] {
					assert.Equal(t, "applied", line.Outcome.String())
				}
				assert.Equal(t, tt.refused, int(got[len(tt.ids)].Code))
			})
		}
	}
}

func TestCustomersTemplates(t *testing.T) {
	t.Parallel()
	row := map[string]string{"Mobile": "447700900001", "Email": "A@Example.com", "FirstName": " Ann ", "LastName": "O\"Hara", "RegisteredOn": "2025-03-01"}
	for path, want := range map[string]string{
		"templates/customers.tmpl": `{"profiles":[{"source":"INSTORE","firstName":"Ann","lastName":"O\"Hara",
			"identifiers":[{"type":"mobile","value":"447700900001"},{"type":"email","value":"a@example.com"}]}]}`,
		"templates/customers-v1.1.tmpl": `{"mobile":"447700900001","email":"a@example.com","firstname":"Ann","lastname":"O\"Hara",
			"registered_on":"2025-03-01 00:00:00"}`,
	} {
		tmpl, err := parseTemplate(path)
		require.NoError(t, err)
		body, err := tmpl.render(row)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(body))
	}
}

func TestWhatXMLCannotSayIsRefusedAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, dead := filepath.Join(dir, "r"), filepath.Join(dir, "d")
	item := func(n string, rest string) string {
		return `{"number":"` + n + `","customer":{"mobile":"` + n + `"}` + rest + `}`
	}
	odd := item("2", `,"two words":1`)
	synctest.Test(t, func(t *testing.T) {
		e := etl{stdin: item("1", "") + "\n" + odd + "\n" + item("3", `,"note":"a\u0001b"`) + "\n" + item("4", "") + "\n"}
		e.run(t, fields(calm+"-endpoint v1.1/transaction/add -xml -results "+results+" -dead-letter "+dead+" -")...)
		e.statusIs(t, statusSome)
		assert.Equal(t, []string{"1", "4"}, appliedNumbers(e.sim))
	})
	got := readResults(t, results)
	assert.Equal(t, []string{"applied", "refused", "refused", "applied"}, outcomes(got))
	assert.Contains(t, got[1].Message, `member "two words" is no name of an XML element`)
	assert.Contains(t, readFile(t, dead), odd+"\n", "its body is kept for a load in JSON")
}
