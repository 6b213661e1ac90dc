package clienttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client/clienttest"
)

// person is a v2 customer with these identifiers.
func person(values ...string) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = `{"type":"mobile","value":"` + v + `"}`
	}
	return `{"profiles":[{"source":"INSTORE","identifiers":[` + strings.Join(list, ",") + `]}]}`
}

func TestV1CustomerAdd(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := post(t, sim, "/v1.1/customer/add", `{"root":{"customer":[
		{"mobile":"1","email":"a@example.com","firstname":"Alex"},
		{"mobile":"2","email":"a@example.com"},
		{"firstname":"Nobody"}
	]}}`)
	wantAnswer(t, w, http.StatusOK, `{"response":{
		"status":{"success":"true","code":201,"message":"Some requests have failed due to errors","total":"3","success_count":"1"},
		"customers":{"customer":[
			{"user_id":`+id1+`,"firstname":"Alex","lastname":"","mobile":"1","email":"a@example.com","external_id":"","side_effects":{"effect":[]},
			 "item_status":{"success":"true","code":"1000","message":"Customer registration successful","warnings":{"warning":[]}}},
			{"user_id":null,"firstname":"","lastname":"","mobile":"2","email":"a@example.com","external_id":"","side_effects":{"effect":[]},
			 "item_status":{"success":"false","code":"1014","message":"Customer is already registered","warnings":{"warning":[]}}},
			{"user_id":null,"firstname":"Nobody","lastname":"","mobile":"","email":"","external_id":"","side_effects":{"effect":[]},
			 "item_status":{"success":"false","code":"1007","message":"No valid identifier","warnings":{"warning":[]}}}
		]}}}`)
	assert.Equal(t, []clienttest.Applied{{Entity: "customer", Number: "1", Customer: "1", Call: 1, Seq: 1}}, sim.Applied())
}

func TestV1CustomerGet(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, "/v1.1/customer/add", `{"root":{"customer":{"mobile":"1","email":"a@example.com"}}}`)
	const tail = `"side_effects":{"effect":[]},`
	found := `"item_status":{"success":"true","code":"1000","message":"Customer successfully retrieved","warnings":{"warning":[]}}}`
	tests := map[string]struct{ query, want string }{
		"two identifiers, one known": {"mobile=1,2", `{"response":{
			"status":{"success":"true","code":201,"message":"Some requests have failed due to errors","total":"2","success_count":"1"},
			"customers":{"customer":[
				{"user_id":` + id1 + `,"firstname":"","lastname":"","mobile":"1","email":"","external_id":"",` + tail + found + `,
				{"user_id":null,"firstname":"","lastname":"","mobile":"2","email":"","external_id":"",` + tail + `
				 "item_status":{"success":"false","code":"1012","message":"Customer not found","warnings":{"warning":[]}}}]}}}`},
		"by another identifier": {"email=a@example.com", `{"response":{
			"status":{"success":"true","code":200,"message":"Success","total":"1","success_count":"1"},
			"customers":{"customer":[
				{"user_id":` + id1 + `,"firstname":"","lastname":"","mobile":"","email":"a@example.com","external_id":"",` + tail + found + `]}}}`},
		"by id": {"id=" + id1, `{"response":{
			"status":{"success":"true","code":200,"message":"Success","total":"1","success_count":"1"},
			"customers":{"customer":[
				{"user_id":` + id1 + `,"firstname":"","lastname":"","mobile":"","email":"","external_id":"",` + tail + found + `]}}}`},
		"no identifier": {"", `{"response":{"status":{"success":"false","code":400,"message":"Invalid input"}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantAnswer(t, send(t, sim, http.MethodGet, "/v1.1/customer/get?format=json&"+tt.query, ""), http.StatusOK, tt.want)
		})
	}
}

func TestV2CustomerAddRefusesARepeatedIdentifier(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	wantAnswer(t, post(t, sim, "/v2/customers", person("1", "x1")), http.StatusOK,
		`{"createdId":`+id1+`,"warnings":[],"sideEffects":[]}`)
	wantAnswer(t, post(t, sim, "/v2/customers", person("2", "x1")), http.StatusBadRequest,
		v2Refusal(8006, "Customer already exists with id "+id1))
	wantAnswer(t, post(t, sim, "/v2/customers", `{"profiles":[{}]}`), http.StatusBadRequest, v2Refusal(8005, "No valid identifier"))
	assert.Equal(t, clienttest.Stats{Calls: 3, MaxInFlight: 1, ItemsReceived: 3, ItemsApplied: 1, Duplicates: 1, Refused: 1}, sim.Stats())
}

func TestUpsertAppliesEachTime(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	first := `{"entityId":` + id1 + `,"result":{"id":` + id1 + `,"profiles":[{"source":"INSTORE","identifiers":[{"type":"mobile","value":"1"}]}]},
		"errors":[],"warnings":[]}`
	wantAnswer(t, post(t, sim, upsertPath, "["+person("1")+"]"), http.StatusOK, `{"response":[`+first+`],"totalCount":1,"failureCount":0}`)
	wantAnswer(t, post(t, sim, upsertPath, "["+person("1")+`,{"profiles":"none"}]`), http.StatusOK, `{"response":[`+first+`,
		{"errors":[{"status":false,"code":8005,"message":"No valid identifier"}],"warnings":[]}],"totalCount":2,"failureCount":1}`)
	assert.Equal(t, 2, sim.Times("1", "1"))
	assert.Zero(t, sim.Stats().DuplicateApplied, "an update does no harm")
	wantAnswer(t, post(t, sim, "/v2/customers", person("9")), http.StatusOK, `{"createdId":`+id3+`,"warnings":[],"sideEffects":[]}`)
}

func TestUpsertByAnotherIdentifierIsTheSameCustomer(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, upsertPath, "["+person("1", "x1")+"]")
	w := post(t, sim, upsertPath, "["+person("x1", "1")+"]")
	assert.Contains(t, w.Body.String(), `"entityId":`+id1)
	assert.Equal(t, 1, sim.Times("1", "1"))
	assert.Equal(t, 1, sim.Times("x1", "x1"))
}

func TestUpsertThatNamesTwoCustomersTakesNothingFromTheSecond(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, upsertPath, "["+person("1")+","+person("2")+","+person("1", "2")+"]")
	assert.Equal(t, 2, sim.Times("1", "1"))
	assert.Equal(t, 1, sim.Times("2", "2"))
}

func TestV2CustomerLookups(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	post(t, sim, "/v2/customers", person("1"))
	unknown := v2Refusal(8015, "Customer not found for the given identifiers")
	tests := map[string]struct {
		target string
		status int
		want   string
	}{
		"by id": {
			"/v2/customers/" + id1, http.StatusOK,
			`{"id":` + id1 + `,"profiles":[{"identifiers":[{"value":"1"}]}],"warnings":[],"errors":[]}`,
		},
		"by unknown id": {"/v2/customers/" + id2, http.StatusBadRequest, unknown},
		"by identifier": {
			"/v2/customers/lookup?source=INSTORE&identifierName=mobile&identifierValue=1", http.StatusOK, `{"entity":` + id1 + `,"warnings":[]}`,
		},
		"by unknown identifier": {"/v2/customers/lookup?identifierValue=2", http.StatusBadRequest, unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantAnswer(t, send(t, sim, http.MethodGet, tt.target, ""), tt.status, tt.want)
		})
	}
}
