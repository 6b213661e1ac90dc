package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
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

// Some servers write a slash as \/ in JSON, and some an equals sign as \u003d.
// What breaks off is quoted as it came.
func TestAnAnswerThatQuotesCredentialsInAFormOfItsOwnIsBlanked(t *testing.T) {
	t.Parallel()
	const user = "ab?x" // base64 makes a slash of it, and pads it
	ways := map[string]client.Option{
		"given": client.WithBasic(user, "secret"),
		"of a function": client.WithCredentials(func(context.Context) (client.Credentials, error) {
			return client.Credentials{Username: user, Password: "secret"}, nil
		}),
	}
	for name, option := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			var quoted string
			w.intercept = func(r *http.Request) *http.Response {
				_, pair, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				quoted = strings.NewReplacer("/", `\/`, "=", `\u003d`).Replace(pair)
				return answer(http.StatusBadRequest, `{"errors":"who is `+quoted+` and`)
			}
			_, err := w.client(t).With(option).Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
			require.Error(t, err)
			require.Contains(t, quoted, `\/`)
			require.Contains(t, quoted, `\u003d`)
			assert.Contains(t, err.Error(), "who is ***")
			for _, text := range everyForm(err) {
				assert.NotContains(t, text, strings.TrimSuffix(strings.TrimSuffix(quoted, `\u003d`), `\u003d`))
			}
		})
	}
}

// A function that gives the same key each time is asked before each token, and
// tokens may live for a short time only.
func TestAKeyIsBlankedHoweverManyTokensCameSince(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.TokenTTL = 10 * time.Second
		w := newWorld(t, opts)
		c := w.client(t).With(client.WithCredentials(func(context.Context) (client.Credentials, error) {
			return client.Credentials{Key: key, Secret: secret}, nil
		}))
		for range 30 {
			_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
			if err != nil {
				require.ErrorIs(t, err, caperrors.ErrDuplicate)
			}
			w.intercept = func(r *http.Request) *http.Response {
				if r.Header.Get("X-CAP-API-OAUTH-TOKEN") == "" {
					return nil
				}
				return answer(http.StatusBadRequest, `{"errors":[{"status":false,"code":400,"message":"no `+key+` and `+secret+`"}]}`)
			}
			resp, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			assert.Equal(t, "no *** and ***", resp.Message)
			w.intercept = nil
			<-time.After(10 * time.Second)
		}
	})
}
