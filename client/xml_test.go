package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// received is what a server of one scripted answer was sent.
type received struct{ accept, contentType, body string }

// answering starts a server that gives one answer to everything.
func answering(t *testing.T, contentType, answer string) (*client.Client, *received) {
	t.Helper()
	got := &received{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = received{r.Header.Get("Accept"), r.Header.Get("Content-Type"), string(body)}
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.WithBasic("till.1", "secret"))
	require.NoError(t, err)
	return c, got
}

func inXML(ep client.Endpoint) client.Endpoint {
	ep.XML = true
	return ep
}

func TestAnEndpointInXMLSendsAndReadsXML(t *testing.T) {
	t.Parallel()
	c, got := answering(t, "application/xml", `<?xml version="1.0"?>
<response>
  <status><success>true</success><code>200</code><message>Success</message></status>
  <transactions>
    <transaction><number>B-1</number><id>9007199254740993</id>
      <item_status><success>true</success><code>600</code><message>Transaction added</message></item_status></transaction>
    <transaction><number>B-2</number>
      <item_status><success>false</success><code>604</code><message>exists</message></item_status></transaction>
  </transactions>
</response>`)

	type bill struct {
		Number string `json:"number"`
		Amount int    `json:"amount"`
	}
	batch, err := client.Send(context.Background(), c, inXML(client.V1TransactionAdd), []bill{{"B-1", 40}, {"B-2", 7}})
	require.NoError(t, err)
	assert.Equal(t, "application/xml", got.accept)
	assert.Equal(t, "application/xml", got.contentType)
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?><root>`+
		`<transaction><number>B-1</number><amount>40</amount></transaction>`+
		`<transaction><number>B-2</number><amount>7</amount></transaction></root>`, got.body)
	require.Len(t, batch.Verdicts, 2)
	assert.Equal(t, caperrors.Applied, batch.Verdicts[0].Outcome)
	assert.Equal(t, caperrors.Code(600), batch.Verdicts[0].Code)
	assert.Equal(t, caperrors.Duplicate, batch.Verdicts[1].Outcome)

	entity, err := client.Decode[struct{ ID string }](batch.Verdicts[0].Raw)
	require.NoError(t, err)
	assert.Equal(t, "9007199254740993", entity.ID, "no digit lost")
}

func TestACallInXMLSendsOneElement(t *testing.T) {
	t.Parallel()
	c, got := answering(t, "text/xml",
		`<response><status><success>true</success><code>200</code></status><transactions><transaction>`+
			`<item_status><success>true</success><code>600</code></item_status></transaction></transactions></response>`)
	resp, err := c.Call(context.Background(), inXML(client.V1TransactionAdd), client.Request{Body: map[string]any{"number": "B-1"}})
	require.NoError(t, err)
	assert.Equal(t, caperrors.Applied, resp.Outcome)
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?><root><transaction><number>B-1</number></transaction></root>`, got.body)
}

func TestWhatXMLCannotSayIsFoundBeforeSending(t *testing.T) {
	t.Parallel()
	c, got := answering(t, "text/xml", "")
	bad := map[string]any{"two words": 1}

	_, err := c.Call(context.Background(), inXML(client.V1TransactionAdd), client.Request{Body: bad})
	var argument *caperrors.ArgumentError
	require.ErrorAs(t, err, &argument)
	assert.Contains(t, err.Error(), "two words")

	_, err = client.Send(context.Background(), c, inXML(client.V1TransactionAdd), []any{bad})
	require.ErrorAs(t, err, &argument)

	_, err = c.Bulk(inXML(client.V1TransactionAdd)).Send(context.Background(), [][]byte{[]byte(`{"two words":1}`)})
	require.ErrorAs(t, err, &argument)
	assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))

	_, _, err = c.Bulk(inXML(client.V1TransactionAdd)).Inspect([]byte(`{"number":"B-1","two words":1}`))
	require.ErrorAs(t, err, &argument, "an engine ends the item alone")
	assert.Contains(t, err.Error(), "two words")
	key, id, err := c.Bulk(inXML(client.V1TransactionAdd)).Inspect([]byte(`{"number":"B-1","customer":{"mobile":"44"}}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"44", "B-1"}, []string{key, id})
	_, _, err = c.Bulk(client.V1TransactionAdd).Inspect([]byte(`{"number":"B-1","two words":1}`))
	require.NoError(t, err, "JSON can say it")

	_, err = c.Call(context.Background(), inXML(client.TransactionAdd), client.Request{Body: bad})
	require.ErrorAs(t, err, &argument)
	assert.Contains(t, err.Error(), "Endpoint.XML", "v2 knows JSON alone")
	assert.Empty(t, *got, "nothing was sent")
}
