package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// logTo returns a logger whose lines have neither a time of day nor a jitter.
func logTo(b *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey:
			return slog.Attr{}
		case "wait":
			return slog.String("wait", "…")
		default:
			return a
		}
	}}))
}

func TestRecordsOfTheLog(t *testing.T) {
	t.Parallel()
	const id = "fda7e8698c240e1e1234567890c0fd75"
	withID := map[string][]string{"X-Cap-Requestid": {id}}
	tests := map[string]struct {
		level   slog.Level
		answers []clienttest.Answer
		want    string
	}{
		"a call that works, for whoever wants to see all": {
			level: slog.LevelDebug, answers: []clienttest.Answer{{Header: withID, Body: `{"response":[{"entityId":1,"errors":[]},{"entityId":2,"errors":[]}]}`}},
			want: `level=DEBUG msg=attempt op=v2/transactions/bulk attempt=1 outcome=applied elapsed=1s http_status=200 request_id=` + id + `
level=DEBUG msg=call op=v2/transactions/bulk attempts=1 outcome=applied elapsed=1s http_status=200 request_id=` + id + ` applied=2
`,
		},
		"a call that works": {
			level: slog.LevelInfo, answers: []clienttest.Answer{{Body: `{"response":[{"entityId":1,"errors":[]},{"entityId":2,"errors":[]}]}`}},
		},
		"refused items are no trouble of the program": {
			level: slog.LevelInfo,
			answers: []clienttest.Answer{{
				Body: `{"response":[{"entityId":1,"errors":[]},{"errors":[{"status":false,"code":8015,"message":"no Jane Doe 447700900001"}]}]}`,
			}},
		},
		"refused items, for whoever wants to see all": {
			level: slog.LevelDebug,
			answers: []clienttest.Answer{{
				Header: withID,
				Body:   `{"response":[{"entityId":1,"errors":[]},{"errors":[{"status":false,"code":8015,"message":"no Jane Doe 447700900001"}]}]}`,
			}},
			want: `level=DEBUG msg=attempt op=v2/transactions/bulk attempt=1 outcome=applied elapsed=1s http_status=200 request_id=` + id + `
level=DEBUG msg=call op=v2/transactions/bulk attempts=1 outcome=applied elapsed=1s http_status=200 request_id=` + id +
				` applied=1 refused=1 code=8015 error="v2/transactions/bulk: 1 of 2 items failed (1×8015)"
`,
		},
		"a write of unknown outcome after a busy answer": {
			level: slog.LevelDebug,
			answers: []clienttest.Answer{
				{Header: withID, Body: `{"errors":[{"status":false,"code":461,"message":"busy with Jane Doe"}]}`},
				{Status: 502, Header: withID, Body: "<html>Jane Doe could not be reached"},
			},
			want: `level=DEBUG msg=attempt op=v2/transactions/bulk attempt=1 outcome=refused elapsed=1s http_status=200 request_id=` + id +
				` code=461 kind=transient error="status 461 (search engine busy) [request id ` + id + `]" wait=…
level=DEBUG msg=attempt op=v2/transactions/bulk attempt=2 outcome=unknown elapsed=1s http_status=502 request_id=` + id +
				` error="answer not understood: an HTML page (HTTP 502, text/html) [request id ` + id + `]"
level=WARN msg="call given up" op=v2/transactions/bulk attempts=2 outcome=unknown elapsed=… stop="outcome unknown and not repeatable"` +
				` http_status=502 request_id=` + id + ` error="answer not understood: an HTML page (HTTP 502, text/html) [request id ` + id + `]"
level=DEBUG msg=call op=v2/transactions/bulk attempts=2 outcome=unknown elapsed=… http_status=502 request_id=` + id +
				` unknown=2 error="answer not understood: an HTML page (HTTP 502, text/html) [request id ` + id + `]"
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{Latency: time.Second})
				w.sim.Script(test.answers...)
				var log bytes.Buffer
				c := w.client(t, client.WithLogger(logTo(&log, test.level)))
				_, _ = client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill("B-77", "447700900001"), bill("B-78", "447700900002")})
				got := log.String()
				if strings.Contains(test.want, "elapsed=…") { // the jittered wait is in it
					lines := strings.SplitAfter(got, "\n")
					for i := range lines {
						if strings.Contains(lines[i], "attempts=2") {
							before, rest, _ := strings.Cut(lines[i], "elapsed=")
							_, after, _ := strings.Cut(rest, " ")
							lines[i] = before + "elapsed=… " + after
						}
					}
					got = strings.Join(lines, "")
				}
				assert.Equal(t, test.want, got)
			})
		})
	}
}

// documentedAttributes returns the names in the table of WithLogger's documentation.
func documentedAttributes(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("log.go")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "// Their attributes,")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "// No record")
	var names []string
	for line := range strings.Lines(table) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			names = append(names, strings.Fields(row)[0])
		}
	}
	return names
}

func TestTheTableOfAttributesIsComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.sim.Script(clienttest.Answer{Body: v2Error("461")}, clienttest.Answer{Cut: true}, clienttest.Answer{})
		w.fail = func(attempt int) error {
			if attempt > 5 {
				return context.DeadlineExceeded
			}
			return nil
		}
		var log bytes.Buffer
		c := w.client(t,
			client.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
			client.WithObserve(func(_ context.Context, e client.Event) context.Context {
				if e.Attempt == 2 {
					panic("on purpose")
				}
				return nil
			}))
		send := func(items ...txn) { _, _ = client.Send(t.Context(), c, client.TransactionsBulk, items) }
		send(bill("1", "c-1"))                                  // busy, then cut: unknown
		send(bill("2", "c-2"), bill("3", ""), bill("2", "c-2")) // applied, refused, duplicate
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = client.Send(ctx, c, client.TransactionsBulk, []txn{bill("4", "c-4")}) // not sent

		got := map[string]bool{}
		for line := range strings.Lines(log.String()) {
			var record map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &record))
			for name := range record {
				got[name] = true
			}
		}
		want := append(documentedAttributes(t), slog.TimeKey, slog.LevelKey, slog.MessageKey)
		slices.Sort(want)
		assert.Equal(t, want, slices.Sorted(maps.Keys(got)))
	})
}
