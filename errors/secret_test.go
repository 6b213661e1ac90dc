package errors_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

// canary is what a message of the service may quote; no part of it may appear.
const canary = "no customer 919812345678 <jane.doe@example.com>\nnext line"

// loudError leaks through every door that it has.
type loudError struct{}

func (loudError) Error() string                { return canary }
func (loudError) LogValue() slog.Value         { return slog.StringValue(canary) }
func (loudError) MarshalJSON() ([]byte, error) { return json.Marshal(canary) }

func loudItem() *caperrors.ItemError {
	return &caperrors.ItemError{
		Index: 3, ID: canary, Outcome: caperrors.Refused, Scope: item("v2", "transaction"), Code: 604,
		Kind: caperrors.ErrDuplicate, Message: canary, RequestID: canary, Attempts: 2,
		Stop: caperrors.ErrAttemptsExhausted, Err: loudError{},
	}
}

func loudRequest() *caperrors.RequestError {
	return &caperrors.RequestError{
		HTTPStatus: 200, Scope: request("v2", "transaction"), Code: 461, Kind: caperrors.ErrTransient,
		Message: canary, RequestID: canary, RetryAfter: time.Second, Limit: 5,
	}
}

// loudErrors returns every error type of the package with the canary in it.
func loudErrors() map[string]error {
	return map[string]error{
		"request": loudRequest(),
		"transport": &caperrors.TransportError{
			Phase: caperrors.PhaseRead, TimedOut: true, Err: loudError{},
		},
		"transport by value of a foreign error": &caperrors.TransportError{Err: fmt.Errorf("dial: %w", loudError{})},
		"decode": &caperrors.DecodeError{
			HTTPStatus: 502, ContentType: canary, Reason: canary, Excerpt: canary, RequestID: canary,
			Kind: caperrors.ErrTransient, Outcome: caperrors.Refused,
		},
		"argument":    &caperrors.ArgumentError{Field: "items", Index: 2, Reason: "cannot be encoded", Err: loudError{}},
		"credentials": &caperrors.CredentialsError{TimedOut: true, Err: loudError{}},
		"credentials that are not usable": &caperrors.CredentialsError{
			Err: &caperrors.ArgumentError{Field: "Credentials", Index: -1, Reason: "must not be empty", Err: loudError{}},
		},
		"item":                loudItem(),
		"item without a code": &caperrors.ItemError{Index: 1, Message: canary, Err: loudRequest()},
		"call around a request": &caperrors.CallError{
			Op: "v2/transactions/bulk", Attempts: 3, RequestID: canary, Err: loudRequest(),
			Stop: caperrors.ErrContextEnded, Context: loudError{},
		},
		"call around a foreign error": &caperrors.CallError{Op: "v2/transactions/bulk", Err: loudError{}},
		"call around a batch": &caperrors.CallError{
			Op: "v2/transactions/bulk", Attempts: 1, Outcome: caperrors.Applied,
			Err: caperrors.NewBatchError("v2/transactions/bulk", 9, []*caperrors.ItemError{loudItem()}),
		},
		"batch": caperrors.NewBatchError("v2/transactions/bulk", 9, []*caperrors.ItemError{loudItem(), loudItem()}),
	}
}

func assertNoSecret(t *testing.T, text, where string) {
	t.Helper()
	for _, secret := range []string{"919812345", "812345678", "jane", "example.com"} {
		assert.NotContains(t, text, secret, where)
	}
}

func TestErrorsPrintOneLineWithoutSecrets(t *testing.T) {
	t.Parallel()
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%T %[1]v", "%10.3v", "%!"}
	for name, err := range loudErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := err.Error()
			assertNoSecret(t, line, "Error")
			assert.NotContains(t, line, "\n")
			assert.NotEmpty(t, line)
			for _, verb := range verbs {
				text := fmt.Sprintf(verb, err)
				assertNoSecret(t, text, verb)
				assert.NotContains(t, text, "\n", verb)
			}
			assert.Equal(t, line, fmt.Sprintf("%v", err))
			assert.Equal(t, line, fmt.Sprintf("%+v", err))
			assert.Equal(t, line, fmt.Sprintf("%#v", err))
			assert.Equal(t, line, fmt.Sprintf("%d", err))
			assert.Equal(t, fmt.Sprintf("%q", line), fmt.Sprintf("%q", err))
		})
	}
}

// The methods are on values, so that a copy of the struct is as discreet.
func TestValuesPrintTheLineToo(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, err := range loudErrors() {
			var value any
			switch e := err.(type) { //nolint:errorlint // the type itself is asked for
			case *caperrors.RequestError:
				value = *e
			case *caperrors.TransportError:
				value = *e
			case *caperrors.DecodeError:
				value = *e
			case *caperrors.ArgumentError:
				value = *e
			case *caperrors.ItemError:
				value = *e
			case *caperrors.CredentialsError:
				value = *e
			case *caperrors.CallError:
				value = *e
			case *caperrors.BatchError:
				value = *e
			}
			require.NotNil(t, value)
			assert.Equal(t, fmt.Sprintf(verb, err), fmt.Sprintf(verb, value))
		}
	}
}

type exportedHolder struct {
	Name string
	Err  error
}

type hiddenHolder struct {
	name string
	err  error
}

func TestErrorsInsideOtherThingsStayDiscreet(t *testing.T) {
	t.Parallel()
	for name, err := range loudErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holders := []any{
				err,
				exportedHolder{"x", err},
				&exportedHolder{"x", err},
				hiddenHolder{"x", err},
				[]error{err},
				map[string]error{"err": err},
				fmt.Errorf("load: %w", err), errors.Join(err, err),
			}
			for _, holder := range holders {
				verbs := []string{"%v", "%+v", "%#v", "%d", "%x", "%s", "%q"}
				if _, ok := holder.(hiddenHolder); ok {
					verbs = verbs[:5] // package fmt reports the other verbs as wrong, with all fields
				}
				for _, verb := range verbs {
					assertNoSecret(t, fmt.Sprintf(verb, holder), fmt.Sprintf("%s of %T", verb, holder))
				}
				encoded, jsonErr := json.Marshal(holder)
				require.NoError(t, jsonErr)
				assertNoSecret(t, string(encoded), fmt.Sprintf("JSON of %T", holder))
				for format, text := range logged(holder) {
					assertNoSecret(t, text, fmt.Sprintf("%s log of %T", format, holder))
					assert.Equal(t, 1, strings.Count(text, "\n"), "%s log of %T", format, holder)
				}
			}
		})
	}
}

// logged returns what each handler writes of a value.
func logged(value any) map[string]string {
	var text, encoded bytes.Buffer
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{} // its digits could look like a secret
		}
		return attr
	}}
	slog.New(slog.NewTextHandler(&text, options)).Error("failed", "err", value)
	slog.New(slog.NewJSONHandler(&encoded, options)).Error("failed", "err", value)
	return map[string]string{"text": text.String(), "JSON": encoded.String()}
}

func TestJSONHasStableNames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"call around a request": {
			&caperrors.CallError{
				Op: "v2/transactions/bulk", Attempts: 3, Elapsed: 1200 * time.Millisecond, RequestID: "r-1",
				Outcome: caperrors.Refused, Stop: caperrors.ErrDeadlineTooNear,
				Err: &caperrors.RequestError{
					HTTPStatus: 200, Scope: request("v2", "transaction"), Code: 461, Kind: caperrors.ErrTransient,
					Message: "busy", RequestID: "r-1", RetryAfter: 2 * time.Second,
				},
			},
			`{"type":"call","op":"v2/transactions/bulk","attempts":3,"elapsed":1.2,"outcome":"refused",` +
				`"request_id":"r-1","stop":"no time left for another attempt","error":{"type":"request","code":461,` +
				`"kind":"transient","version":"v2","entity":"transaction","level":"request","message":"busy",` +
				`"http_status":200,"request_id":"r-1","retry_after":2}}`,
		},
		"oversize with its limit": {
			&caperrors.RequestError{HTTPStatus: 400, Code: 1060, Kind: caperrors.ErrOversize, Limit: 200},
			`{"type":"request","code":1060,"kind":"oversize","level":"request","http_status":400,"limit":200}`,
		},
		"item": {
			&caperrors.ItemError{
				Index: 4, ID: "B-1", Outcome: caperrors.Refused, Attempts: 1, Scope: item("v1.1", "customer"),
				Code: 1012, Kind: caperrors.ErrRefused, Message: "no such customer 919812345678",
			},
			`{"type":"item","index":4,"outcome":"refused","attempts":1,"code":1012,"kind":"refused","version":"v1.1",` +
				`"entity":"customer","level":"item","message":"no such customer ***"}`,
		},
		"item without a code": {
			&caperrors.ItemError{Outcome: caperrors.NotSent, Message: "held", Stop: caperrors.ErrJobStopped},
			`{"type":"item","index":0,"outcome":"not-sent","attempts":0,"message":"held",` +
				`"stop":"the job stopped before it was sent"}`,
		},
		"batch": {
			caperrors.NewBatchError("v2/transactions/bulk", 9, []*caperrors.ItemError{
				{Code: 1060, Outcome: caperrors.Refused},
				{Code: 461, Outcome: caperrors.Refused},
				{Code: 461, Outcome: caperrors.Unknown},
				{Outcome: caperrors.NotSent},
				{Outcome: 200},
			}),
			`{"type":"batch","op":"v2/transactions/bulk","total":9,"failed":5,` +
				`"outcomes":{"unknown":2,"refused":2,"not-sent":1},"codes":{"461":2,"1060":1}}`,
		},
		"batch without codes": {
			caperrors.NewBatchError("v2/coupons/issue", 1, []*caperrors.ItemError{{}}),
			`{"type":"batch","op":"v2/coupons/issue","total":1,"failed":1,"outcomes":{"unknown":1}}`,
		},
		"transport": {
			&caperrors.TransportError{Phase: caperrors.PhaseConnect, NotSent: true, Err: errors.New("refused")},
			`{"type":"transport","phase":"connect","not_sent":true,"timeout":false,"cause":"refused"}`,
		},
		"decode": {
			&caperrors.DecodeError{
				HTTPStatus: 503, ContentType: "text/html", Reason: "not JSON", Excerpt: "<html>",
				Kind: caperrors.ErrTransient, Outcome: caperrors.Refused, RetryAfter: time.Minute,
			},
			`{"type":"decode","http_status":503,"content_type":"text/html","reason":"not JSON","outcome":"refused",` +
				`"kind":"transient","excerpt":"\u003chtml\u003e","retry_after":60}`,
		},
		"argument": {
			&caperrors.ArgumentError{Field: "items", Index: 0, Reason: "is nil"},
			`{"type":"argument","field":"items","index":0,"reason":"is nil"}`,
		},
		"credentials": {
			&caperrors.CredentialsError{TimedOut: true, Err: errors.New("vault away")},
			`{"type":"credentials","timeout":true}`,
		},
		"credentials that are not usable": {
			&caperrors.CredentialsError{Err: &caperrors.ArgumentError{Field: "Credentials", Index: -1, Reason: "are both"}},
			`{"type":"credentials","timeout":false,"error":{"type":"argument","field":"Credentials","reason":"are both"}}`,
		},
		"argument without a position": {
			&caperrors.ArgumentError{Field: "baseURL", Index: -1, Reason: "is empty"},
			`{"type":"argument","field":"baseURL","reason":"is empty"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(test.err)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(encoded), "byte by byte, in a stable order")
			var attrs map[string]any
			require.NoError(t, json.Unmarshal([]byte(logged(test.err)["JSON"]), &attrs))
			group, err := json.Marshal(attrs["err"])
			require.NoError(t, err)
			assert.JSONEq(t, test.want, string(group), "the log has the same names")
		})
	}
}

func TestNilPointersPrint(t *testing.T) {
	t.Parallel()
	var call *caperrors.CallError
	var batch *caperrors.BatchError
	assert.Equal(t, "<nil> <nil>", fmt.Sprintf("%v %+v", call, batch))
}
