package wire_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// What was read of an answer before it was cut is as unknown as the rest.
func TestReadXMLNeverTrustsACutBody(t *testing.T) {
	t.Parallel()
	tests := map[string]wire.Call{
		"xml/repeated.xml":        xmlCall("customer", "customers.customer", 3),
		"xml/element-wrapped.xml": xmlCall("customer", "customers.customer", 2),
		"xml/flat-status.xml":     xmlCall("store", "", 1),
	}
	for file, c := range tests {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body := "\xEF\xBB\xBF" + strings.TrimSpace(string(fixture(t, file)))
			for _, asked := range []wire.Dialect{wire.V1XML, wire.V1JSON} {
				c.Dialect = asked
				for end := range len(body) {
					decode := decodeError(t, wire.HTTP{Status: 200, Body: []byte(body[:end])}, c)
					require.Equal(t, caperrors.Unknown, decode.Outcome, "cut at %d", end)
					require.LessOrEqual(t, decode.Offset, int64(end))
				}
				read(t, c, 200, body)
			}
		})
	}
}

func TestReadXMLRefusesEntities(t *testing.T) {
	t.Parallel()
	const answer = "<response><status><code>461</code></status><a>&l9;</a></response>"
	entities := make([]string, 9)
	for i := range entities {
		entities[i] = fmt.Sprintf(`<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	laughs := `<!DOCTYPE a [<!ENTITY l0 "ha">` + strings.Join(entities, "") + "]>"
	for name, body := range map[string]string{
		"a billion laughs":             `<?xml version="1.0"?>` + laughs + answer,
		"a billion laughs within":      "<response>" + laughs + answer + "</response>",
		"an external entity":           `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>` + answer,
		"an external type":             `<!DOCTYPE a SYSTEM "http://example.com/a.dtd">` + answer,
		"a parameter entity":           `<!DOCTYPE a [<!ENTITY % p SYSTEM "http://example.com/p"> %p;]>` + answer,
		"an entity without a type":     answer,
		"a type behind the answer":     strings.Replace(answer, "&l9;", "", 1) + "<!DOCTYPE a>",
		"an entity in an attribute":    `<response a="&l9;"><status><code>461</code></status></response>`,
		"an inclusion of another kind": `<response xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></response>`,
	} {
		for _, asked := range []wire.Dialect{wire.V1XML, wire.V1JSON} {
			c := xmlCall("customer", "customers.customer", 1)
			c.Dialect = asked
			decode := decodeError(t, wire.HTTP{Status: 200, Body: []byte(body)}, c)
			assert.NotContains(t, decode.Reason, "l9", name)
		}
	}
}

func TestReadXMLBoundsNesting(t *testing.T) {
	t.Parallel()
	c := xmlCall("customer", "customers.customer", 1)
	nested := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	answer := func(inner string) string {
		return "<response><status><code>461</code></status>" + inner + "</response>"
	}
	for _, body := range []string{
		answer(nested(100_000)),
		answer(nested(3_000_000)),
		"<response>" + strings.Repeat("<a>", 3_000_000),
		answer(nested(200)),
		"<response><customers>" + strings.Repeat("<customer>", 500),
		answer(strings.Repeat("<a><b/>", 150) + strings.Repeat("<b/></a><a/>", 149) + "</a>"), // each level is a list
	} {
		decode := decodeError(t, wire.HTTP{Status: 200, Body: []byte(body)}, c)
		assert.Contains(t, decode.Reason, "nested deeper than 200")
	}
	require.NotNil(t, read(t, c, 200, answer(nested(199))).Refusal)
}

//nolint:paralleltest // the memory and the time of the whole process are measured
func TestReadXMLBoundsTimeAndMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	const size = 3 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	names := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("<a" + strings.Repeat("a", i%7) + string(rune('a'+i%26)) + strings.Repeat("b", i/182%50) + strings.Repeat("c", i/9100) + "/>")
		}
		return b.String()
	}
	bodies := map[string]string{
		"nothing but <":          strings.Repeat("<", 10<<20),
		"many tags after <":      "<response>" + fill("<"),
		"no end of an element":   "<response" + fill(" "),
		"no end of a name":       "<response><" + fill("a"),
		"no end of a comment":    "<response><!--" + fill("-a"),
		"no end of a section":    "<response><![CDATA[" + fill("]]"),
		"no end of instructions": fill("<?a?>"),
		"no end of comments":     fill("<!---->"),
		"no end of a type":       "<!DOCTYPE " + fill("<"),
		"a long text":            "<response><a>" + fill("a") + "</a></response>",
		"a text in pieces":       "<response><a>" + fill("a<!---->") + "</a></response>",
		"white space in pieces":  "<response><a>" + fill(" <!---->") + "</a></response>",
		"references":             "<response><a>" + fill("&#10;") + "</a></response>",
		"attributes":             "<response" + fill(` a="b"`) + "/>",
		"items":                  "<response><product>" + fill("<element/>") + "</product></response>",
		"items with texts":       "<response>" + fill("<product>1</product>") + "</response>",
		"items in turns":         "<response>" + fill("<product/><a/><b/>") + "</response>",
		"texts between":          "<response>" + fill("a<product/>") + "</response>",
		"names":                  "<response>" + names(60_000) + strings.Repeat("<product/>", 90_000) + "</response>",
		"warnings":               "<response><product><item_status><code>9100</code><warnings>" + strings.Repeat("<warning>1</warning>", 150_000) + "</warnings></item_status></product></response>",
		"attributes with marks":  "<response" + fill(` a=">"`) + "/>",
		"a long reference":       "<response>&" + fill("a") + ";</response>",
	}
	for name, body := range bodies {
		h := wire.HTTP{Status: 200, Body: []byte(body)}
		c := xmlCall("product", "product", 1)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		reply, err := wire.Read(h, c)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil {
			assert.Len(t, reply.Verdicts, 1, name)
			assert.LessOrEqual(t, len(reply.Verdicts[0].Warnings), 64, name)
		}
		// Generous, for a slow machine under the race detector.
		assert.Less(t, took, 30*time.Second, name)
		// What is allocated in all, not what is held at a time.
		total := after.TotalAlloc - before.TotalAlloc
		assert.Less(t, total, uint64(64*len(body)), "%s: %v", name, err)
		t.Logf("%-24s %8d KB %10s %6d MB %v", name, len(body)>>10, took.Round(time.Millisecond), total>>20, err)
	}
}

func TestReadXMLBoundsElements(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	body := "<response>" + strings.Repeat("<product/>", 1<<20) + "</response>"
	decode := decodeError(t, wire.HTTP{Status: 200, Body: []byte(body)}, xmlCall("product", "product", 1))
	assert.Equal(t, "more XML elements than an answer has", decode.Reason)
	body = "<response>" + strings.Repeat("<a>1</a>", 1<<19) + "</response>"
	decode = decodeError(t, wire.HTTP{Status: 200, Body: []byte(body)}, xmlCall("product", "product", 1))
	assert.Equal(t, "more XML elements than an answer has", decode.Reason)
	var names strings.Builder
	for i := range 1 << 16 {
		fmt.Fprintf(&names, "<a%d/>", i)
	}
	decode = decodeError(t, wire.HTTP{Status: 200, Body: []byte("<response>" + names.String() + "</response>")}, xmlCall("product", "product", 1))
	assert.Equal(t, "more XML elements than an answer has", decode.Reason)
}
