package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// A success status over a body that does not speak of the thing is not enough:
// gateways answer so, and a bill taken for applied would be lost.
func TestAnAnswerThatDoesNotSpeakOfTheThingIsUnknown(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"a message and a code":          `{"message":"Too many requests","code":429}`,
		"a word that says failure":      `{"status":"FAILED","message":"x"}`,
		"a status of another form":      `{"status":{"success":false,"code":9999}}`,
		"a lone message":                `{"message":"ok"}`,
		"the error page of a gateway":   `{"timestamp":1,"status":200,"error":"","path":"/v2/transactions"}`,
		"a request id and nothing else": `{"requestId":"a"}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(body)}, singleCall("transaction"))
			if err != nil {
				assert.Equal(t, caperrors.Unknown, err.(*caperrors.DecodeError).Outcome) //nolint:errorlint,forcetypeassert // its own kind of error
				return
			}
			require.Len(t, reply.Verdicts, 1)
			assert.Equal(t, caperrors.Unknown, reply.Verdicts[0].Outcome)
			assert.NotEmpty(t, reply.Verdicts[0].Diagnostic)
		})
	}
}

func TestAnAnswerThatSpeaksOfTheThingIsApplied(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"nothing but empty warnings":      `{"warnings":[]}`,
		"a success flag":                  `{"success":true,"message":"done"}`,
		"a status in words beside fields": `{"status":"success","pointsAvailable":"670.000","message":"ok","warnings":[]}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(body)}, singleCall("points"))
			require.NoError(t, err)
			require.Len(t, reply.Verdicts, 1)
			assert.Equal(t, caperrors.Applied, reply.Verdicts[0].Outcome)
		})
	}
}

func TestAnUnknownCodeUnderASuccessFlagRefusesNothing(t *testing.T) {
	t.Parallel()
	body := func(flag string) []byte {
		return []byte(`{"response":{"status":{"success":"` + flag + `","code":"299","message":"ok"}}}`)
	}
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: body("true")}, v1Call(4))
	require.NoError(t, err)
	assert.Nil(t, reply.Refusal)
	require.Len(t, reply.Verdicts, 4)
	for _, v := range reply.Verdicts {
		assert.Equal(t, caperrors.Unknown, v.Outcome)
	}

	reply, err = wire.Read(wire.HTTP{Status: 200, Body: body("false")}, v1Call(4))
	require.NoError(t, err)
	require.NotNil(t, reply.Refusal)
	assert.Equal(t, caperrors.Code(299), reply.Refusal.Code)
	assert.Equal(t, caperrors.ErrUnrecognised, reply.Refusal.Kind)
}

// "What is not among the failures was done" does not hold where the answer
// itself says that the call failed.
func TestItemsThatAFailedCallDoesNotNameAreUnknown(t *testing.T) {
	t.Parallel()
	call := wire.Call{
		Version: caperrors.V2, Entity: "coupon", Dialect: wire.V2Lists,
		Failed: "entity.unprocessedCoupons", FailedID: "couponCode", Count: 2, IDs: []string{"A", "B"},
	}
	tests := map[string]struct {
		status int
		body   string
		want   caperrors.Outcome
	}{
		"said to have failed":             {200, `{"success":false,"entity":{"unprocessedCoupons":[]}}`, caperrors.Unknown},
		"with an HTTP status of an error": {500, `{"success":true,"entity":{"unprocessedCoupons":[]}}`, caperrors.Unknown},
		"said to have succeeded":          {200, `{"success":true,"entity":{"unprocessedCoupons":[]}}`, caperrors.Applied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply, err := wire.Read(wire.HTTP{Status: tt.status, Body: []byte(tt.body)}, call)
			require.NoError(t, err)
			require.Len(t, reply.Verdicts, 2)
			for _, v := range reply.Verdicts {
				assert.Equal(t, tt.want, v.Outcome)
			}
		})
	}
}
