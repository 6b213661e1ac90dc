package wire_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// depth returns how deep a valid JSON text is nested.
func depth(text []byte) int {
	deepest, level, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

func seeds(f *testing.F) [][]byte {
	f.Helper()
	files, err := filepath.Glob("testdata/*/*.*")
	require.NoError(f, err)
	all := [][]byte{
		nil, []byte(`{"a":"\ud83d\ude00\ud83d\u0041\udead\u12"}`), []byte(`{"a":-0.0e+10,"b":[01]}`), []byte("{\"a\":\"\xff\xc3\x28\"}"),
		[]byte(`{"a":{"a":1},"a":2}`), []byte("\xEF\xBB\xBF{}"), []byte(`{"":{"":""}}`), []byte(`{"\u0061":"x"}`), []byte(`{"a":1}x`),
		[]byte(strings.Repeat("[", 300)), []byte(`[1,2]`), []byte(`{"a":tru}`), []byte("{\"a\":\"\t\"}"),
	}
	for _, file := range files {
		if filepath.Base(filepath.Dir(file)) == "fuzz" {
			continue
		}
		body, readErr := os.ReadFile(file)
		require.NoError(f, readErr)
		all = append(all, body)
	}
	return all
}

// The scanner takes exactly the objects that encoding/json takes, up to its
// depth.
func FuzzCheckObject(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		valid := json.Valid(item)
		object := valid && bytes.TrimLeft(item, " \t\r\n")[0] == '{'
		want := object && depth(item) <= 200
		assert.Equal(t, want, wire.CheckObject(item) == nil)
	})
}

// Every string and number of an object has the same value by Field and by
// encoding/json.
func FuzzField(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, "a")
		f.Add(seed, "response.status.code")
	}
	f.Fuzz(func(t *testing.T, item []byte, path string) {
		got, ok := wire.Field(item, path)
		var tree map[string]any
		decoder := json.NewDecoder(bytes.NewReader(item))
		decoder.UseNumber()
		if !json.Valid(item) || decoder.Decode(&tree) != nil || depth(item) > 200 || tree == nil {
			assert.False(t, ok)
			return
		}
		want, there := lookup(tree, path)
		assert.Equal(t, there, ok)
		assert.Equal(t, want, got)
		walkTree(tree, "", func(p, want string) {
			got, ok := wire.Field(item, p)
			assert.True(t, ok, p)
			assert.Equal(t, want, got, p)
		})
	})
}

func lookup(tree map[string]any, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	head, rest, _ := strings.Cut(path, ".")
	switch value := tree[head].(type) {
	case map[string]any:
		if rest != "" {
			return lookup(value, rest)
		}
	case string:
		if rest == "" {
			return value, true
		}
	case json.Number:
		if rest == "" {
			return value.String(), true
		}
	}
	return "", false
}

// walkTree visits the strings and numbers that a path can name.
func walkTree(tree map[string]any, prefix string, visit func(path, value string)) {
	for name, value := range tree {
		if name == "" || strings.Contains(name, ".") {
			continue
		}
		switch v := value.(type) {
		case map[string]any:
			walkTree(v, prefix+name+".", visit)
		case string:
			visit(prefix+name, v)
		case json.Number:
			visit(prefix+name, v.String())
		}
	}
}

// Whatever the body: an error, or a refusal, or exactly one verdict for each
// item sent; and nothing is applied by a body that encoding/json refuses.
func FuzzRead(f *testing.F) {
	for _, seed := range seeds(f) {
		for count := range uint8(3) {
			f.Add(seed, count, 200, "INV-1", "result.billNumber")
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, count uint8, status int, id, echo string) {
		original := bytes.Clone(body)
		for dialect, c := range calls(int(count % 8)) {
			for i := range c.Count {
				c.IDs = append(c.IDs, id[min(i, len(id)):])
			}
			c.EchoID = echo
			reply, err := wire.Read(wire.HTTP{Status: status, Body: body}, c)
			used := c
			used.Room, used.Verdicts = usedRoom(t)
			again, errAgain := wire.Read(wire.HTTP{Status: status, Body: body}, used)
			require.Equal(t, reply, again, "memory used again changes nothing")
			if err == nil {
				require.NoError(t, errAgain, dialect)
			} else {
				require.ErrorIs(t, errAgain, err, dialect)
				var decode *caperrors.DecodeError
				require.ErrorAs(t, err, &decode)
				require.Zero(t, reply)
				continue
			}
			require.True(t, json.Valid(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))) || wellFormed(body), dialect)
			if reply.Refusal != nil {
				require.Nil(t, reply.Verdicts)
				continue
			}
			require.Len(t, reply.Verdicts, c.Count, dialect)
			for _, v := range reply.Verdicts {
				if v.Outcome == caperrors.Refused {
					require.NotZero(t, v.Kind, dialect)
				}
				if v.Outcome == caperrors.Unknown {
					require.NotEmpty(t, v.Diagnostic+v.Kind.Error(), dialect)
				}
				if v.Raw != nil {
					require.True(t, json.Valid(v.Raw), dialect)
				}
			}
		}
		require.Equal(t, original, body, "the body is only read")
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("transaction", []byte(`{"a":1}`), []byte(`{"b":[2]}`))
	f.Add("", []byte(`{}`), []byte(" {\n} "))
	f.Add(`a"\`, []byte(`{}`), []byte(`{"x":"]}"}`))
	f.Fuzz(func(t *testing.T, root string, a, b []byte) {
		if wire.CheckObject(a) != nil || wire.CheckObject(b) != nil {
			return
		}
		body := wire.Encode(root, [][]byte{a, b})
		list := json.RawMessage(body)
		if root != "" {
			var outer map[string]map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(body, &outer))
			require.Len(t, outer["root"], 1)
			for name := range outer["root"] {
				assert.Equal(t, string([]rune(root)), name)
				list = outer["root"][name]
			}
		}
		var items []json.RawMessage
		require.NoError(t, json.Unmarshal(list, &items))
		require.Len(t, items, 2)
		assert.Equal(t, string(bytes.TrimSpace(a)), string(items[0]))
		assert.Equal(t, string(bytes.TrimSpace(b)), string(items[1]))
	})
}

// Valid takes exactly what json.Valid takes, however deep.
func FuzzValid(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	for _, deep := range []int{199, 200, 201, 10_000, 10_001} {
		f.Add([]byte(strings.Repeat("[", deep) + strings.Repeat("]", deep)))
		f.Add([]byte(strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep)))
		f.Add([]byte(strings.Repeat("[", deep) + "}" + strings.Repeat("]", deep)))
	}
	for _, text := range []string{"1", ` "a" `, "null", "-", "1 2", "tru", "[1,]", "{,}", " ", `"\u12"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { assert.Equal(t, json.Valid(text), wire.Valid(text)) })
}
