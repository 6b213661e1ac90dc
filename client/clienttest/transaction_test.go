package clienttest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestV2BulkJudgesEachItemAlone(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := post(t, sim, bulkPath, `[
		{"identifierValue":"447700900001","billNumber":"A1","billAmount":5,"lineItemsV2":[{"itemCode":"x\"y"}]},
		{"identifierValue":"447700900001","billNumber":"A2","type":"RETURN"},
		{"identifierValue":"447700900002","billNumber":"A1"},
		{"identifierValue":"  ","billNumber":"A3"},
		{"billNumber":"A4"},
		{"identifierValue":"447700900002","billNumber":""},
		17,
		null,
		{"identifierValue":447700900003,"billNumber":5}
	]`)
	wantAnswer(t, w, http.StatusOK, `{"response":[
		{"entityId":`+id1+`,"result":{"identifierValue":"447700900001","billNumber":"A1","billAmount":5,"lineItemsV2":[{"itemCode":"x\"y"}]},"errors":[],"warnings":[]},
		{"entityId":`+id2+`,"result":{"identifierValue":"447700900001","billNumber":"A2","type":"RETURN"},"errors":[],"warnings":[]},
		{"errors":[{"status":false,"code":604,"message":"Transaction number already exists"}],"warnings":[]},
		{"errors":[{"status":false,"code":8015,"message":"Customer not found for the given identifiers"}],"warnings":[]},
		{"errors":[{"status":false,"code":8015,"message":"Customer not found for the given identifiers"}],"warnings":[]},
		{"errors":[{"status":false,"code":602,"message":"Transaction number is not valid"}],"warnings":[]},
		{"errors":[{"status":false,"code":400,"message":"Item is not an object"}],"warnings":[]},
		{"errors":[{"status":false,"code":400,"message":"Item is not an object"}],"warnings":[]},
		{"entityId":`+id3+`,"result":{"identifierValue":447700900003,"billNumber":5},"errors":[],"warnings":[]}
	],"totalCount":9,"failureCount":6}`)
	assert.Equal(t, []clienttest.Applied{
		{Entity: "transaction", Number: "A1", Customer: "447700900001", Call: 1, Seq: 1},
		{Entity: "transaction", Number: "A2", Customer: "447700900001", Call: 1, Seq: 2},
		{Entity: "transaction", Number: "5", Customer: "447700900003", Call: 1, Seq: 3},
	}, sim.Applied())
	assert.Equal(t, clienttest.Stats{
		Calls: 1, MaxInFlight: 1, ItemsReceived: 9, ItemsApplied: 3, Duplicates: 1, Refused: 5, SameCustomerInCall: 2,
	}, sim.Stats())
}

func TestIdentifiersOfOtherTypes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value, number string // an empty number is a missing one
	}{
		"a number":                {`12`, "12"},
		"a boolean":               {`true`, "true"},
		"a string with an escape": {`" \u0041\"1 "`, `A"1`},
		"a string with blanks":    {`"\t"`, ""},
		"null":                    {`null`, ""},
		"an object":               {`{"a":1}`, ""},
		"an array":                {`["a"]`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{})
			w := post(t, sim, bulkPath, `[{"identifierValue":"1","billNumber":`+tt.value+`}]`)
			if tt.number == "" {
				assert.Contains(t, w.Body.String(), `"code":602`)
				return
			}
			assert.Equal(t, 1, sim.Times(tt.number, "1"), sim.Applied())
		})
	}
}

func TestV2BulkTakesAnEmptyArray(t *testing.T) {
	t.Parallel()
	w := post(t, clienttest.New(clienttest.Options{}), bulkPath, " []\n")
	wantAnswer(t, w, http.StatusOK, `{"response":[],"totalCount":0,"failureCount":0}`)
}

func TestV2SingleTransaction(t *testing.T) {
	t.Parallel()
	created := `{"createdId":` + id1 + `,"warnings":[],"errors":[],"sideEffects":[],"loyaltyDetails":[]}`
	tests := map[string]struct {
		target, body string
		status       int
		want         string
	}{
		"the customer may be named in the query": {
			singlePath + "?identifierName=mobile&identifierValue=1&source=INSTORE", `{"billNumber":"A1"}`, http.StatusOK, created,
		},
		"the customer may be named in the body": {singlePath, bill("A1", "1"), http.StatusOK, created},
		"the path may end in .json":             {singlePath + ".json", bill("A1", "1"), http.StatusOK, created},
		"a blank customer is refused with 8015": {
			singlePath, bill("A1", ""), http.StatusBadRequest, v2Refusal(8015, "Customer not found for the given identifiers"),
		},
		"a missing number is refused with 602": {
			singlePath, bill("", "1"), http.StatusBadRequest, v2Refusal(602, "Transaction number is not valid"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantAnswer(t, post(t, clienttest.New(clienttest.Options{}), tt.target, tt.body), tt.status, tt.want)
		})
	}
}

func TestV2SingleTransactionIsRefusedWhenTheNumberIsKnown(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, bulkPath, "["+bill("A1", "1")+"]")
	w := post(t, sim, singlePath, bill("A1", "2"))
	wantAnswer(t, w, http.StatusBadRequest, v2Refusal(604, "Transaction number already exists"))
	assert.Equal(t, 1, sim.Times("A1", "1"))
	assert.Equal(t, 0, sim.Times("A1", "2"))
}

func TestV1TransactionsPartlyFailed(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := post(t, sim, v1Path, `{"root":{"transaction":[
		{"number":"A1","type":"regular","customer":{"mobile":"","email":"a@example.com","firstname":"Alex"}},
		{"number":"A1","type":"return","customer":{"mobile":"2"}},
		{"number":"A2","customer":{"firstname":"Alex"}},
		{"number":"A3","customer":[]},
		{"customer":{"external_id":"3"}},
		"text"
	]}}`)
	item := func(id, number, kind, customer, success, code, message string) string {
		return `{"id":` + id + `,"number":"` + number + `","type":"` + kind + `","customer":` + customer +
			`,"side_effects":{"effect":[]},"source":"instore","item_status":{"success":"` + success + `","code":"` + code +
			`","message":"` + message + `"}}`
	}
	wantAnswer(t, w, http.StatusOK, `{"response":{
		"status":{"success":"true","code":201,"message":"Some requests have failed due to errors"},
		"transactions":{"transaction":[`+
		item(id1, "A1", "REGULAR", `{"mobile":"","email":"a@example.com","firstname":"Alex"}`, "true", "600", "Transaction added successfully")+`,`+
		item("-1", "A1", "RETURN", `{"mobile":"2"}`, "false", "604", "Transaction number already exists")+`,`+
		item("-1", "A2", "", `{"firstname":"Alex"}`, "false", "606", "Customer not found for the given identifiers")+`,`+
		item("-1", "A3", "", `{}`, "false", "606", "Customer not found for the given identifiers")+`,`+
		item("-1", "", "", `{"external_id":"3"}`, "false", "602", "Transaction number is not valid")+`,`+
		item("-1", "", "", `{}`, "false", "400", "Item is not an object")+
		`]}}}`)
	assert.Equal(t, []int{201, 600, 604, 606, 602, 400}, sim.Calls()[0].Codes)
	assert.Equal(t, 1, sim.Times("A1", "a@example.com"))
}

func TestV1TransactionRoots(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body    string
		applied int
		status  string
	}{
		"an array":                 {`{"root":{"transaction":[{"number":"A","customer":{"mobile":"1"}},{"number":"B","customer":{"user_id":7}}]}}`, 2, "200"},
		"a single object":          {`{"root":{"transaction":{"number":"A","customer":{"mobile":"1"}}}}`, 1, "200"},
		"a single object, no root": {`{"transaction":{"number":"A","customer":{"mobile":"1"}}}`, 1, "200"},
		"an empty array":           {`{"root":{"transaction":[]}}`, 0, "200"},
		"all failed":               {`{"root":{"transaction":[{"number":"A"}]}}`, 0, "500"},
		"another entity":           {`{"root":{"customer":[{}]}}`, 0, "400"},
		"no object":                {`[]`, 0, "400"},
		"a root that is an array":  {`{"root":[]}`, 0, "400"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{})
			w := post(t, sim, v1Path, tt.body)
			assert.Equal(t, http.StatusOK, w.Code)
			assert.Contains(t, w.Body.String(), `"code":`+tt.status+`,`)
			assert.Len(t, sim.Applied(), tt.applied)
		})
	}
}

func TestBillsAreSharedByVersions(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, bulkPath, "["+bill("A1", "1")+"]")
	w := post(t, sim, v1Path, `{"root":{"transaction":[{"number":"A1","customer":{"mobile":"1"}}]}}`)
	assert.Contains(t, w.Body.String(), `"code":"604"`)
	assert.Contains(t, w.Body.String(), `"code":500`)
}

func TestRepeatBillsAppliesANumberAgain(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{RepeatBills: true})
	for range 3 {
		post(t, sim, bulkPath, "["+bill("A1", "1")+"]")
	}
	post(t, sim, bulkPath, "["+bill("A1", "2")+"]")
	assert.Equal(t, 3, sim.Times("A1", "1"))
	assert.Equal(t, 1, sim.Times("A1", "2"))
	assert.Equal(t, 3, sim.Stats().DuplicateApplied)
	assert.Zero(t, sim.Stats().Duplicates)
}

func TestTransactionLookups(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, bulkPath, "["+bill("A/1", "1")+"]")
	shown := `{"id":` + id1 + `,"billNumber":"A/1","identifierValue":"1","warnings":[],"errors":[]}`
	tests := map[string]struct {
		target string
		status int
		want   string
	}{
		"by number":         {"/v2/transactions/getByBillNumber/A%2F1", http.StatusOK, shown},
		"by id":             {"/v2/transactions/" + id1, http.StatusOK, shown},
		"by unknown number": {"/v2/transactions/getByBillNumber/A", http.StatusBadRequest, v2Refusal(668, "Transaction number not found")},
		"by unknown id":     {"/v2/transactions/" + id2, http.StatusBadRequest, v2Refusal(667, "Transaction id not found")},
		"by no id":          {"/v2/transactions/x", http.StatusBadRequest, v2Refusal(667, "Transaction id not found")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantAnswer(t, send(t, sim, http.MethodGet, tt.target, ""), tt.status, tt.want)
		})
	}
}
