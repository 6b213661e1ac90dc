package clienttest_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client/clienttest"
)

func postXML(t *testing.T, h http.Handler, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, h, http.MethodPost, target, body, "Content-Type", "application/xml; charset=utf-8", "Accept", "application/xml")
}

func TestV1TransactionsInXML(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := postXML(t, sim, v1Path, `<?xml version="1.0"?>
<root>
  <transaction><type>regular</type><number>B-1</number><customer><mobile>447700900001</mobile><firstname>Jo &amp; Jo</firstname></customer></transaction>
  <transaction><type>regular</type><number>B-1</number><customer><mobile>447700900002</mobile></customer></transaction>
  <transaction><number>B-2</number><customer><mobile/></customer></transaction>
</root>`)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "application/xml", w.Header().Get("Content-Type"))
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<response><status><success>true</success><code>201</code><message>Some requests have failed due to errors</message></status><transactions>`+
		`<transaction><id>`+id1+`</id><number>B-1</number><type>REGULAR</type>`+
		`<customer><mobile>447700900001</mobile><firstname>Jo &amp; Jo</firstname></customer><side_effects></side_effects><source>instore</source>`+
		`<item_status><success>true</success><code>600</code><message>Transaction added successfully</message></item_status></transaction>`+
		`<transaction><id>-1</id><number>B-1</number><type>REGULAR</type>`+
		`<customer><mobile>447700900002</mobile></customer><side_effects></side_effects><source>instore</source>`+
		`<item_status><success>false</success><code>604</code><message>Transaction number already exists</message></item_status></transaction>`+
		`<transaction><id>-1</id><number>B-2</number><type></type>`+
		`<customer><mobile></mobile></customer><side_effects></side_effects><source>instore</source>`+
		`<item_status><success>false</success><code>606</code><message>Customer not found for the given identifiers</message></item_status></transaction>`+
		`</transactions></response>`, w.Body.String())
	assert.Equal(t, 1, sim.Times("B-1", "447700900001"))
}

func TestV1CustomersInXML(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := postXML(t, sim, "/v1.1/customer/add", `<root><customer><email>a@example.com</email></customer></root>`)
	assert.Contains(t, w.Body.String(), "<email>a@example.com</email>")
	assert.Contains(t, w.Body.String(), "<code>1000</code>")
	assert.Equal(t, 1, sim.Stats().ItemsApplied, "one element is one item")
}

func TestXMLIsForV1AndMustBeWhole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		target, body string
		status       int
		says         string
	}{
		"v2 takes none":              {bulkPath, `<root/>`, http.StatusUnsupportedMediaType, `"code":415`},
		"no element at all":          {v1Path, `hello`, http.StatusOK, `<code>400</code>`},
		"an element that never ends": {v1Path, `<root><transaction>`, http.StatusOK, `<code>400</code>`},
		"two roots":                  {v1Path, `<root/><root/>`, http.StatusOK, `<code>400</code>`},
		"too deep":                   {v1Path, strings.Repeat("<a>", 102) + strings.Repeat("</a>", 102), http.StatusOK, `<code>400</code>`},
		"JSON under the name of XML": {v1Path, `{"root":{}}`, http.StatusOK, `<code>400</code>`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := postXML(t, clienttest.New(clienttest.Options{}), tt.target, tt.body)
			assert.Equal(t, tt.status, w.Code)
			assert.Contains(t, w.Body.String(), tt.says)
		})
	}
}

func TestMishapsInXML(t *testing.T) {
	t.Parallel()
	const body = `<root><transaction><number>B-1</number><customer><mobile>1</mobile></customer></transaction></root>`
	for name, tt := range map[string]struct {
		faults clienttest.Faults
		says   string
	}{
		"a call refused for now": {clienttest.Faults{SearchBusy: 1}, "<code>461</code>"},
		"an item":                {clienttest.Faults{ItemBusy: 1}, "<code>521</code>"},
		"the edge's own page":    {clienttest.Faults{EdgeHTML: 1}, "<html>"},
		"an answer broken off":   {clienttest.Faults{Garbled: 1}, "<response><status>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := postXML(t, clienttest.New(clienttest.Options{Faults: tt.faults}), v1Path, body)
			assert.Contains(t, w.Body.String(), tt.says)
			if name == "an answer broken off" {
				assert.NotContains(t, w.Body.String(), "</response>")
			}
		})
	}
}

// Whatever the body: no panic, and an answer that is XML with its elements closed.
func FuzzXML(f *testing.F) {
	f.Add(`<root><transaction><number>B-1</number><customer><mobile>1</mobile></customer></transaction></root>`)
	f.Add(`<root><customer><email>a</email><email>b</email></customer><!-- x --><customer/></root>`)
	f.Add("<root>\x00<transaction xmlns:a='b' a:c='d'>&amp;<![CDATA[<]]></transaction></root>")
	f.Fuzz(func(t *testing.T, body string) {
		for _, target := range []string{v1Path, "/v1.1/customer/add"} {
			sim := clienttest.New(clienttest.Options{})
			w := postXML(t, sim, target, body)
			dec := xml.NewDecoder(w.Body)
			for {
				_, err := dec.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%v in the answer to %q", err, body)
				}
			}
			if stats := sim.Stats(); stats.ItemsApplied > stats.ItemsReceived {
				t.Fatalf("%+v", stats)
			}
		}
	})
}
