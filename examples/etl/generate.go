package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/capillary-go/capillary/client"
)

// generator makes up invoices, always the same ones. A few customers buy often and many rarely, as in real data.
type generator struct {
	v1        bool
	n, made   int
	customers int
}

// canGenerate tells whether there are sample invoices for the endpoint.
func canGenerate(ep *client.Endpoint) bool {
	return ep.Name == client.TransactionsBulk.Name || ep.Name == client.V1TransactionAdd.Name
}

func newGenerator(ep *client.Endpoint, n int) *generator {
	return &generator{v1: ep.Name == client.V1TransactionAdd.Name, n: n, customers: max(1, n/5)}
}

func (g *generator) offset() int64 { return 0 }

func (g *generator) next() (record, error) {
	if g.made == g.n {
		return record{}, io.EOF
	}
	g.made++
	// Multiples of the golden ratio spread evenly over [0, 1), so that any stretch of invoices has the same mix of customers.
	_, at := math.Modf(float64(g.made) * math.Phi)
	customer := int(float64(g.customers) * math.Pow(at, 1.5))
	cents := 199 + g.made*7919%24_800
	when := time.Date(2025, time.January, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(g.made) * time.Minute)
	if g.v1 {
		return record{body: fmt.Appendf(nil, `{"type":"regular","number":"SAMPLE-%07d","amount":"%d.%02d","billing_time":"%s",`+
			`"customer":{"external_id":"C%06d"}}`, g.made, cents/100, cents%100, when.Format(time.DateTime), customer)}, nil
	}
	body := fmt.Appendf(nil, `{"identifierType":"externalId","identifierValue":"C%06d","source":"INSTORE","type":"REGULAR",`+
		`"billNumber":"SAMPLE-%07d","billingDate":"%s","billAmount":%d.%02d}`,
		customer, g.made, when.Format(time.RFC3339), cents/100, cents%100)
	return record{body: json.RawMessage(body)}, nil
}
