package transport_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// ended keeps the attempts that ended.
type ended []transport.Attempt

func (*ended) AttemptStarted(ctx context.Context, _ transport.Attempt) context.Context { return ctx }

func (e *ended) AttemptEnded(_ context.Context, a transport.Attempt) { *e = append(*e, a) }

// net/http drops a redirect that it cannot read: the attempt then has no answer,
// and must not be told that of the one before.
func TestAnAttemptHasNoAnswerButItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, answer(200, "461", "X-Cap-Requestid", "r-1"), answer(302, "", "Location", "http://[bad/"), ok)
		var seen ended
		req := read()
		req.Observer = &seen
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, seen, 3)
		assert.Equal(t, "r-1", seen[0].RequestID)
		assert.Equal(t, 3, seen[0].Received)
		assert.Zero(t, seen[1].Status)
		assert.Empty(t, seen[1].RequestID)
		assert.Equal(t, caperrors.Unknown, seen[1].Outcome)
		assert.Equal(t, 200, seen[2].Status)
		assert.False(t, seen[2].Again)
	})
}

// Waits are told before they are made, and an empty budget's pause is no part of
// its attempt.
func TestAttemptsEndBeforeTheirWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, busy)
		var seen ended
		req := read()
		req.Observer = &seen
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		require.Len(t, seen, 4)
		for i, a := range seen {
			assert.Equal(t, i+1, a.Number)
			assert.Equal(t, i < 3, a.Again)
			assert.Equal(t, i < 3, a.Wait > 0)
			assert.Zero(t, a.Took, "the server answers at once")
		}
	})
}
