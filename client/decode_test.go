package client_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	type created struct {
		CreatedID int64 `json:"createdId"`
	}
	v, err := client.Decode[created]([]byte(` {"createdId":880613909,"more":[]} `))
	require.NoError(t, err)
	assert.Equal(t, created{CreatedID: 880613909}, v)

	large, err := client.Decode[any]([]byte(`9007199254740993`)) // 2^53+1, which float64 does not have
	require.NoError(t, err)
	assert.Equal(t, json.Number("9007199254740993"), large)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]json.RawMessage{
		"nothing":          nil,
		"blanks":           []byte(" \n"),
		"another type":     []byte(`"text"`),
		"a cut value":      []byte(`{"createdId":1`),
		"two values":       []byte(`{"createdId":1} {"createdId":2}`),
		"garbage behind":   []byte(`{"createdId":1}x`),
		"a page of a host": []byte(`<html>`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := client.Decode[map[string]int](raw)
			require.Error(t, err)
			assert.Nil(t, v)
		})
	}
}
