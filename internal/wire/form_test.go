package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/wire"
)

// Whatever was read before, an item is read as by a reader that is new.
func TestFieldsReadEachItemForItself(t *testing.T) {
	t.Parallel()
	texts := []string{
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true}`,
		`{"id":"22","to":{"phone":"\u0034"},"list":[{"x":10},{"x":""}],"n":0,"b":true}`,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":false}`,
		`{"id":1,"to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true}`,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true,"id":"9"}`,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true} `,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":01},{"x":"2"}],"n":-1.5e3,"b":true}`,
		`{"id":"1","to":{"phone":"44},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true}`,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-,"b":true}`,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":`,
		`{"id":"1","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true}}`,
		`{"id":"1","to":{"phone":"4` + "\n" + `4"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true}`,
		`{"id":11","to":{"phone":"44"},"list":[{"x":1},{"x":"2"}],"n":-1.5e3,"b":true}`,
		`{"id":"1","id":null}`,
		`{"id":"1","n":2}`,
		`{}`,
	}
	paths := []string{"id", "to.phone", "list.1.x", "list.0.x", "n", "id", "b"}
	for _, first := range texts {
		for _, second := range texts {
			for _, then := range texts {
				fields := wire.CompileFields(paths...)
				for _, text := range []string{first, first, second, second, then} {
					got, gotErr := fields.Read([]byte(text), nil)
					want, wantErr := wire.CompileFields(paths...).Read([]byte(text), nil)
					require.Equal(t, want, got, "%s after %s and %s", text, first, second)
					require.Equal(t, wantErr, gotErr, "%s after %s and %s", text, first, second)
				}
			}
		}
	}
}

// Forms that come again are known, those that don't cost little.
func TestFieldsKnowTheFormsThatComeAgain(t *testing.T) {
	t.Parallel()
	const items = 3000
	form := func(i int) []byte { return fmt.Appendf(nil, `{"id":"%d","member %d":1}`, i, i) }
	tests := map[string]struct {
		of                   func(i int) int // the form of an item
		fewestKnown, mostTry int
	}{
		"one form":             {func(int) int { return 0 }, items - 2, items},
		"two in turn":          {func(i int) int { return i % 2 }, items - 5, items},
		"three in turn":        {func(i int) int { return i % 3 }, items/2 - 50, items},
		"one in twenty is odd": {func(i int) int { return max(0, i-i%20*i) }, items * 9 / 10, items},
		"the usual one comes third": {func(i int) int {
			if i < 2 || i%20 == 0 {
				return i + 1
			}
			return 0
		}, items * 9 / 10, items},
		"two in twelve are odd":      {func(i int) int { return (i % 12 / 10) * i }, items*3/4 - 5, items},
		"another from the half on":   {func(i int) int { return i / (items / 2) }, items * 3 / 5, items},
		"each has a form of its own": {func(i int) int { return i }, 0, items/60 + 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := wire.CompileFields("id")
			tries, known := 0, 0
			for i := range items {
				tried, was, err := fields.ReadByForm(form(tt.of(i)))
				require.NoError(t, err)
				if tried {
					tries++
				}
				if was {
					known++
				}
			}
			t.Logf("%d tried, %d known", tries, known)
			assert.GreaterOrEqual(t, known, tt.fewestKnown)
			assert.LessOrEqual(t, tries, tt.mostTry)
		})
	}
}

// The caller may use the memory of an item again.
func TestWhatFieldsLearnedIsTheirOwn(t *testing.T) {
	t.Parallel()
	fields := wire.CompileFields("id")
	item := []byte(`{"id":"1","a":2}`)
	for range 3 {
		_, err := fields.Read(item, nil)
		require.NoError(t, err)
	}
	copy(item, `{"ID":"1","a":2}`)
	found, err := fields.Read(item, nil)
	require.NoError(t, err)
	assert.Nil(t, found[0])
}

// Two texts read by the same reader, with others in between so that it knows
// several forms and leaves some out.
func FuzzFieldsAgain(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, []byte(strings.ReplaceAll(string(seed), "1", "2")), "a", "response.status.code")
	}
	f.Add([]byte(`{"a":{"b":[{"c":1},2]}}`), []byte(`{"a":{"b":[{"c":"\n"},-2e9]}}`), "a.b.0.c", "a.b.1")
	f.Add([]byte(` {"a" : "b"}`), []byte(` {"a" : ""} `), "a", "")
	f.Fuzz(func(t *testing.T, first, then []byte, one, two string) {
		paths := []string{one, two, one}
		fields := wire.CompileFields(paths...)
		for i, text := range [][]byte{first, then, []byte(`{"x":1}`), first, then, then} {
			got, gotErr := fields.Read(text, nil)
			want, wantErr := wire.CompileFields(paths...).Read(text, nil)
			require.Equal(t, want, got, i)
			require.Equal(t, wantErr, gotErr, i)
			if gotErr == nil {
				require.True(t, json.Valid(text))
			}
		}
	})
}
