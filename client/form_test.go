package client_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// fill sets every exported field of a struct, and of those in it.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Interface:
		if v.Type() == reflect.TypeFor[error]() {
			v.Set(reflect.ValueOf(&caperrors.ArgumentError{Field: "x", Index: -1, Reason: "x"}))
		} else {
			v.Set(reflect.ValueOf("x"))
		}
	default:
		require.Fail(t, "no value", "of a %v", v.Type())
	}
}

// What has a JSON form has all its fields in it: without one of them the form is
// another. And the form is that of the schema, which a member was added to, too.
func TestEveryFieldIsInTheFormAndInTheSchema(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value   any // a pointer
		def     string
		without []string // fields that are left out
		other   []string // members that other values have
	}{
		"a response":   {value: &client.Response{}, def: "response", without: []string{"Raw"}},
		"a batch":      {value: &client.Batch{}, def: "verdicts"},
		"a verdict":    {value: &caperrors.Verdict{}, def: "verdict", without: []string{"Raw"}},
		"a warning":    {value: &caperrors.Warning{}, def: "warning"},
		"a result":     {value: &batch.Result[string]{}, def: "result", without: []string{"Item", "ID", "Key", "Raw"}},
		"a progress":   {value: &batch.Progress{}, def: "progress"},
		"a report":     {value: &batch.Report[string]{}, def: "report"},
		"a panic":      {value: &batch.PanicError{}, def: "panic", without: []string{"Stack"}},
		"another load": {value: &journal.ChangedError{}, def: "journal-changed"},
		"damage":       {value: &journal.CorruptError{}, def: "journal-corrupt"},
		"a call":       {value: &caperrors.CallError{}, def: "call", other: []string{"then"}},
		"a request":    {value: &caperrors.RequestError{}, def: "request"},
		"an item":      {value: &caperrors.ItemError{}, def: "item", without: []string{"ID"}},
		"a connection": {value: &caperrors.TransportError{}, def: "transport"},
		"a page":       {value: &caperrors.DecodeError{}, def: "decode"},
		"an argument":  {value: &caperrors.ArgumentError{}, def: "argument"},
		"credentials":  {value: &caperrors.CredentialsError{}, def: "credentials"},
	}
	file, err := os.ReadFile("../errors/schema.json")
	require.NoError(t, err)
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any
			Required   []string
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(file, &schema))
	checked := map[string]bool{"outcome": true, "error": true, "batch": true} // the last has no fields
	for _, test := range tests {
		checked[test.def] = true
	}
	for def := range schema.Defs {
		assert.True(t, checked[def], "%s is not checked here", def)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := reflect.ValueOf(test.value).Elem()
			fill(t, v)
			whole, err := json.Marshal(test.value)
			require.NoError(t, err)
			for i := range v.NumField() {
				field := v.Type().Field(i)
				if !field.IsExported() {
					continue
				}
				part := reflect.New(v.Type()).Elem()
				part.Set(v)
				part.Field(i).SetZero()
				form, err := json.Marshal(part.Addr().Interface())
				require.NoError(t, err)
				assert.Equal(t, slices.Contains(test.without, field.Name), string(form) == string(whole), field.Name)
			}
			var members map[string]any
			require.NoError(t, json.Unmarshal(whole, &members))
			def := schema.Defs[test.def]
			for member := range members {
				assert.Contains(t, def.Properties, member, "the schema")
			}
			for property := range def.Properties {
				if !slices.Contains(test.other, property) {
					assert.Contains(t, members, property, "the form")
				}
			}
			for _, required := range def.Required {
				assert.Contains(t, members, required)
			}
		})
	}
}
