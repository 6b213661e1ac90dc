package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// xmlCall is a call of v1.1 answered in XML.
func xmlCall(entity, items string, count int) wire.Call {
	return wire.Call{Version: caperrors.V1, Entity: entity, Dialect: wire.V1XML, Items: items, Count: count}
}

const xmlStatus = "<status><success>true</success><code>200</code></status>"

// xmlItem is an answer to one customer with the item_status given.
func xmlItem(status string) string {
	return "<response>" + xmlStatus + "<customers><customer><item_status>" + status + "</item_status></customer></customers></response>"
}

func TestReadXMLFixtures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file, entity, items string
		want                []string
		remarks             int
	}{
		"repeated elements are the items": {
			"repeated.xml", "customer", "customers.customer",
			[]string{"applied 1000 success w1017 w91017", "applied 1000 success", "refused 521 transient"},
			1,
		},
		"element wraps the members of lists, root the answer": {
			"element-wrapped.xml", "customer", "customers.customer",
			[]string{"applied 1000 success w1017", "refused 1011 refused"},
			1,
		},
		"items stand on both sides of the status": {
			"products-between.xml", "product", "product",
			[]string{"applied 9100 success", "refused 9101 unrecognised", "applied 9100 success"},
			1,
		},
		"items without a status are unknown": {
			"logs.xml", "task", "tasks.task.log",
			[]string{"unknown 0 success ?", "unknown 0 success ?", "refused 5204 invalid"},
			1,
		},
		"an item far below, with fields named code and status": {
			"series.xml", "coupon", "series.items.item", []string{"applied 700 success"}, 0,
		},
		"the request's code speaks for empty items": {
			"all-failed.xml", "customer", "customers.customer",
			[]string{"refused 500 partial", "refused 500 partial"},
			0,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := string(fixture(t, "xml/"+tt.file))
			for _, asked := range []wire.Dialect{wire.V1XML, wire.V1JSON} {
				c := xmlCall(tt.entity, tt.items, len(tt.want))
				c.Dialect = asked
				reply := read(t, c, 200, body)
				require.Nil(t, reply.Refusal)
				assert.Equal(t, tt.want, summaries(reply.Verdicts))
				assert.Len(t, reply.Diagnostics, tt.remarks, "%q", reply.Diagnostics)
				for _, v := range reply.Verdicts {
					assert.Equal(t, "req-1", v.RequestID)
					assert.True(t, v.Raw == nil || json.Valid(v.Raw), "%s", v.Raw)
				}
			}
		})
	}
}

func TestReadXMLItemStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ status, want string }{
		"success in capitals":            {"<success>TRUE</success><code>1000</code>", "applied 1000 success"},
		"status as the flag":             {"<status>true</status><code>1000</code>", "applied 1000 success"},
		"two flags that disagree":        {"<status>true</status><success>false</success><code>1000</code>", "applied 1000 success ?"},
		"a code of another kind":         {"<success>false</success><code>521.0</code>", "refused 521 transient"},
		"a code in a comment":            {"<success>true</success><!--<code>521</code>--><code>1000</code>", "applied 1000 success"},
		"a code around a comment":        {"<success>true</success><code>1<!-- -->000</code>", "applied 1000 success"},
		"a code as character references": {"<success>true</success><code>&#49;&#x30;00</code>", "applied 1000 success"},
		"a code in a section":            {"<success>true</success><code><![CDATA[1000]]></code>", "applied 1000 success"},
		"a code null":                    {`<success>true</success><code null="true"/>`, "applied 0 success"},
		"nothing":                        {"", "unknown 0 success ?"},
		"a warning directly":             {"<success>true</success><code>1000</code><warnings>1017</warnings>", "applied 1000 success w1017"},
		"warnings as elements":           {"<success>true</success><code>1000</code><warnings><element>1017</element></warnings>", "applied 1000 success w1017"},
		"warnings with texts": {
			"<success>true</success><code>1000</code><warnings><warning><code>1017</code><message>m</message></warning></warnings>",
			"applied 1000 success w1017",
		},
		"no warnings":             {`<success>true</success><code>1000</code><warnings><warning/></warnings>`, "applied 1000 success"},
		"two codes are none":      {"<success>false</success><code>1000</code><code>521</code>", "refused 0 unrecognised"},
		"a text beside the codes": {"x<success>true</success>y<code>1000</code>z", "applied 1000 success"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, xmlCall("customer", "customers.customer", 1), 200, xmlItem(tt.status))
			assert.Equal(t, []string{tt.want}, summaries(reply.Verdicts))
		})
	}
}

func TestReadXMLRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		kind caperrors.Kind
		code caperrors.Code
	}{
		"a status":                       {"<response><status><success>false</success><code>461</code></status></response>", caperrors.ErrTransient, 461},
		"a status behind the byte mark":  {"\xEF\xBB\xBF \n<?xml version='1.0'?><!-- > --><response><status><code>461</code></status></response>\n", caperrors.ErrTransient, 461},
		"a status below root":            {"<root><response><status><code>461</code></status></response></root>", caperrors.ErrTransient, 461},
		"a status with response_code":    {string(fixture(t, "xml/response-code.xml")), caperrors.ErrTransient, 461},
		"a flat status":                  {string(fixture(t, "xml/flat-status.xml")), caperrors.ErrUnrecognised, 904},
		"a status without a wrapper":     {"<root><status><code>461</code></status></root>", caperrors.ErrTransient, 461},
		"code outranks response_code":    {"<response><status><response_code>200</response_code><code>461</code></status></response>", caperrors.ErrTransient, 461},
		"processing instructions around": {"<?a b?><response><?c?><status><code>461</code></status></response><?d?><!-- e -->", caperrors.ErrTransient, 461},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := calls(2)
			asked["v1 XML"] = xmlCall("customer", "customers.customer", 2)
			for dialect, c := range asked {
				reply := read(t, c, 500, tt.body)
				require.NotNil(t, reply.Refusal, dialect)
				assert.Equal(t, tt.code, reply.Refusal.Code, dialect)
				if c.Version == caperrors.V1 {
					assert.Equal(t, tt.kind, reply.Refusal.Kind, dialect)
				}
			}
		})
	}
	reply := read(t, xmlCall("store", "", 1), 200, string(fixture(t, "xml/flat-status.xml")))
	require.NotNil(t, reply.Refusal)
	assert.Equal(t, "The size does not match", reply.Refusal.Message)
}

// XML where v2 was asked for can refuse, but it never shows a success.
func TestReadXMLForV2(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		xmlItem("<success>true</success><code>1000</code>"),
		"<response><createdId>1</createdId>" + xmlStatus + "</response>",
		"<response><entityId>1</entityId><totalCount>1</totalCount>" + xmlStatus + "</response>",
		"<response><response><item_status><success>true</success><code>600</code></item_status></response>" + xmlStatus + "</response>",
	} {
		for dialect, c := range calls(1) {
			if c.Version == caperrors.V2 {
				reply := read(t, c, 200, body)
				assert.Equal(t, []string{"unknown 0 success ?"}, summaries(reply.Verdicts), dialect)
			}
		}
	}
	for _, body := range []string{"<response><createdId>1</createdId></response>", "<root><createdId>1</createdId></root>", "<root><entity/></root>"} {
		for _, c := range calls(1) {
			decodeError(t, wire.HTTP{Status: 200, Body: []byte(body)}, c)
		}
	}
}

func TestReadXMLForV2KeepsTheCallsOwnCodes(t *testing.T) {
	t.Parallel()
	c := bulkCall(2)
	c.Oversize = []caperrors.Code{672}
	reply := read(t, c, 400, "<response><status><success>false</success><code>672</code><message>Exceeded limit size of 20</message></status></response>")
	require.NotNil(t, reply.Refusal)
	assert.Equal(t, caperrors.ErrOversize, reply.Refusal.Kind)
	assert.Equal(t, 20, reply.Refusal.Limit)
}

// What is empty in XML can be decoded, whatever a caller expects there.
func TestReadXMLRawDecodesIntoAnyType(t *testing.T) {
	t.Parallel()
	body := "<response>" + xmlStatus + "<list><item><a/><b/><c/><d/><e/><f><element>1</element></f></item></list></response>"
	reply := read(t, xmlCall("customer", "list.item", 1), 200, body)
	var item struct {
		A string
		B []string
		C struct{ D string }
		D int
		E json.Number
		F []string
	}
	require.NoError(t, json.Unmarshal(reply.Verdicts[0].Raw, &item))
	assert.Equal(t, []string{"1"}, item.F)
}

func TestReadXMLAnsweredInJSON(t *testing.T) {
	t.Parallel()
	c := v1Call(1)
	c.Dialect = wire.V1XML
	reply := read(t, c, 200, string(fixture(t, "v1/one-object-no-wrapper.json")))
	assert.Equal(t, summaries(read(t, v1Call(1), 200, string(fixture(t, "v1/one-object-no-wrapper.json"))).Verdicts), summaries(reply.Verdicts))
	assert.Contains(t, decodeError(t, wire.HTTP{Body: []byte(`{"response":`)}, c).Reason, "the body ends too early")
	assert.Contains(t, decodeError(t, wire.HTTP{}, c).Reason, "empty")
	c.Dialect = 0
	assert.Contains(t, decodeError(t, wire.HTTP{Body: fixture(t, "other/refused.xml")}, c).Reason, "no decoder")
}

func TestReadXMLPairsByEchoedID(t *testing.T) {
	t.Parallel()
	c := xmlCall("customer", "customers.customer", 3)
	c.EchoID, c.IDs = "mobile", []string{"447700900003", "447700900001", "447700900002"}
	reply := read(t, c, 200, string(fixture(t, "xml/repeated.xml")))
	assert.Equal(t, []string{"refused 521 transient", "applied 1000 success w1017 w91017", "applied 1000 success"}, summaries(reply.Verdicts))

	c.Count, c.IDs = 2, nil
	reply = read(t, c, 200, string(fixture(t, "xml/repeated.xml")))
	assert.Equal(t, []string{"unknown 0 success ?", "unknown 0 success ?"}, summaries(reply.Verdicts))
}

// The expected texts are worked out by hand from the fixtures.
func TestReadXMLRawIsJSON(t *testing.T) {
	t.Parallel()
	reply := read(t, xmlCall("customer", "customers.customer", 3), 200, string(fixture(t, "xml/repeated.xml")))
	assert.JSONEq(t, `{"mobile":"447700900001","firstname":"Ana & Bo","lastname":null,"email":null,"custom_fields":null,
		"points":"9007199254740993","side_effects":{"effect":{"type":"points","awarded_points":"12"}},
		"item_status":{"success":"true","code":"1000","message":"Customer registration successful","warnings":{"warning":["1017","91017"]}}}`,
		string(reply.Verdicts[0].Raw))
	assert.Equal(t, "Customer registration successful", reply.Verdicts[0].Message)
	assert.JSONEq(t, `{"mobile":"447700900002","firstname":"<Cy> \"\\","item_status":{"status":"true","code":"1000","message":null,"warnings":null}}`,
		string(reply.Verdicts[1].Raw))

	reply = read(t, xmlCall("customer", "customers.customer", 2), 200, string(fixture(t, "xml/element-wrapped.xml")))
	assert.JSONEq(t, `{"email":null,"incentives":null,"tills":["12"],
		"item_status":{"success":"true","code":"1000","message":"Done","warnings":{"warning":["1017"]}}}`, string(reply.Verdicts[0].Raw))
}

func TestReadXMLMapping(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ item, want string }{
		"an empty element":                {"<a/><b></b><c> \n </c>", `{"a":null,"b":null,"c":null}`},
		"null with something in it":       {`<a null="true">x</a>`, `{"a":"x"}`},
		"attributes":                      {`<a null="false" b="c">x</a><d e="f"/>`, `{"a":"x","d":null}`},
		"repeats":                         {"<a>1</a><a/><a><b/></a>", `{"a":["1",null,{"b":null}]}`},
		"repeats with others in between":  {"<a>1</a><b>2</b><a>3</a><c>4</c><b>5</b><a>6</a><c>7</c>", `{"a":["1","3","6"],"b":["2","5"],"c":["4","7"]}`},
		"one element":                     {"<a><element>1</element></a>", `{"a":["1"]}`},
		"element with others":             {"<a><element>1</element><b/></a>", `{"a":{"element":"1","b":null}}`},
		"element with a text":             {"<a><element>1</element>t</a>", `{"a":{"element":"1","#text":"t"}}`},
		"elements in elements":            {"<a><element><element/><element>2</element></element></a>", `{"a":[[null,"2"]]}`},
		"texts between elements":          {"<a> x <b/> y<c/>  </a>", `{"a":{"#text":["x","y"],"b":null,"c":null}}`},
		"texts around comments":           {"<a> x<!-- b --> y<?c d?> </a>", `{"a":"x y"}`},
		"white space as references":       {"<a>&#10;x&#13;y&#9;z</a>", `{"a":"x\ry\tz"}`},
		"the five entities":               {"<a>&lt;&gt;&amp;&apos;&quot;\\/</a>", `{"a":"<>&'\"\\/"}`},
		"line ends":                       {"<a>x\r\ny\rz</a>", `{"a":"x\ny\nz"}`},
		"names with a prefix":             {"<x:a>1</x:a><y:a>2</y:a>", `{"x:a":"1","y:a":"2"}`},
		"names and texts in any language": {"<größe>₹ 12 😀</größe>", `{"größe":"₹ 12 😀"}`},
		"a code by another name":          {"<response_code>1</response_code>", `{"response_code":"1"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := "<response>" + xmlStatus + "<list><item>" + tt.item + "<end/></item></list></response>"
			reply := read(t, xmlCall("customer", "list.item", 1), 200, body)
			assert.JSONEq(t, strings.TrimSuffix(tt.want, "}")+`,"end":null}`, string(reply.Verdicts[0].Raw))
		})
	}
}

func TestReadXMLOfAnotherKind(t *testing.T) {
	t.Parallel()
	long := "<response>" + xmlStatus + "</response>"
	tests := map[string]struct {
		body, reason string
		offset       int64
	}{
		"an HTML page":                 {string(fixture(t, "other/edge.html")), "an HTML page", 0},
		"HTML that is XML too":         {"<html><body/></html>", "neither response nor root", -1},
		"an HTML page with loose ends": {"<html lang=en><br></html>", "an HTML page", 12},
		"another top":                  {"<error><code>461</code></error>", "neither response nor root", -1},
		"an answer in a namespace":     {"<c:response><status><code>461</code></status></c:response>", "neither response nor root", -1},
		"neither status nor items":     {"<response><x/></response>", "neither a status nor items", -1},
		"a text":                       {"<response>ok</response>", "neither a status nor items", -1},
		"an empty answer":              {"<response/>", "neither a status nor items", -1},
		"an empty root":                {"<root/>", "neither a status nor items", -1},
		"a list":                       {"<root><element>" + long + "</element></root>", "neither a status nor items", -1},
		"two answers in a root":        {"<root>" + long + long + "</root>", "neither a status nor items", -1},
		"two answers":                  {long + long, "something follows the end", int64(len(long))},
		"a text behind":                {long + "x", "something follows the end", int64(len(long))},
		"a text before":                {"<!-- -->x" + long, "bad XML", 8},
		"an end tag too many":          {long + "</a>", "an end tag without its start tag", int64(len(long))},
		"crossed tags":                 {"<response><a><b></a></b></response>", "an end tag without its start tag", 16},
		"tags in another case":         {"<response></Response>", "an end tag without its start tag", 10},
		"tags with other prefixes":     {"<root><a:b></c:b></root>", "an end tag without its start tag", 11},
		"an attribute without quotes":  {"<response a=b/>", "bad XML", 12},
		"no element":                   {"<!-- -->", "the body ends too early", 8},
		"cut in a tag":                 {"<response><a", "the body ends too early", 12},
		"cut in a comment":             {"<response><!-- a -", "the body ends too early", 18},
		"cut in a text":                {"<response>a", "the body ends too early", 11},
		"a tag without end":            {"<response a='" + strings.Repeat(">", 70_000) + "'/>", "a tag longer than 64 KiB", 1 << 16},
		"a bare ampersand":             {"<response>&</response>", "bad XML", 12},
		"an unknown entity":            {"<response>&nbsp;</response>", "bad XML", 16},
		"a document type":              {"<!DOCTYPE response>" + long, "a document type declaration", 0},
		"an entity":                    {`<response><!ENTITY a "b"></response>`, "a document type declaration", 10},
		"another encoding":             {`<?xml version="1.0" encoding="UTF-16"?>` + long, "an encoding other than UTF-8", 39},
		"another encoding, as is":      {"\xFF\xFE<\x00r\x00>\x00", "no JSON value", 0},
		"a newer version":              {`<?xml version="1.1"?>` + long, "an XML version other than 1.0", 21},
		"invalid UTF-8":                {"<response><a>\xC3\x28</a></response>", "invalid UTF-8", 13},
		"invalid UTF-8 in a comment":   {"<!-- \xFF -->" + long, "invalid UTF-8", 5},
		"a control character":          {"<response>\x01</response>", "bad XML", 12},
		"a control character escaped":  {"<response>&#1;</response>", "bad XML", 15},
		"two dashes in a comment":      {"<!-- -- -->" + long, "bad XML", 8},
		"a byte mark counts":           {"\xEF\xBB\xBF\n<response></a>", "an end tag without its start tag", 14},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := xmlCall("customer", "customers.customer", 1)
			decode := decodeError(t, wire.HTTP{Status: 200, ContentType: "application/xml", Body: []byte(tt.body)}, c)
			assert.Contains(t, decode.Reason, tt.reason)
			if tt.reason != "bad XML" {
				assert.Equal(t, tt.offset, decode.Offset)
			}
			assert.Equal(t, caperrors.Unknown, decode.Outcome)
			assert.NotContains(t, decode.Reason, "nbsp")
			c.Dialect = wire.V1JSON
			decodeError(t, wire.HTTP{Status: 200, Body: []byte(tt.body)}, c)
		})
	}
}

func TestReadXMLExcerptIsOfTheBodyThatCame(t *testing.T) {
	t.Parallel()
	body := "<response><mail>jane@example.com</mail></response>"
	decode := decodeError(t, wire.HTTP{Status: 404, Body: []byte(body)}, v1Call(1))
	assert.Contains(t, decode.Excerpt, "<response><mail>")
	assert.NotContains(t, decode.Excerpt, "jane")
	assert.Equal(t, caperrors.ErrNotFound, decode.Kind)
}
