package wire_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/wire"
)

func TestFields(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		item  string
		paths []string
		want  []string // "-": nothing is there
	}{
		"members beside and below each other": {`{"n":12.50,"c":{"m":"4477","e":"a@b"},"x":[{}]}`, []string{"c.e", "n", "c.m", "c.x"}, []string{"a@b", "12.50", "4477", "-"}},
		"one path twice":                      {`{"n":"1"}`, []string{"n", "n"}, []string{"1", "1"}},
		"escapes and invalid UTF-8":           {"{\"\\u0061\":\"\\u00e9\\n\",\"b\":\"\xff\"}", []string{"a", "b"}, []string{"é\n", "\uFFFD"}},
		"an empty text is there":              {`{"a":""}`, []string{"a"}, []string{""}},
		"what is no text":                     {`{"a":null,"b":true,"c":{},"d":[],"e":false}`, []string{"a", "b", "c", "d", "e"}, []string{"-", "-", "-", "-", "-"}},
		"the last of equal names counts":      {`{"a":"1","a":"2"}`, []string{"a"}, []string{"2"}},
		"the last of equal names is no text":  {`{"a":"1","a":null}`, []string{"a"}, []string{"-"}},
		"the last of equal objects lacks it":  {`{"o":{"a":"1","b":"2"},"o":{"b":"3"}}`, []string{"o.a", "o.b"}, []string{"-", "3"}},
		"the last of equal names is a text":   {`{"o":{"a":"1"},"o":"x"}`, []string{"o.a", "o"}, []string{"-", "x"}},
		"a path that ends on another's way":   {`{"o":{"a":"1"}}`, []string{"o", "o.a"}, []string{"-", "1"}},
		"elements of lists":                   {`{"l":[{"v":"x"},{"v":"y"},["z"]]}`, []string{"l.1.v", "l.0.v", "l.2.0", "l.3.v"}, []string{"y", "x", "z", "-"}},
		"numbers that are names":              {`{"l":{"0":"x","-1":"y"}}`, []string{"l.0", "l.-1"}, []string{"x", "y"}},
		"numbers that count no element":       {`{"l":["a","b"]}`, []string{"l.-1", "l.01", "l.+1", "l.99999999999999999999", "l."}, []string{"-", "-", "-", "-", "-"}},
		"an empty path beside others":         {`{"":"x","a":"y"}`, []string{"", "a"}, []string{"-", "y"}},
		"a name with a dot":                   {`{"a.b":"x"}`, []string{"a.b"}, []string{"-"}},
		"no paths":                            {`{"a":1}`, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := wire.CompileFields(tt.paths...).Read([]byte(tt.item), nil)
			require.NoError(t, err)
			var got []string
			for _, text := range found {
				if text == nil {
					got = append(got, "-")
				} else {
					got = append(got, string(text))
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestFieldsRefuseWhatIsNoObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ item, want string }{
		"nothing":                {``, "byte 0: the body ends too early"},
		"a list":                 {` [{}]`, "byte 1: not an object"},
		"a cut object":           {`{"a":"1","b":{"c":`, "byte 18: the body ends too early"},
		"two objects":            {`{"a":"1"} {}`, "byte 10: something follows the end"},
		"a fault behind a value": {`{"a":"1","b":{"c":"2"],"d":3}`, "byte 21: neither a comma nor the end of the list or object"},
		"a fault beside a path":  {`{"a":"1","x":[01]}`, "byte 15: neither a comma nor the end of the list or object"},
		"too deep on a path":     {strings.Repeat(`{"b":`, 201) + "1" + strings.Repeat("}", 201), "byte 1000: nested deeper than 200"},
	}
	fields := wire.CompileFields("a", "b.c", strings.TrimSuffix(strings.Repeat("b.", 201), "."))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := fields.Read([]byte(tt.item), nil)
			require.EqualError(t, err, tt.want)
			assert.Equal(t, [][]byte{nil, nil, nil}, found)
		})
	}
}

func TestFieldsForgetWhatWasReadBefore(t *testing.T) {
	t.Parallel()
	fields := wire.CompileFields("a", "b")
	found, err := fields.Read([]byte(`{"a":"1","b":"2"}`), nil)
	require.NoError(t, err)
	again, err := fields.Read([]byte(`{"b":"3"}`), found)
	require.NoError(t, err)
	assert.Equal(t, [][]byte{nil, []byte("3")}, again)
	assert.Same(t, &found[0], &again[0])
}

//nolint:paralleltest // AllocsPerRun counts for the whole process
func TestFieldsAllocateNothing(t *testing.T) {
	item := []byte(`{"a":{"b":"1","c":[{"d":2}]},"e":"x"}`)
	fields := wire.CompileFields("a.b", "a.c.0.d", "e", "f")
	found := make([][]byte, 4)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = fields.Read(item, found) }))
}

// One pass over several paths finds what encoding/json finds at each of them,
// and refuses what CheckObject refuses.
func FuzzFields(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, "a", "response.status.code", "response.0.result.billNumber")
	}
	f.Add([]byte(`{"a":{"b":[{"c":1},2]},"a":{"b":"x"}}`), "a.b.0.c", "a.b", "a.b.1")
	f.Add([]byte(`{"a":[[{"0":"x"}],{}]}`), "a.0.0.0", "a.1", "a")
	f.Fuzz(func(t *testing.T, item []byte, one, two, three string) {
		paths := []string{one, two, three, two}
		found, err := wire.CompileFields(paths...).Read(item, nil)
		require.Len(t, found, len(paths))
		checked := wire.CheckObject(item)
		if checked != nil {
			require.EqualError(t, err, checked.Error())
			assert.Equal(t, make([][]byte, len(paths)), found)
			return
		}
		require.NoError(t, err)
		assert.True(t, json.Valid(item))
		var tree any
		decoder := json.NewDecoder(bytes.NewReader(item))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&tree))
		for i, path := range paths {
			want, there := walk(tree, path)
			assert.Equal(t, there, found[i] != nil, path)
			assert.Equal(t, want, string(found[i]), path)
			if own, ok := wire.Field(item, path); ok {
				assert.Equal(t, own, string(found[i]), path)
			}
		}
	})
}

// walk returns the string or number at a path of a decoded text. A path's last
// dot, if nothing follows it, counts for nothing.
func walk(tree any, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(path, "."), ".") {
		switch value := tree.(type) {
		case map[string]any:
			tree = value[segment]
		case []any:
			index, err := strconv.ParseUint(segment, 10, 32)
			if err != nil || segment != strconv.FormatUint(index, 10) || index >= uint64(len(value)) {
				return "", false
			}
			tree = value[index]
		default:
			return "", false
		}
	}
	switch value := tree.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	default:
		return "", false
	}
}
