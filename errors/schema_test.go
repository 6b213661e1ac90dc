package errors_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

// schema is the part of schema.json that the forms are checked against.
type schema struct {
	Defs map[string]struct {
		Properties map[string]property `json:"properties"`
		Required   []string            `json:"required"`
	} `json:"$defs"`
}

// property is what the schema says of a member: the definition of an error, or
// an object of counts.
type property struct {
	Ref   string `json:"$ref"`
	Names *struct {
		Ref     string `json:"$ref"`
		Pattern string `json:"pattern"`
	} `json:"propertyNames"`
}

// checkCounts compares the members of an object of counts with the schema.
func (p *property) checkCounts(t *testing.T, name string, counts map[string]any) {
	t.Helper()
	require.NotNil(t, p.Names, name)
	for member, count := range counts {
		if p.Names.Ref != "" {
			assert.Equal(t, "#/$defs/outcome", p.Names.Ref)
			var outcome caperrors.Outcome
			require.NoError(t, outcome.UnmarshalText([]byte(member)), name)
		} else {
			assert.Regexp(t, p.Names.Pattern, member, name)
		}
		n, _ := count.(float64)
		assert.GreaterOrEqual(t, n, 1.0, "%s of %s", member, name)
	}
}

func readSchema(t *testing.T) schema {
	t.Helper()
	file, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	var s schema
	require.NoError(t, json.Unmarshal(file, &s))
	return s
}

// check compares an object with its definition, and those in it.
func (s *schema) check(t *testing.T, name string, object map[string]any) {
	t.Helper()
	def, ok := s.Defs[name]
	require.True(t, ok, name)
	for _, member := range def.Required {
		assert.Contains(t, object, member, name)
	}
	for member, value := range object {
		property, known := def.Properties[member]
		assert.True(t, known, "%s has %s, which the schema has not", name, member)
		if inner, is := value.(map[string]any); is && property.Ref == "#/$defs/error" {
			kind, _ := inner["type"].(string)
			s.check(t, kind, inner)
		} else if is {
			property.checkCounts(t, name+"."+member, inner)
		}
	}
}

func TestErrorsFollowTheSchema(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	seen := make(map[string]bool)
	for name, err := range loudErrors() {
		encoded, jsonErr := json.Marshal(err)
		require.NoError(t, jsonErr)
		var object map[string]any
		require.NoError(t, json.Unmarshal(encoded, &object))
		kind, _ := object["type"].(string)
		require.NotEmpty(t, kind, name)
		seen[kind] = true
		s.check(t, kind, object)
	}
	assert.ElementsMatch(t, []string{"argument", "batch", "call", "credentials", "decode", "item", "request", "transport"},
		slices.Collect(maps.Keys(seen)))
}

func TestJSONOfAVerdict(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		verdict caperrors.Verdict
		want    string
	}{
		"applied": {caperrors.Verdict{Outcome: caperrors.Applied, Raw: []byte(`{"mobile":"447700900001"}`)}, `{"outcome":"applied"}`},
		"refused": {
			caperrors.Verdict{
				Outcome: caperrors.Refused, Scope: item("v2", "transaction"), Code: 604, Kind: caperrors.ErrDuplicate,
				Message: "bill of 919812345678", RequestID: "r-1", Diagnostic: "a flag says otherwise",
				Warnings: []caperrors.Warning{{Code: 1017, Message: "card 919812345678"}},
			},
			`{"outcome":"refused","code":604,"kind":"duplicate","version":"v2","entity":"transaction","level":"item",` +
				`"message":"bill of ***","warnings":[{"code":1017,"message":"card ***"}],"request_id":"r-1","diagnostic":"a flag says otherwise"}`,
		},
	}
	s := readSchema(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(test.verdict)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(encoded))
			var object map[string]any
			require.NoError(t, json.Unmarshal(encoded, &object))
			s.check(t, "verdict", object)
		})
	}
	encoded, err := json.Marshal(caperrors.Verdict{
		Message: canary, Diagnostic: canary, RequestID: canary, Warnings: []caperrors.Warning{{Message: canary}}, Raw: []byte(`"jane"`),
	})
	require.NoError(t, err)
	assertNoSecret(t, string(encoded), "JSON")
	assert.Equal(t, 1, strings.Count(string(encoded), "warnings"))
}
