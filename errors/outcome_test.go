package errors_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestOutcomeTextRoundTrip(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		outcome caperrors.Outcome
		done    bool
	}{
		"unknown":   {caperrors.Unknown, false},
		"applied":   {caperrors.Applied, true},
		"duplicate": {caperrors.Duplicate, true},
		"refused":   {caperrors.Refused, false},
		"not-sent":  {caperrors.NotSent, false},
	}
	for word, test := range tests {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(map[string]caperrors.Outcome{"outcome": test.outcome})
			require.NoError(t, err)
			assert.JSONEq(t, `{"outcome":"`+word+`"}`, string(encoded))
			var decoded map[string]caperrors.Outcome
			require.NoError(t, json.Unmarshal(encoded, &decoded))
			assert.Equal(t, test.outcome, decoded["outcome"])
			assert.Equal(t, test.done, test.outcome.Done())
		})
	}
}

func TestOutcomeOfOtherWords(t *testing.T) {
	t.Parallel()
	var outcome caperrors.Outcome
	assert.Equal(t, caperrors.Unknown, outcome, "the zero value claims nothing")
	for _, word := range []string{"", "Applied", "ok", "unknown ", canary} {
		outcome = caperrors.Applied
		err := outcome.UnmarshalText([]byte(word))
		require.Error(t, err, word)
		assertNoSecret(t, err.Error(), word)
		assert.NotContains(t, err.Error(), "\n")
		assert.Equal(t, caperrors.Applied, outcome, "a failure changes nothing")
	}
	assert.Equal(t, "unknown", caperrors.Outcome(99).String())
}

func TestLevelText(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal([]caperrors.Level{caperrors.RequestLevel, caperrors.ItemLevel})
	require.NoError(t, err)
	assert.JSONEq(t, `["request","item"]`, string(encoded))
}

func TestTextsThatAreStoredAreReadAgain(t *testing.T) {
	t.Parallel()
	type holder struct {
		Scope caperrors.Scope `json:"scope,omitzero"`
		Kind  caperrors.Kind  `json:"kind,omitempty"`
		Stop  caperrors.Stop  `json:"stop,omitempty"`
	}
	for _, in := range []holder{
		{},
		{caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.ItemLevel}, caperrors.ErrTransient, caperrors.ErrOutage},
		{caperrors.Scope{Entity: "coupon"}, caperrors.ErrUnrecognised, caperrors.ErrItemTooLarge},
	} {
		text, err := json.Marshal(in)
		require.NoError(t, err)
		var out holder
		require.NoError(t, json.Unmarshal(text, &out), string(text))
		assert.Equal(t, in, out)
	}
	for _, text := range []string{`{"kind":"ok"}`, `{"stop":"done"}`, `{"scope":{"level":"top"}}`} {
		var out holder
		require.Error(t, json.Unmarshal([]byte(text), &out), text)
	}
	text, err := json.Marshal(holder{Kind: caperrors.ErrNotFound, Stop: caperrors.ErrContextEnded})
	require.NoError(t, err)
	assert.JSONEq(t, `{"kind":"not-found","stop":"context ended"}`, string(text))
}
