package client_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// quotingError is an error of the caller's own type that quotes a value.
type quotingError struct{ Value string }

func (e quotingError) Error() string { return "no form for " + e.Value }

// What has no JSON form, and an error that quotes it.
type (
	inWords  struct{}
	inWords2 struct{}
	asKey    struct{ Name string }
	nesting  struct{}
)

func (inWords) MarshalJSON() ([]byte, error)  { return nil, quotingError{bodyCanary} }
func (inWords2) MarshalText() ([]byte, error) { return nil, quotingError{bodyCanary} }
func (asKey) MarshalText() ([]byte, error)    { return nil, quotingError{bodyCanary} }
func (nesting) MarshalJSON() ([]byte, error)  { return json.Marshal(math.NaN()) }

// unencodable returns bodies with the canary that have no JSON form, and what
// may be said of them.
func unencodable() map[string]struct {
	note any
	said string
} {
	return map[string]struct {
		note any
		said string
	}{
		"a number that is none":       {json.Number(bodyCanary), "does not encode to JSON"},
		"a form that is no JSON":      {json.RawMessage(bodyCanary), "MarshalJSON or MarshalText of json.RawMessage failed: invalid character 'b' looking for beginning of value"},
		"an error of the caller's":    {inWords{}, "MarshalJSON or MarshalText of client_test.inWords failed"},
		"an error of a text":          {inWords2{}, "MarshalJSON or MarshalText of client_test.inWords2 failed"},
		"an error of a member's name": {map[asKey]int{{bodyCanary}: 1}, "does not encode to JSON"},
		"a function":                  {[]any{bodyCanary, func() {}}, "json: unsupported type: func()"},
		"no number":                   {[]any{bodyCanary, math.Inf(1)}, "json: unsupported value: +Inf"},
		"an error within an error":    {[]any{bodyCanary, nesting{}}, "of client_test.nesting failed: json: unsupported value: NaN"},
	}
}

// chain returns an error and all that it wraps which this module made. What it
// wraps of the caller's is the caller's.
func chain(err error) []error {
	var quoting quotingError
	var several interface{ Unwrap() []error }
	out := []error{err}
	switch inner := errors.Unwrap(err); {
	case inner != nil && !errors.As(inner, &quoting) && isOurs(inner):
		out = append(out, chain(inner)...)
	case errors.As(err, &several):
		for _, inner := range several.Unwrap() {
			if isOurs(inner) {
				out = append(out, chain(inner)...)
			}
		}
	}
	return out
}

func isOurs(err error) bool {
	switch err.(type) { //nolint:errorlint // the type itself is asked for
	case *caperrors.ArgumentError, *caperrors.CallError, *caperrors.BatchError, *caperrors.ItemError, *batch.PanicError:
		return true
	default:
		return false
	}
}

func TestNoBodyIsToldThatDoesNotEncode(t *testing.T) {
	t.Parallel()
	for name, test := range unencodable() {
		item := map[string]any{"billNumber": "1", "note": test.note}
		calls := map[string]func(*testing.T, *client.Client) error{
			"Call": func(t *testing.T, c *client.Client) error {
				t.Helper()
				_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: item})
				return err
			},
			"Do": func(t *testing.T, c *client.Client) error {
				t.Helper()
				_, _, err := client.Do[struct{}](t.Context(), c, client.TransactionAdd, client.Request{Body: item})
				return err
			},
			"Send": func(t *testing.T, c *client.Client) error {
				t.Helper()
				_, err := client.Send(t.Context(), c, client.TransactionsBulk, []any{item})
				return err
			},
			"an engine": func(t *testing.T, c *client.Client) error {
				t.Helper()
				eng, err := batch.New(c.Bulk(client.TransactionsBulk), batch.Config[any]{})
				require.NoError(t, err)
				rep, err := eng.Do(t.Context(), []any{item})
				require.Error(t, err)
				assert.Equal(t, caperrors.NotSent, rep.Results[0].Outcome)
				return rep.Results[0].Err
			},
		}
		for front, call := range calls {
			t.Run(name+", "+front, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, clienttest.Options{})
				err := call(t, w.client(t))
				require.ErrorIs(t, err, caperrors.ErrInvalid)
				require.ErrorContains(t, err, test.said)
				for _, inner := range chain(err) {
					for _, text := range everyForm(inner) {
						require.NotContains(t, text, bodyCanary)
					}
				}
				var quoting quotingError
				if errors.As(err, &quoting) { // within reach of whom it belongs to
					assert.Equal(t, bodyCanary, quoting.Value)
				}
				assert.Equal(t, name == "an error of the caller's" || name == "an error of a text", quoting.Value != "")
				assert.Empty(t, w.sim.Calls())
			})
		}
	}
}
