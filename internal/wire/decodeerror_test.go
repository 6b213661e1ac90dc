package wire_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

func calls(count int) map[string]wire.Call {
	single := singleCall("transaction")
	single.Count = count
	return map[string]wire.Call{"v1": v1Call(count), "v2 bulk": bulkCall(count), "v2 single": single}
}

func decodeError(t *testing.T, h wire.HTTP, c wire.Call) *caperrors.DecodeError {
	t.Helper()
	reply, err := wire.Read(h, c)
	var decode *caperrors.DecodeError
	require.ErrorAs(t, err, &decode)
	assert.Zero(t, reply)
	return decode
}

func TestAnExcerptQuotesNoDataOfTheAPI(t *testing.T) {
	t.Parallel()
	const secret = "8a16a6b70505eb1f1ff7cdc0cd5559a7"
	token := strings.Repeat("x7q-", 500)
	hide := func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, secret, "***"), token, "***")
	}
	tests := map[string]struct {
		status     int
		body, want string
	}{
		"JSON that breaks off":                 {200, `{"response":[{"result":{"mobile":"Jane"`, ""},
		"JSON behind a mark and blanks":        {200, "\xEF\xBB\xBF \n[{\"mobile\":\"Jane\"", ""},
		"XML that breaks off":                  {200, `<response><mobile>Jane`, ""},
		"a page":                               {200, `<html>Jane`, `<html>Jane`},
		"JSON of a gateway":                    {502, `{"message":"try later"`, `{"message":"try later"`},
		"a secret, whose digits look personal": {502, `<html>` + secret, `<html>***`},
		"a token where the body is cut":        {502, `<html>` + strings.Repeat(token, 3), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, decodeError(t, wire.HTTP{Status: tt.status, Body: []byte(tt.body), Hide: hide}, bulkCall(2)).Excerpt)
		})
	}
}

func TestReadByStatusAlone(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		kind    caperrors.Kind
		outcome caperrors.Outcome
	}{
		429: {caperrors.ErrTransient, caperrors.Refused},
		503: {caperrors.ErrTransient, caperrors.Refused},
		521: {caperrors.ErrTransient, caperrors.Refused},
		413: {caperrors.ErrOversize, caperrors.Refused},
		401: {caperrors.ErrUnauthenticated, caperrors.Refused},
		403: {caperrors.ErrPermission, caperrors.Refused},
		404: {caperrors.ErrNotFound, caperrors.Refused},
		405: {caperrors.ErrUnsupported, caperrors.Refused},
		415: {caperrors.ErrUnsupported, caperrors.Refused},
		400: {caperrors.ErrInvalid, caperrors.Refused},
		422: {caperrors.ErrInvalid, caperrors.Refused},
		200: {0, caperrors.Unknown},
		204: {0, caperrors.Unknown},
		302: {0, caperrors.Unknown},
		408: {0, caperrors.Unknown},
		500: {0, caperrors.Unknown},
		502: {0, caperrors.Unknown},
		504: {0, caperrors.Unknown},
		520: {0, caperrors.Unknown},
		524: {0, caperrors.Unknown},
	}
	html := fixture(t, "other/edge.html")
	for status, tt := range tests {
		for _, c := range calls(2) {
			h := wire.HTTP{Status: status, ContentType: "text/html", RequestID: "req-9", RetryAfter: time.Second, Body: html}
			decode := decodeError(t, h, c)
			assert.Equal(t, tt.kind, decode.Kind, "%d", status)
			assert.Equal(t, tt.outcome, decode.Outcome, "%d", status)
			assert.Equal(t, status, decode.HTTPStatus)
			assert.Equal(t, "text/html", decode.ContentType)
			assert.Equal(t, "req-9", decode.RequestID)
			assert.Equal(t, time.Second, decode.RetryAfter)
		}
	}
}

func TestReadRefusesWhatIsNotTheAPIs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		reason string
		offset int64
		skip   string // a dialect that takes it
	}{
		"nothing":                       {body: "", reason: "the body is empty", offset: -1},
		"white space":                   {body: " \r\n\t", reason: "the body is empty", offset: -1},
		"a byte order mark alone":       {body: "\xEF\xBB\xBF", reason: "the body is empty", offset: -1},
		"a page":                        {body: string(fixture(t, "other/edge.html")), reason: "an HTML page"},
		"XML":                           {body: `<?xml version="1.0"?><error><code>461</code></error>`, reason: "XML, not JSON"},
		"a text":                        {body: "upstream error", reason: "no JSON value"},
		"a cut body":                    {body: `{"response":[{"entityId":1,"err`, reason: "the body ends too early", offset: 31},
		"something behind the end":      {body: `{"errors":[{"code":461}]} x`, reason: "something follows the end", offset: 26},
		"two texts":                     {body: `{}{}`, reason: "something follows the end", offset: 2},
		"a control character":           {body: "{\"a\":\"b\x01\"}", reason: "control character in a string", offset: 7},
		"a bad escape":                  {body: `{"a":"\x"}`, reason: "bad escape in a string", offset: 7},
		"a short escape":                {body: `{"a":"\u12"}`, reason: "bad escape in a string", offset: 10},
		"a bad literal":                 {body: `{"a":trUe}`, reason: "bad literal", offset: 7},
		"a bad number":                  {body: `{"a":-}`, reason: "bad number", offset: 6},
		"a number with a leading 0":     {body: `{"a":01}`, reason: "neither a comma nor the end of the list or object", offset: 6},
		"a comma too many":              {body: `{"a":1,}`, reason: "no member name", offset: 7},
		"a comma too many in a list":    {body: `{"a":[1,]}`, reason: "no JSON value", offset: 8},
		"a colon too few":               {body: `{"a" 1}`, reason: "no colon after a member name", offset: 5},
		"a list closed as an object":    {body: `{"a":[1}}`, reason: "neither a comma nor the end of the list or object", offset: 7},
		"an empty list of another kind": {body: `{"a":[}`, reason: "no JSON value", offset: 6},
		"a text in quotes":              {body: `"ok"`, offset: -1, reason: "neither"},
		"null":                          {body: `null`, offset: -1, reason: "neither"},
		"a number":                      {body: `200`, offset: -1, reason: "neither"},
		"another server's JSON":         {body: `{"message":"Forbidden","code":403}`, offset: -1, reason: "neither", skip: "v2 single"},
		"an object without members":     {body: `{}`, offset: -1, reason: "neither", skip: "v2 single"},
		"a response that is a text":     {body: `{"response":"ok"}`, offset: -1, reason: "neither", skip: "v2 single"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for dialect, c := range calls(1) {
				if dialect == tt.skip {
					continue
				}
				decode := decodeError(t, wire.HTTP{Status: 200, Body: []byte(tt.body)}, c)
				assert.Contains(t, decode.Reason, tt.reason, dialect)
				assert.Equal(t, tt.offset, decode.Offset, dialect)
			}
		})
	}
}

func TestReadV2SingleUnderAFailingStatusNeedsEvidence(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"message":"Forbidden"}`, `{}`, `{"success":false}`, `{"warnings":[]}`, `{"createdId":null,"data":null,"entity":{}}`,
		`{"timestamp":1,"status":404,"error":"Not Found","path":"/v2/x"}`,
	} {
		decode := decodeError(t, wire.HTTP{Status: 404, Body: []byte(body)}, singleCall("customer"))
		assert.Equal(t, caperrors.ErrNotFound, decode.Kind, body)
	}
}

func TestReadWithoutADialect(t *testing.T) {
	t.Parallel()
	decodeError(t, wire.HTTP{Status: 200, Body: []byte(`{}`)}, wire.Call{Count: 1})
}

func TestDecodeErrorExcerptIsMasked(t *testing.T) {
	t.Parallel()
	decode := decodeError(t, wire.HTTP{Status: 502, Body: fixture(t, "other/edge.html")}, bulkCall(1))
	assert.Contains(t, decode.Excerpt, "502 Bad Gateway")
	assert.NotContains(t, decode.Excerpt, "jane@example.com")
	assert.NotContains(t, decode.Excerpt, "4477009000123")

	for _, body := range []string{strings.Repeat("é", 5000), strings.Repeat("5", 5000), strings.Repeat("\xff", 5000), strings.Repeat("x", 195) + "4477009000123"} {
		decode = decodeError(t, wire.HTTP{Status: 502, Body: []byte(body)}, bulkCall(1))
		assert.LessOrEqual(t, utf8.RuneCountInString(decode.Excerpt), 200)
		assert.NotContains(t, decode.Excerpt, "44770")
	}
}
