package wire_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/wire"
)

func TestEncodeXML(t *testing.T) {
	t.Parallel()
	const start = `<?xml version="1.0" encoding="UTF-8"?><root>`
	tests := map[string]struct {
		root  string
		items []string
		want  string
	}{
		"no items":             {"customer", nil, ""},
		"items in their order": {"customer", []string{`{"a":1}`, ` { "a" : 2 } `, `{}`}, "<customer><a>1</a></customer><customer><a>2</a></customer><customer></customer>"},
		"members in their order": {
			"t",
			[]string{`{"b":"x","a":{"d":1,"c":2}}`},
			"<t><b>x</b><a><d>1</d><c>2</c></a></t>",
		},
		"a list":                {"t", []string{`{"a":[1,{"b":2},null,""]}`}, "<t><a>1</a><a><b>2</b></a><a/><a/></t>"},
		"nothing":               {"t", []string{`{"a":null,"b":"","c":[],"d":{}}`}, "<t><a/><b/><c/><d></d></t>"},
		"numbers as they stand": {"t", []string{`{"a":9007199254740993,"b":-1.50E+3,"c":4808.500}`}, "<t><a>9007199254740993</a><b>-1.50E+3</b><c>4808.500</c></t>"},
		"truth values":          {"t", []string{`{"a":true,"b":false}`}, "<t><a>true</a><b>false</b></t>"},
		"marks of XML":          {"t", []string{`{"a":"<b>&amp;]]></b>\"'"}`}, "<t><a>&lt;b&gt;&amp;amp;]]&gt;&lt;/b&gt;\"'</a></t>"},
		"white space":           {"t", []string{`{"a":" x\t\r\n"}`}, "<t><a> x\t&#13;\n</a></t>"},
		"escapes":               {"t", []string{`{"\u0061":"\u20b9\ud83d\ude00\/"}`}, "<t><a>₹😀/</a></t>"},
		"a lone surrogate":      {"t", []string{`{"a":"\ud83d"}`}, "<t><a>\uFFFD</a></t>"},
		"names":                 {"größe", []string{`{"_a-b.c1":1,"Ünit":2}`}, "<größe><_a-b.c1>1</_a-b.c1><Ünit>2</Ünit></größe>"},
		"the same name apart":   {"t", []string{`{"a":{"a":1},"b":{"a":2},"c":[{"a":3},{"a":4}]}`}, "<t><a><a>1</a></a><b><a>2</a></b><c><a>3</a></c><c><a>4</a></c></t>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var items [][]byte
			for _, item := range tt.items {
				items = append(items, []byte(item))
			}
			body, err := wire.EncodeXML(tt.root, items)
			require.NoError(t, err)
			assert.Equal(t, start+tt.want+"</root>", string(body))
		})
	}
}

func TestEncodeXMLErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ root, item, want string }{
		"no root":                      {"", `{}`, `root "" is no name of an XML element`},
		"a root with a mark":           {"a><b", `{}`, `root "a><b" is no name of an XML element`},
		"a root with a prefix":         {"a:b", `{}`, `root "a:b" is no name of an XML element`},
		"an empty name":                {"t", `{"":1}`, `item 1: member "" is no name of an XML element`},
		"a name with a blank":          {"t", `{"a":{"b c":1}}`, `item 1: member "b c" is no name of an XML element`},
		"a name with a digit first":    {"t", `{"1a":1}`, `item 1: member "1a" is no name of an XML element`},
		"a name with a dash first":     {"t", `{"-a":1}`, `item 1: member "-a" is no name of an XML element`},
		"a name with a prefix":         {"t", `{"a:b":1}`, `item 1: member "a:b" is no name of an XML element`},
		"a name with a slash":          {"t", `{"a/":1}`, `item 1: member "a/" is no name of an XML element`},
		"a name with a prefix, abroad": {"t", `{"é:b":1}`, `item 1: member "é:b" is no name of an XML element`},
		"a name that is a sign":        {"t", `{"₹":1}`, `item 1: member "₹" is no name of an XML element`},
		"a name with an attribute":     {"t", `{"é b=\"c\"":1}`, `item 1: member "é b=\"c\"" is no name of an XML element`},
		"a name without end":           {"t", `{"` + strings.Repeat("~", 100) + `":1}`, `item 1: member "` + strings.Repeat("~", 64) + `" is no name of an XML element`},
		"a name twice":                 {"t", `{"a":1,"b":2,"\u0061":3}`, `item 1: member "a" stands there twice`},
		"a list in a list":             {"t", `{"a":[1,[2]]}`, `item 1: member "a": a list in a list has no form in XML`},
		"a control character":          {"t", `{"a":"x\u0000"}`, `item 1: member "a" holds U+0000, which has no form in XML`},
		"a noncharacter":               {"t", `{"a":"\uffff"}`, `item 1: member "a" holds U+FFFF, which has no form in XML`},
		"a list":                       {"t", `[{}]`, "item 1: byte 0: not an object"},
		"nothing":                      {"t", ``, "item 1: byte 0: the body ends too early"},
		"a cut item":                   {"t", `{"a":{"b":1`, "item 1: byte 11: the body ends too early"},
		"two items in one":             {"t", `{}{}`, "item 1: byte 2: something follows the end"},
		"a bad literal":                {"t", `{"a":nul1}`, "item 1: byte 8: bad literal"},
		"a deep item":                  {"t", strings.Repeat(`{"a":`, 100_000), "item 1: byte 1000: nested deeper than 200"},
		"a deep list":                  {"t", strings.Repeat(`{"a":[`, 100_000), "item 1: byte 600: nested deeper than 200"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := wire.EncodeXML(tt.root, [][]byte{[]byte(`{"a":1}`), []byte(tt.item)})
			require.EqualError(t, err, tt.want)
			assert.Nil(t, body)
		})
	}
}

// The twins of the documented requests' shapes, in our own words.
func TestEncodeXMLRequests(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/xmlrequest/*.json")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		var twin map[string]map[string][]json.RawMessage
		body, readErr := os.ReadFile(file)
		require.NoError(t, readErr)
		require.NoError(t, json.Unmarshal(body, &twin))
		want, readErr := os.ReadFile(strings.TrimSuffix(file, "json") + "xml")
		require.NoError(t, readErr)
		for root, list := range twin["root"] {
			assertEncodes(t, want, root, list)
		}
	}
}

// assertEncodes compares what the items become with a request.
func assertEncodes(t *testing.T, want []byte, root string, list []json.RawMessage) {
	t.Helper()
	var items [][]byte
	for _, item := range list {
		items = append(items, item)
	}
	body, err := wire.EncodeXML(root, items)
	require.NoError(t, err)
	expected, got := parseXML(t, want), parseXML(t, body)
	expected.tidy()
	got.tidy()
	assert.Equal(t, expected, got)
}

func TestCheckXMLSaysWhatEncodeXMLWould(t *testing.T) {
	t.Parallel()
	for _, item := range []string{`{}`, `{"a":[1,{"b":null}]}`, `{"two words":1}`, `{"a":[[1]]}`, `{"a":1,"a":2}`, `{"a":"\u0001"}`, `[]`, `{"a":`, ``} {
		_, want := wire.EncodeXML("customer", [][]byte{[]byte(item)})
		got := wire.CheckXML("customer", []byte(item))
		if want == nil {
			require.NoError(t, got, item)
			continue
		}
		require.ErrorContains(t, want, "item 0: "+got.Error(), item)
	}
	require.Error(t, wire.CheckXML("two words", []byte(`{}`)))
}
