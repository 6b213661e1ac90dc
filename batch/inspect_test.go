package batch_test

import (
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// inspecting is an endpoint that counts what it inspects, and refuses what is
// no object.
type inspecting struct {
	*endpoint
	inspected atomic.Int64
}

func (e *inspecting) Inspect(item []byte) (key, id string, err error) {
	e.inspected.Add(1)
	if !json.Valid(item) {
		return "", "", &caperrors.ArgumentError{Field: "item", Index: -1, Reason: "byte 9: the body ends too early"}
	}
	return e.endpoint.Inspect(item)
}

func TestWhatTheEndpointRefusesIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ep := &inspecting{endpoint: &endpoint{server: newServer()}}
		keyed := 0
		eng, err := batch.New(ep, batch.Config[json.RawMessage]{Key: func(json.RawMessage) string { keyed++; return "" }})
		require.NoError(t, err)
		rep, err := eng.Do(t.Context(), []json.RawMessage{[]byte(`{"id":"1"}`), []byte(`{"id":"2"`), []byte(`{"id":"3"}`)})
		require.Error(t, err)
		assert.Equal(t, [][]string{{"1", "3"}}, ep.sent())
		bad := rep.Results[1]
		assert.Equal(t, caperrors.NotSent, bad.Outcome)
		assert.Zero(t, bad.Attempts)
		require.ErrorContains(t, bad.Err, "item: byte 9: the body ends too early")
		var argument *caperrors.ArgumentError
		require.ErrorAs(t, bad.Err, &argument)
		assert.Equal(t, int64(3), ep.inspected.Load(), "each item is inspected once")
		assert.Equal(t, 2, keyed, "no key is asked for what cannot be sent")
	})
}

func TestTheConfigOutranksTheEndpoint(t *testing.T) {
	t.Parallel()
	constant := func(text string) func(bill) string { return func(bill) string { return text } }
	tests := map[string]struct {
		cfg     batch.Config[bill]
		key, id string
	}{
		"neither is set": {batch.Config[bill]{}, "a", "0"},
		"the key":        {batch.Config[bill]{Key: constant("k")}, "k", "0"},
		"the id":         {batch.Config[bill]{ID: constant("i")}, "a", "i"},
		"both, to none":  {batch.Config[bill]{Key: constant(""), ID: constant("")}, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ep := &inspecting{endpoint: &endpoint{server: newServer()}}
				eng, err := batch.New(ep, tt.cfg)
				require.NoError(t, err)
				rep, err := eng.Do(t.Context(), ofCustomers("a"))
				require.NoError(t, err)
				assert.Equal(t, tt.key, rep.Results[0].Key)
				assert.Equal(t, tt.id, rep.Results[0].ID)
				assert.Equal(t, int64(1), ep.inspected.Load())
			})
		})
	}
}

// Without an endpoint the engine keeps by itself what would damage a call out
// of it.
func TestRawItemsAreCheckedWithoutAnEndpoint(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ item, want string }{
		"a cut object": {`{"id":"2"`, "item: is not valid JSON"},
		"two objects":  {`{"id":"2"},{}`, "item: is not valid JSON"},
		"nothing":      {``, "item: is not valid JSON"},
		"a list":       {` [{}]`, "item: must encode to a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng, err := batch.New(srv, batch.Config[[]byte]{})
				require.NoError(t, err)
				rep, err := eng.Do(t.Context(), [][]byte{[]byte(`{"id":"1"}`), []byte(tt.item)})
				require.Error(t, err)
				require.ErrorContains(t, rep.Results[1].Err, tt.want)
				assert.Equal(t, caperrors.NotSent, rep.Results[1].Outcome)
				assert.Equal(t, [][]string{{"1"}}, srv.sent())
			})
		})
	}
}
