package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTemplateFunctions(t *testing.T) {
	t.Parallel()
	row := map[string]string{
		"No": "C536379", "Text": "  a \"b\"\n<&>\u2028 ", "Qty": "40", "Price": "3.91", "When": "12/1/2010 8:26", "Invoice No": "7", "Empty": "",
	}
	tests := map[string]struct {
		action, want, fault string
	}{
		"json quotes":                       {`{{json .Text}}`, `"  a \"b\"\n<&>\u2028 "`, ""},
		"json of nothing":                   {`{{json .Empty}}`, `""`, ""},
		"json of a number":                  {`{{json 7}}`, `7`, ""},
		"a column with a blank in its name": {`{{field "Invoice No" . | json}}`, `"7"`, ""},
		"field of a column that is missing": {`{{field "Invoice" .}}`, "", `there is no column "Invoice"`},
		"a column that is missing":          {`{{.Nothing}}`, "", `"Nothing"`},

		"number":                          {`{{number .Qty}}`, `40`, ""},
		"number with sign, zeros, blanks": {`{{number " +007.50 "}}`, `7.50`, ""},
		"number without a leading digit":  {`{{number "-.5"}}`, `-0.5`, ""},
		"number without a last digit":     {`{{number "5."}}`, `5`, ""},
		"number with an exponent":         {`{{number "1.5e3"}}`, `1.5e3`, ""},
		"number that is none":             {`{{number "1,000"}}`, "", `"1,000" is not a decimal number`},
		"number of nothing":               {`{{number .Empty}}`, "", `"" is not a decimal number`},
		"number in hexadecimal":           {`{{number "0x1F"}}`, "", "is not a decimal number"},
		"number that is infinite":         {`{{number "Inf"}}`, "", "is not a decimal number"},
		"number that is a fraction":       {`{{number "1/2"}}`, "", "is not a decimal number"},
		"number that is JSON but none":    {`{{number "true"}}`, "", "is not a decimal number"},

		"time":                         {`{{time "1/2/2006 15:04" .When}}`, "2010-12-01T08:26:00Z", ""},
		"time in winter in a zone":     {`{{time "1/2/2006 15:04" "Asia/Kolkata" .When}}`, "2010-12-01T08:26:00+05:30", ""},
		"time as another layout":       {`{{timeAs "2006-01-02" "1/2/2006 15:04" .When}}`, "2010-12-01", ""},
		"time from a pipe":             {`{{.When | time "1/2/2006 15:04"}}`, "2010-12-01T08:26:00Z", ""},
		"time that does not fit":       {`{{time "2006-01-02" .When}}`, "", "parsing time"},
		"time on a day that is none":   {`{{time "2006-01-02" "2025-02-30"}}`, "", "day out of range"},
		"time in a zone that is none":  {`{{time "2006" "Mars/Olympus" "2010"}}`, "", "Mars/Olympus"},
		"time without a value":         {`{{time "2006"}}`, "", "wants a layout"},
		"trim, lower, upper":           {`{{trim " aB "}} {{lower "aB"}} {{upper "aB"}}`, "aB ab AB", ""},
		"hasPrefix and trimPrefix":     {`{{hasPrefix "C" .No}} {{trimPrefix "C" .No}}`, "true 536379", ""},
		"replace":                      {`{{"1,000.5" | replace "," "" | number}}`, "1000.5", ""},
		"mul is exact":                 {`{{mul .Qty .Price}}`, "156.40", ""},
		"mul of what floats get wrong": {`{{mul "1.1" "1.1"}}`, "1.21", ""},
		"add and sub":                  {`{{add "0.1" "0.2"}} {{sub "1" "0.90"}}`, "0.3 0.10", ""},
		"arithmetic with literals":     {`{{mul 3 "0.5"}} {{add 1.5 1}}`, "1.5 2.5", ""},
		"abs":                          {`{{abs "-1.50"}} {{abs "2"}}`, "1.50 2", ""},
		"round up at half":             {`{{round 2 "1.005"}} {{round 2 "-1.005"}}`, "1.01 -1.01", ""},
		"round down":                   {`{{round 2 "4.77499"}} {{round 0 "0.4"}}`, "4.77 0", ""},
		"round to no negative zero":    {`{{round 2 "-0.001"}}`, "0.00", ""},
		"round to too many places":     {`{{round 200 "1"}}`, "", "wants 0 to 100 places"},
		"mul with a text":              {`{{mul .Qty "many"}}`, "", `"many" is not a decimal number`},
		"mul with too many digits":     {`{{mul 2 (printf "%0101d" 7)}}`, "", "is not a decimal number"},
		"mul with many digits":         {`{{mul 2 (printf "%0100d" 7)}}`, "14", ""},
		"mul with an exponent bomb":    {`{{mul .Qty "1e999999999"}}`, "", "is not a decimal number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmpl, err := parseTemplate(writeFile(t, "t.tmpl", tt.action))
			require.NoError(t, err)
			tmpl.out.Reset()
			err = tmpl.template.Execute(&tmpl.out, row)
			if tt.fault != "" {
				require.ErrorContains(t, err, tt.fault)
				_, err = tmpl.render(row)
				assert.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, tmpl.out.String())
		})
	}
}

func TestTemplateMustMakeOneObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, fault string }{
		"nothing":          {"", "is not valid JSON"},
		"an array":         {"[{}]", "is not a JSON object"},
		"two objects":      {"{}{}", "is not valid JSON"},
		"a missing quote":  {`{"a":{{.a}}}`, "is not valid JSON"},
		"text around":      {"x {}", "is not valid JSON"},
		"one, with blanks": {"\n {\"a\" : {{json .a}} } \n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmpl, err := parseTemplate(writeFile(t, "t.tmpl", tt.text))
			require.NoError(t, err)
			body, err := tmpl.render(map[string]string{"a": "word"})
			if tt.fault != "" {
				require.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.JSONEq(t, `{"a":"word"}`, string(body))
			assert.NotContains(t, string(body), " ")
		})
	}
}

// The rows are from the file itself; amounts are worked out by hand.
func TestShippedTemplates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		no, date, customer, quantity, price string
		v2, v1                              string
	}{
		"a sale": {
			"536365", "12/1/2010 8:26", "17850", "40", "3.91",
			`{"identifierType":"externalId","identifierValue":"17850","source":"INSTORE","type":"REGULAR","billNumber":"536365",
				"billingDate":"2010-12-01T08:26:00Z","billAmount":156.40}`,
			`{"type":"regular","number":"536365","amount":"156.40","billing_time":"2010-12-01 08:26:00","customer":{"external_id":"17850"}}`,
		},
		"a price of four places": {
			"536367", "12/1/2010 8:34", "13047", "83", "4.8533", // 402.8239
			`{"identifierType":"externalId","identifierValue":"13047","source":"INSTORE","type":"REGULAR","billNumber":"536367",
				"billingDate":"2010-12-01T08:34:00Z","billAmount":402.82}`,
			`{"type":"regular","number":"536367","amount":"402.82","billing_time":"2010-12-01 08:34:00","customer":{"external_id":"13047"}}`,
		},
		"a cancellation": {
			"C536379", "12/1/2010 9:41", "14527", "-1", "27.5",
			`{"identifierType":"externalId","identifierValue":"14527","source":"INSTORE","type":"RETURN","billNumber":"C536379",
				"billingDate":"2010-12-01T09:41:00Z","billAmount":27.50}`,
			`{"type":"return","number":"C536379","amount":"27.50","billing_time":"2010-12-01 09:41:00","customer":{"external_id":"14527"}}`,
		},
		"an adjustment below zero, without a customer": {
			"A563186", "8/12/2011 14:51", "(blank)", "1", "-11062.06",
			`{"identifierType":"externalId","identifierValue":"","source":"INSTORE","type":"REGULAR","billNumber":"A563186",
				"billingDate":"2011-08-12T14:51:00Z","billAmount":-11062.06}`,
			`{"type":"regular","number":"A563186","amount":"-11062.06","billing_time":"2011-08-12 14:51:00","customer":{"external_id":""}}`,
		},
		"nothing to pay": {
			"536414", "12/1/2010 11:52", "12345", "56", "0",
			`{"identifierType":"externalId","identifierValue":"12345","source":"INSTORE","type":"REGULAR","billNumber":"536414",
				"billingDate":"2010-12-01T11:52:00Z","billAmount":0.00}`,
			`{"type":"regular","number":"536414","amount":"0.00","billing_time":"2010-12-01 11:52:00","customer":{"external_id":"12345"}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := map[string]string{
				"InvoiceNo": tt.no, "InvoiceDate": tt.date, "CustomerID": tt.customer, "Country": "United Kingdom",
				"Quantity": tt.quantity, "UnitPrice": tt.price,
			}
			for path, want := range map[string]string{"templates/online-retail.tmpl": tt.v2, "templates/online-retail-v1.1.tmpl": tt.v1} {
				tmpl, err := parseTemplate(path)
				require.NoError(t, err)
				body, err := tmpl.render(row)
				require.NoError(t, err)
				assert.JSONEq(t, want, string(body))
			}
		})
	}
}
