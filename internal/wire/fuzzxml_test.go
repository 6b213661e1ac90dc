package wire_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// wellFormed reports whether encoding/xml takes the text.
func wellFormed(body []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := d.Token(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// xmlElement is an element as encoding/xml sees it.
type xmlElement struct {
	XMLName  xml.Name
	Children []xmlElement `xml:",any"`
	Text     string       `xml:",chardata"`
}

func parseXML(t *testing.T, body []byte) xmlElement {
	t.Helper()
	var top xmlElement
	require.NoError(t, xml.Unmarshal(body, &top), "%s", body)
	return top
}

// tidy takes away the white space that laying out a document puts in it.
func (e *xmlElement) tidy() {
	e.Text = strings.TrimSpace(e.Text)
	for i := range e.Children {
		e.Children[i].tidy()
	}
}

// Whatever the body: an error, or a refusal, or exactly one verdict for each
// item sent; and nothing at all by a body that encoding/xml refuses.
func FuzzReadXML(f *testing.F) {
	files, err := filepath.Glob("testdata/xml/*.xml")
	require.NoError(f, err)
	paths := []string{"customers.customer", "product", "tasks.task.log", "series.items.item"}
	for _, file := range files {
		body, readErr := os.ReadFile(file)
		require.NoError(f, readErr)
		for at, path := range paths {
			f.Add(body, path, uint8(at), 200)
		}
	}
	for _, body := range []string{
		"<response/>", "<root><response><a>1<b/>2</a><c/><a/></response></root>", "\xEF\xBB\xBF<?xml version='1.0'?><!-- --><response>&#0;</response>",
		`<response><a:b xmlns:a="c">]]></a:b></response>`, "<!DOCTYPE a><response/>", "<response><![CDATA[]]>\xFF</response>", "<response></response >x",
		"<response><status><code>200</code></status><product><element/><element><item_status><success>true</success></item_status></element></product></response>",
	} {
		f.Add([]byte(body), "product", uint8(2), 200)
	}
	f.Fuzz(func(t *testing.T, body []byte, path string, count uint8, status int) {
		original := bytes.Clone(body)
		c := xmlCall("customer", path, int(count%8))
		reply, err := wire.Read(wire.HTTP{Status: status, Body: body}, c)
		require.Equal(t, original, body, "the body is only read")
		if err != nil {
			var decode *caperrors.DecodeError
			require.ErrorAs(t, err, &decode)
			require.Zero(t, reply)
			require.LessOrEqual(t, decode.Offset, int64(len(body)))
			return
		}
		text := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n")
		if text[0] == '<' {
			require.True(t, wellFormed(text))
			require.NoError(t, xml.Unmarshal(text, new(xmlElement)))
		} else {
			require.True(t, json.Valid(text))
		}
		if reply.Refusal != nil {
			require.Nil(t, reply.Verdicts)
			return
		}
		require.Len(t, reply.Verdicts, c.Count)
		for _, v := range reply.Verdicts {
			if v.Outcome == caperrors.Refused {
				require.NotZero(t, v.Kind)
			}
			if v.Raw != nil {
				require.True(t, json.Valid(v.Raw), "%s", v.Raw)
			}
		}
	})
}

// Every request that is encoded can be parsed, and has each item once, in
// order, with the members that it had.
func FuzzEncodeXML(f *testing.F) {
	f.Add("transaction", []byte(`{"a":1,"b":[1,null,{"c":true}],"d":{},"e":[],"f":"<&>\r\n\t\""}`), []byte(`{"größe":"\ud83d\ude00"}`))
	f.Add("a:b", []byte(`{"a":"\u0000"}`), []byte(`{"":1}`))
	f.Add("größe", []byte(`{"a":1,"a":2}`), []byte(`{"a":[[1]]}`))
	f.Add("x", []byte(" {\n} "), []byte(`{"a b":1}`))
	f.Fuzz(func(t *testing.T, root string, a, b []byte) {
		body, err := wire.EncodeXML(root, [][]byte{a, b})
		if err != nil {
			require.Nil(t, body)
			return
		}
		require.NoError(t, wire.CheckObject(a))
		require.NoError(t, wire.CheckObject(b))
		top := parseXML(t, body)
		assert.Equal(t, "root", top.XMLName.Local)
		require.Len(t, top.Children, 2)
		for i, item := range [][]byte{a, b} {
			element := top.Children[i]
			assert.Equal(t, xml.Name{Local: root}, element.XMLName)
			decoder := json.NewDecoder(bytes.NewReader(item))
			decoder.UseNumber()
			var object map[string]any
			require.NoError(t, decoder.Decode(&object))
			assertSame(t, object, element)
		}
	})
}

// assertSame compares an element with the JSON value that it was made of.
func assertSame(t *testing.T, value any, element xmlElement) {
	t.Helper()
	switch v := value.(type) {
	case map[string]any:
		at := make(map[string][]xmlElement)
		for _, child := range element.Children {
			require.Empty(t, child.XMLName.Space)
			at[child.XMLName.Local] = append(at[child.XMLName.Local], child)
		}
		require.Len(t, at, len(v))
		for name, member := range v {
			list, ok := member.([]any)
			if !ok || len(list) == 0 {
				list = []any{member}
			}
			require.Len(t, at[name], len(list), name)
			for i := range list {
				assertSame(t, list[i], at[name][i])
			}
		}
	case string:
		assert.Equal(t, v, element.Text)
	case json.Number:
		assert.Equal(t, v.String(), element.Text)
	case bool:
		assert.Equal(t, map[bool]string{true: "true", false: "false"}[v], element.Text)
	default: // null, and a list with nothing in it
		assert.Empty(t, element.Text)
		assert.Empty(t, element.Children)
	}
}
