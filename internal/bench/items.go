package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// distinct is how many different items there are, each of another customer. It
// is far above what a writer holds at a time, so that no customer ever waits
// for itself, and small enough to be built in a moment.
const distinct = 40_000

// dialect is one way to say the same: a customer's bill as an item, and what
// the server says of it. All items of a dialect have the same length, and so
// have all its answers to an accepted item.
type dialect struct {
	path string
	item string // format of an item; takes customer and bill
	mark string // stands in an item before its bill number, and nowhere else

	before, after      string // around the items of a request
	head, tail         string // around the items of an answer
	accepted, refused  string // an item of an answer; takes the bill number
	echoed             string // stands in an item of an answer before its bill number; empty: it isn't echoed
	acceptedInAnAnswer []byte // found once for each accepted item of an answer
	refusedInAnAnswer  []byte // the same for refused ones
}

const (
	itemV2 = `{"identifierType":"mobile","identifierValue":"9198%08d","source":"INSTORE","billNumber":"INV-%08d","billAmount":4808.5}`
	itemV1 = `{"type":"regular","number":"INV-%08[2]d","amount":"4808.50","billing_time":"2026-03-01 10:20:30","customer":{"mobile":"9198%08[1]d"}}`
)

var (
	// v2 is POST v2/transactions/bulk: a bare array there, an envelope back.
	v2 = dialect{
		path: "/v2/transactions/bulk", item: itemV2, mark: `"billNumber":"`,
		before: `[`, after: `]`,
		head: `{"response":[`, tail: `],"totalCount":%d,"failureCount":%d}`,
		accepted: `{"entityId":360744866,"result":{"identifierType":"mobile","identifierValue":"919800000001","source":"INSTORE","billNumber":"INV-%08d"},"errors":[],"warnings":[]}`,
		refused:  `{"result":{"identifierType":"mobile","billNumber":"INV-%08d"},"errors":[{"status":false,"code":8015,"message":"Customer not found"}],"warnings":[]}`,
		echoed:   `"billNumber":"`, acceptedInAnAnswer: []byte(`"errors":[],`), refusedInAnAnswer: []byte(`"errors":[{`),
	}
	// v1 is POST v1.1/transaction/add. Codes are now strings, now numbers, as
	// they are in the documents.
	v1 = dialect{
		path: "/v1.1/transaction/add", item: itemV1, mark: `"number":"`,
		before: `{"root":{"transaction":[`, after: `]}}`,
		head: `{"response":{"status":{"success":"true","code":200,"message":"Success"},"transactions":{"transaction":[`, tail: `]}}}`,
		accepted: `{"id":37813251,"number":"INV-%08d","type":"REGULAR","item_status":{"success":"true","code":600,"message":"Transaction added successfully","warnings":{"warning":[]}}}`,
		refused:  `{"number":"INV-%08d","type":"REGULAR","item_status":{"success":"false","code":"602","message":"Transaction number is not valid"}}`,
		echoed:   `"number":"`, acceptedInAnAnswer: []byte(`{"success":"true","code":600`), refusedInAnAnswer: []byte(`{"success":"false"`),
	}
	// bulkAPI is what the two writers of the comparison speak. They send the
	// items of v2.
	bulkAPI = dialect{
		path: "/_bulk", item: itemV2, mark: `"billNumber":"`,
		head: `{"took":3,"errors":true,"items":[`, tail: `]}`,
		accepted:           `{"index":{"_index":"transactions","_id":"EXT-%08d","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":%[1]d,"_primary_term":1,"status":201}}`,
		refused:            `{"index":{"_index":"transactions","_id":"EXT-%08d","status":400,"error":{"type":"document_parsing_exception","reason":"failed to parse"}}}`,
		echoed:             `"_id":"`,
		acceptedInAnAnswer: []byte(`"status":201`), refusedInAnAnswer: []byte(`"status":400`),
	}
)

const (
	billLength   = len("INV-00000000")
	refusedEvery = 50 // the last of so many items of a call is refused
)

// encode returns all items of the dialect. To encode them is the caller's work
// and the same for every writer, so it is done before anything is measured.
func (d *dialect) encode() []json.RawMessage {
	items := make([]json.RawMessage, distinct)
	for i := range items {
		items[i] = fmt.Appendf(nil, d.item, i, i)
	}
	return items
}

// answer returns the answer to n items, and where in it the bill numbers are.
func (d *dialect) answer(n int) (body []byte, bills []int) {
	var b bytes.Buffer
	b.WriteString(d.head)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		start, format := b.Len(), d.accepted
		if i%refusedEvery == refusedEvery-1 {
			format = d.refused
		}
		fmt.Fprintf(&b, format, i)
		if d.echoed != "" {
			at := bytes.Index(b.Bytes()[start:], []byte(d.echoed))
			bills = append(bills, start+at+len(d.echoed))
		}
	}
	if bytes.IndexByte([]byte(d.tail), '%') < 0 {
		b.WriteString(d.tail)
	} else {
		fmt.Fprintf(&b, d.tail, n, n/refusedEvery)
	}
	return b.Bytes(), bills
}

// request returns the body of a call with these items.
func (d *dialect) request(items []json.RawMessage) []byte {
	body := []byte(d.before)
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, d.after...)
}

// bills calls visit for the bill number of each item of a request. Since all
// items have the same length, the next one is nearly always where it is looked
// for first.
func (d *dialect) bills(request []byte, visit func(bill []byte)) int {
	mark := []byte(d.mark)
	n, stride := 0, 0
	for at := bytes.Index(request, mark); at >= 0; {
		bill := at + len(mark)
		if bill+billLength > len(request) {
			break // cut short
		}
		visit(request[bill : bill+billLength])
		n++
		next := at + stride
		if stride == 0 || next >= len(request) || !bytes.HasPrefix(request[next:], mark) {
			found := bytes.Index(request[at+1:], mark)
			if found < 0 {
				break
			}
			next = at + 1 + found
			stride = next - at
		}
		at = next
	}
	return n
}
