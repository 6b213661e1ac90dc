package main

import (
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
)

func TestSampleInvoicesAreSkewedValidAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	for _, ep := range []client.Endpoint{client.TransactionsBulk, client.V1TransactionAdd} {
		t.Run(ep.Name, func(t *testing.T) {
			t.Parallel()
			g, again := newGenerator(&ep, 20_000), newGenerator(&ep, 20_000)
			numbers, customers := map[string]bool{}, map[string]int{}
			for {
				rec, err := g.next()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				twin, err := again.next()
				require.NoError(t, err)
				require.Equal(t, twin.body, rec.body)
				var item struct {
					BillNumber, Number, IdentifierValue string
					Customer                            struct {
						ExternalID string `json:"external_id"`
					}
				}
				require.NoError(t, json.Unmarshal(rec.body, &item))
				compact, err := object(rec.body)
				require.NoError(t, err)
				require.Equal(t, string(compact), string(rec.body))
				numbers[item.BillNumber+item.Number] = true
				customers[item.IdentifierValue+item.Customer.ExternalID]++
			}
			assert.Len(t, numbers, 20_000)
			assert.NotContains(t, customers, "")
			assert.Greater(t, len(customers), 3000)
			busiest := 0
			for _, n := range customers {
				busiest = max(busiest, n)
			}
			// (1/4000)^(2/3) of 20,000 is 79.
			assert.InDelta(t, 79, busiest, 10)
		})
	}
	one, err := newGenerator(&client.TransactionsBulk, 1).next()
	require.NoError(t, err)
	assert.Contains(t, string(one.body), `"identifierValue":"C000000"`)
}
