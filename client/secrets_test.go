package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// md5sum of "secret", and the header made of it for "till.1"; both by md5sum
// and base64.
const (
	hashOfSecret   = "5ebe2294ecd0e0f08eab7690d2a6ee69"
	headerOfSecret = "dGlsbC4xOjVlYmUyMjk0ZWNkMGUwZjA4ZWFiNzY5MGQyYTZlZTY5"
)

func TestAnAnswerThatQuotesCredentialsIsBlanked(t *testing.T) {
	t.Parallel()
	quoted := "no user " + headerOfSecret + " with " + hashOfSecret
	answers := map[string]string{
		"a refusal":           `{"errors":[{"status":false,"code":400,"message":"` + quoted + `"}]}`,
		"an item's error":     `{"response":[{"errors":[{"code":8015,"message":"` + quoted + `"}]}]}`,
		"an item's warning":   `{"response":[{"entityId":1,"errors":[],"warnings":[{"code":91016,"message":"` + quoted + `"}]}]}`,
		"a page of a gateway": `<html>` + quoted,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := answering(t, "application/json", answer)
			batch, err := client.Send(context.Background(), c, client.TransactionsBulk, []map[string]any{{"billNumber": "1"}})
			require.NotNil(t, batch)
			var b strings.Builder
			fmt.Fprintf(&b, "%v %+v %#v", err, err, err)
			for _, v := range batch.Verdicts {
				fmt.Fprint(&b, v.Message, v.Warnings)
			}
			var failed *caperrors.BatchError
			if errors.As(err, &failed) {
				for item := range failed.Items() {
					b.WriteString(item.Message)
				}
			}
			encoded, _ := json.Marshal(err)
			b.Write(encoded)
			shown := b.String()
			assert.NotContains(t, shown, hashOfSecret)
			assert.NotContains(t, shown, headerOfSecret)
			assert.Contains(t, shown, "***")
		})
	}
}
