package transport_test

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/transport"
)

const quoted = `[{"identifierValue":"9876543210","note":"Grüße an Jane \"J\" Doe & Söhne <3","billNumber":"AB-123456","name":"अमिताभ कुमार"}]`

func TestQuotes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want bool
	}{
		"nothing":                         {"", false},
		"a page":                          {"<html><head><title>502 Bad Gateway</title></head><center>nginx/1.25.0</center>", false},
		"a word of both":                  {"Note: identify yourself by name", false},
		"digits of both":                  {"call 98765432", false},
		"a key":                           {"unexpected token identifierValue", true},
		"a name":                          {"no customer Jane \"J\" Doe", true},
		"a name with other marks":         {"no customer jane/j/doe", true},
		"a part of a name":                {"no customer Jane J", false},
		"a bill number":                   {"bill AB-123456 exists", true},
		"umlauts":                         {"Grüße an", false},
		"umlauts, and more":               {"Grüße an J", true},
		"umlauts in HTML":                 {"Gr&#252;&#xDF;e an J", true},
		"umlauts in JSON":                 {`Gr\u00fc\u00dfe an J`, true},
		"umlauts in JSON in JSON":         {`Gr\\u00fc\\u00dfe an J`, true},
		"umlauts in a URL":                {"Gr%C3%BC%C3%9Fe+an+J", true},
		"umlauts in a URL in a URL":       {"Gr%25C3%25BC%25C3%259Fe+an+J", true},
		"another script":                  {"ग्राहक अमिताभ कुमार", true},
		"another script that is not sent": {"ग्राहक नहीं मिला यहाँ", false},
		"escapes that break off":          {`&# &#x &#999999999999; \ \u12 % %2 %zz &amp;`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, transport.Quotes(test.text, []byte(quoted)))
		})
	}
	assert.False(t, transport.Quotes("a text of some length", nil))
	escaped, err := json.Marshal(json.RawMessage(quoted))
	require.NoError(t, err)
	assert.Contains(t, string(escaped), `\u003c`)
	assert.True(t, transport.Quotes(html.EscapeString(`Doe & Söhne <3`), escaped))
}

// FuzzQuotes holds that any part of a body with enough letters is found, in
// whatever way a page quotes it.
func FuzzQuotes(f *testing.F) {
	f.Add(quoted, uint16(3), uint16(40))
	f.Add(`{"a\\u0041":"%41%2541&amp;amp;quot;&#65;"}`, uint16(0), uint16(40))
	f.Fuzz(func(t *testing.T, body string, from, length uint16) {
		text := body[min(int(from), len(body)):]
		text = text[:min(int(length), len(text))]
		letters := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r == ' ' {
				return r
			}
			return -1
		}, text)
		if len(strings.ReplaceAll(letters, " ", "")) < 8 || !utf8.ValidString(body) {
			t.Skip("too short")
		}
		inJSON, err := json.Marshal(letters)
		require.NoError(t, err)
		for _, form := range []string{letters, html.EscapeString(letters), url.QueryEscape(letters), url.PathEscape(letters), string(inJSON), strings.ToUpper(letters)} {
			assert.True(t, transport.Quotes("Bad Gateway: "+form, []byte(`{"x":"`+letters+`"}`)), "%q of %q", form, letters)
		}
		_ = transport.Quotes(text, []byte(body)) // whatever is there, it does not panic
	})
}

func BenchmarkQuotes(b *testing.B) {
	body := bytes.Repeat([]byte(strings.ReplaceAll(quoted, "AB-123456", "CD-654321")), 8000)
	page := ("<html>" + strings.Repeat("<p>We are sorry, this page is away.</p>", 30))[:1024]
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		_ = transport.Quotes(page, body)
	}
}
