package batch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// itemError is an item that a caller's function may panic with, and an error.
type itemError struct{ Note string }

func (i itemError) Error() string { return i.Note }

// What was panicked with may be an item, or quote one.
func TestAPanicIsToldByItsTypeAlone(t *testing.T) {
	t.Parallel()
	const note = "note-canary-4711"
	tests := map[string]struct {
		value any
		said  string
	}{
		"an item":       {itemError{note}, "panic: batch_test.itemError"},
		"a pointer":     {&itemError{note}, "panic: *batch_test.itemError"},
		"a text":        {"no key in " + note, "panic: string"},
		"an error":      {fmt.Errorf("no key in %s", note), "panic: *errors.errorString"},
		"items":         {map[string]any{note: note}, "panic: map[string]interface {}"},
		"the runtime's": {runtimeError(note), "panic: runtime error: index out of range [4711] with length 16"},
		"nothing":       {nil, "panic: <nil>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := &batch.PanicError{Value: test.value, Stack: []byte("main.keyOf()")}
			assert.Equal(t, test.said, err.Error())
			form := fmt.Sprintf(`{"type":"panic","reason":%q}`, test.said[len("panic: "):])
			said := everyFormOf(t, err)
			said = append(said, everyFormOf(t, *err)...)
			said = append(said, everyFormOf(t, &caperrors.ItemError{Index: 1, Outcome: caperrors.NotSent, Err: err})...)
			for _, text := range said {
				assert.NotContains(t, text, note)
				assert.NotContains(t, text, "keyOf")
			}
			for _, value := range []any{err, *err} {
				encoded, jsonErr := json.Marshal(value)
				require.NoError(t, jsonErr)
				assert.JSONEq(t, form, string(encoded))
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
					assert.Equal(t, test.said, fmt.Sprintf(verb, value))
				}
				assert.Equal(t, fmt.Sprintf("%q", test.said), fmt.Sprintf("%q", value))
			}
		})
	}
}

// runtimeError returns what a faulty index panics with.
func runtimeError(text string) (value any) {
	defer func() { value = recover() }()
	at := 4711
	return text[at]
}

// everyFormOf prints a value in every way in which it is asked how.
func everyFormOf(t *testing.T, v any) []string {
	t.Helper()
	var out []string
	for _, value := range []any{v, []any{v}, map[string]any{"a": v}, struct{ Err any }{v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out = append(out, fmt.Sprintf(verb, value))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", value)
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		out = append(out, log.String(), string(encoded))
	}
	return out
}

func TestAPanicWithAnErrorIsWithinReach(t *testing.T) {
	t.Parallel()
	var item itemError
	require.ErrorAs(t, &batch.PanicError{Value: itemError{"x"}}, &item)
	assert.Equal(t, "x", item.Note)
	require.NoError(t, errors.Unwrap(&batch.PanicError{Value: "x"}))
}
