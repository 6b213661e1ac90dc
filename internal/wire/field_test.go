package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/wire"
)

func TestField(t *testing.T) {
	t.Parallel()
	const item = `{"n":12345678901234567890.50,"s":"a\"\u00e9\ud83d\ude00\ud800x","o":{"p":{"q":"deep"},"p2":1},"t":true,"z":null,"l":["x"],
		"esc":"\b\f\n\r\t\/\\\u00AF","e":"","twice":"one","twice":"two","dot.ted":"no"}`
	tests := map[string]struct {
		path string
		want string
		ok   bool
	}{
		"a number keeps its text":             {"n", "12345678901234567890.50", true},
		"a string is unescaped":               {"s", "a\"é😀\uFFFDx", true},
		"every escape is resolved":            {"esc", "\b\f\n\r\t/\\\u00af", true},
		"a path leads down":                   {"o.p.q", "deep", true},
		"an empty string is there":            {"e", "", true},
		"the last of equal names counts":      {"twice", "two", true},
		"a missing name":                      {"o.p.r", "", false},
		"a path through a string":             {"s.q", "", false},
		"an object":                           {"o.p", "", false},
		"a list":                              {"l", "", false},
		"a truth value":                       {"t", "", false},
		"null":                                {"z", "", false},
		"names are taken as they are spelled": {"S", "", false},
		"a dot always separates":              {"dot.ted", "", false},
		"no path":                             {"", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := wire.Field([]byte(item), tt.path)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
	for _, bad := range []string{"", "[]", `{"n":1`, `{"n":1}x`, `{"n":1,"n":{}}`} {
		_, ok := wire.Field([]byte(bad), "n")
		assert.False(t, ok, bad)
	}
}

// A text is read eight bytes at a time; what is odd in it may stand anywhere.
func TestFieldFindsWhatIsOddWhereverItStands(t *testing.T) {
	t.Parallel()
	for odd, plain := range map[string]string{`\n`: "\n", `\\`: `\`, "\xff": "\uFFFD", "é": "é", "\x80": "\uFFFD"} {
		for before := range 20 {
			for after := range 10 {
				text := strings.Repeat("a", before) + odd + strings.Repeat("b", after)
				got, ok := wire.Field([]byte(`{"s":"`+text+`"}`), "s")
				assert.True(t, ok)
				assert.Equal(t, strings.Repeat("a", before)+plain+strings.Repeat("b", after), got, "%q", text)
			}
		}
	}
}

func TestFieldBoundsItsPath(t *testing.T) {
	t.Parallel()
	nested := func(n int) ([]byte, string) {
		return []byte(strings.Repeat(`{"a":`, n) + "7" + strings.Repeat("}", n)), strings.TrimSuffix(strings.Repeat("a.", n), ".")
	}
	got, ok := wire.Field(nested(200))
	assert.True(t, ok)
	assert.Equal(t, "7", got)
	_, ok = wire.Field(nested(201))
	assert.False(t, ok)
	_, ok = wire.Field(nested(100_000))
	assert.False(t, ok)
}

//nolint:paralleltest // AllocsPerRun counts for the whole process
func TestFieldAllocatesTheResultOnly(t *testing.T) {
	item := []byte(`{"a":{"b":"` + strings.Repeat("x", 100) + `"}}`)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { wire.Field(item, "a.b") }), 1.0)
}

func TestCheckObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		item string
		want string // empty if it is fine
	}{
		"an object":               {` {"a":[1,{"b":null}]} `, ""},
		"nothing":                 {``, "byte 0: the body ends too early"},
		"a list":                  {`[{}]`, "byte 0: not an object"},
		"a byte order mark":       {"\xEF\xBB\xBF{}", "byte 0: not an object"},
		"two objects":             {`{} {}`, "byte 3: something follows the end"},
		"a list that would close": {`{"a":1}]}`, "byte 7: something follows the end"},
		"a cut object":            {`{"a":`, "byte 5: the body ends too early"},
		"a raw line break":        {"{\"a\":\"\n\"}", "byte 6: control character in a string"},
		"too deep":                {strings.Repeat(`{"a":`, 201) + "1" + strings.Repeat("}", 201), "byte 1000: nested deeper than 200"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := wire.CheckObject([]byte(tt.item))
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	two := [][]byte{[]byte(`{"a":1}`), []byte(`{"b":2}`)}
	tests := map[string]struct {
		root  string
		items [][]byte
		want  string
	}{
		"a bare array":          {"", two, `[{"a":1},{"b":2}]`},
		"a root":                {"transaction", two, `{"root":{"transaction":[{"a":1},{"b":2}]}}`},
		"one item":              {"customer", two[:1], `{"root":{"customer":[{"a":1}]}}`},
		"no items":              {"", nil, `[]`},
		"no items below a root": {"x", nil, `{"root":{"x":[]}}`},
		"a root with a quote":   {`a"b`, two[:1], `{"root":{"a\"b":[{"a":1}]}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := wire.Encode(tt.root, tt.items)
			assert.Equal(t, tt.want, string(got))
			assert.True(t, json.Valid(got))
			assert.Equal(t, len(got), cap(got))
		})
	}
}

//nolint:paralleltest // AllocsPerRun counts for the whole process
func TestEncodeAllocatesOnce(t *testing.T) {
	items := [][]byte{[]byte(`{"a":1}`), []byte(`{"b":2}`)}
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { wire.Encode("transaction", items) }), 1.0)
}
