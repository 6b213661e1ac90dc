package batch_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestACheckpointBelongsToItsLoad(t *testing.T) {
	t.Parallel()
	own := map[string]string{"input": "sha256:17", "format": "csv"}
	begun := func(identity map[string]string, taken int) batch.Checkpoint {
		run := newEngine(t, newServer(), batch.Config[bill]{}).Run(t.Context(), fromBills(numbered(5)), batch.WithIdentity(identity))
		for range run.Results() {
			if taken--; taken < 0 {
				break
			}
		}
		return stored(t, run.Checkpoint())
	}
	const text = "checkpoint: belongs to another load: "
	const advice = "; go on as that load was begun, or without the checkpoint"
	tests := map[string]struct {
		was, now map[string]string
		want     string // empty: it goes on
	}{
		"the same":           {own, map[string]string{"format": "csv", "input": "sha256:17"}, ""},
		"none, and none":     {nil, map[string]string{}, ""},
		"another input":      {own, map[string]string{"input": "sha256:18", "format": "csv"}, text + `input was "sha256:17" and is "sha256:18" now` + advice},
		"two are others":     {own, map[string]string{"input": "sha256:18", "format": "xml"}, text + `format was "csv" and is "xml" now` + advice},
		"an entry is gone":   {own, map[string]string{"format": "csv"}, text + `input was "sha256:17" and is "" now` + advice},
		"an entry is new":    {own, map[string]string{"input": "sha256:17", "format": "csv", "key": ""}, text + `key was "" and is "" now` + advice},
		"the run tells none": {own, nil, text + `format was "csv" and is "" now` + advice},
		"it has none":        {nil, own, text + `format was "" and is "csv" now` + advice},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cp := begun(tt.was, 2)
			srv := newServer()
			run := newEngine(t, srv, batch.Config[bill]{}).Run(t.Context(), fromBills(numbered(5)), batch.Resume(cp), batch.WithIdentity(tt.now))
			results := runAllOf(run)
			if tt.want == "" {
				require.NoError(t, run.Err())
				assert.Len(t, results, 3)
				return
			}
			require.EqualError(t, run.Err(), tt.want)
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, run.Err(), &argument)
			assert.Empty(t, results)
			assert.Empty(t, srv.sent())
			assert.Equal(t, cp, stored(t, run.Checkpoint()), "nothing is lost if it is stored again")
		})
	}
	t.Run("a checkpoint that knows of no item is any load's", func(t *testing.T) {
		t.Parallel()
		run := newEngine(t, newServer(), batch.Config[bill]{}).Run(t.Context(), fromBills(numbered(5)),
			batch.WithIdentity(own), batch.Resume(batch.Checkpoint{Identity: map[string]string{"input": "sha256:1"}}))
		assert.Len(t, runAllOf(run), 5)
		require.NoError(t, run.Err())
		assert.Equal(t, own, run.Checkpoint().Identity)
	})
	t.Run("the caller's map may change", func(t *testing.T) {
		t.Parallel()
		identity := map[string]string{"input": "sha256:17"}
		option := batch.WithIdentity(identity)
		identity["input"] = "sha256:18"
		run := newEngine(t, newServer(), batch.Config[bill]{}).Run(t.Context(), fromBills(nil), option)
		assert.Equal(t, map[string]string{"input": "sha256:17"}, run.Checkpoint().Identity)
	})
}
