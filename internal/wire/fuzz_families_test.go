package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// fuzzFamilies reads what is thrown at it by every call of one dialect.
// Whatever the body: an error, or a refusal, or exactly one verdict for each
// item sent, or for each one answered if the call is open; each verdict says
// something; nothing is applied by a body that encoding/json refuses.
func fuzzFamilies(f *testing.F, dialect wire.Dialect) {
	f.Helper()
	for _, seed := range seeds(f) {
		f.Add(seed, uint8(2), 200, "A")
	}
	for _, family := range families() {
		f.Add(bytes.TrimSpace(fixture(f, family.file)), uint8(max(family.call.Count, 1)), 200, family.ids)
	}
	all := families()
	f.Fuzz(func(t *testing.T, body []byte, count uint8, status int, ids string) {
		original := bytes.Clone(body)
		for name, family := range all {
			c := family.call
			if c.Dialect != dialect {
				continue
			}
			c.Count, c.IDs = int(count%6), strings.Fields(ids)
			reply, err := wire.Read(wire.HTTP{Status: status, Body: body}, c)
			if err != nil {
				var decode *caperrors.DecodeError
				require.ErrorAs(t, err, &decode, name)
				require.Zero(t, reply, name)
				continue
			}
			checkReply(t, name, &c, &reply, body)
		}
		require.Equal(t, original, body, "the body is only read")
	})
}

func checkReply(t *testing.T, name string, c *wire.Call, reply *wire.Reply, body []byte) {
	t.Helper()
	text := bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	isJSON := !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("<"))
	if isJSON {
		require.True(t, json.Valid(text), name)
	}
	if reply.Refusal != nil {
		require.Nil(t, reply.Verdicts, name)
		require.NotZero(t, reply.Refusal.Kind, name)
		return
	}
	if c.Open {
		require.LessOrEqual(t, len(reply.Verdicts), max(bytes.Count(body, []byte(","))+1, bytes.Count(body, []byte(">"))), name)
	} else {
		require.Len(t, reply.Verdicts, c.Count, name)
	}
	for _, v := range reply.Verdicts {
		require.NotEqual(t, caperrors.NotSent, v.Outcome, name)
		require.LessOrEqual(t, len(v.Warnings), 64, name)
		switch v.Outcome {
		case caperrors.Refused:
			require.NotZero(t, v.Kind, name)
		case caperrors.Duplicate:
			require.Equal(t, caperrors.ErrDuplicate, v.Kind, name)
		case caperrors.Unknown:
			require.NotEmpty(t, v.Diagnostic+v.Kind.Error(), name)
			require.NotEqual(t, caperrors.ErrTransient, v.Kind, "%s: nobody may try again what may be done", name)
		default:
			require.Contains(t, []caperrors.Kind{0, caperrors.ErrQueued, caperrors.ErrPartial}, v.Kind, name)
		}
		if v.Raw != nil {
			require.True(t, json.Valid(v.Raw), name)
		}
	}
}

func FuzzReadV1(f *testing.F)     { fuzzFamilies(f, wire.V1JSON) }
func FuzzReadBulk(f *testing.F)   { fuzzFamilies(f, wire.V2Bulk) }
func FuzzReadSingle(f *testing.F) { fuzzFamilies(f, wire.V2Single) }
func FuzzReadLists(f *testing.F)  { fuzzFamilies(f, wire.V2Lists) }

// The elements are those that encoding/json finds.
func FuzzElements(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":2},"c"]}`), "a")
	f.Add([]byte(`[1 , [ ] ]`), "")
	f.Add([]byte(`{"a":[1],"a":null}`), "a")
	f.Add([]byte(`{"a":[1]} x`), "a")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		got, ok := wire.Elements(body, name)
		list := json.RawMessage(body)
		if name != "" {
			var members map[string]json.RawMessage
			if json.Unmarshal(body, &members) != nil {
				require.False(t, ok)
				return
			}
			list = members[name]
		}
		var want []json.RawMessage
		if !json.Valid(body) || depth(body) > 200 || json.Unmarshal(list, &want) != nil || want == nil {
			require.False(t, ok)
			return
		}
		require.True(t, ok)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, string(want[i]), string(got[i]))
		}
	})
}

// An object with a list put into it is that object with the list.
func FuzzEncodeIn(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "b", []byte(`{"c":2}`))
	f.Add([]byte(` { } `), `"\`, []byte(`{}`))
	f.Add([]byte(``), "list", []byte(`{"}":"]"}`))
	f.Fuzz(func(t *testing.T, object []byte, name string, item []byte) {
		if len(object) > 0 && wire.CheckObject(object) != nil || wire.CheckObject(item) != nil {
			return
		}
		want := make(map[string]json.RawMessage)
		if len(object) > 0 {
			require.NoError(t, json.Unmarshal(object, &want))
		}
		key := string([]rune(name))
		if _, there := want[key]; there {
			return
		}
		want[key] = json.RawMessage(`[` + string(item) + `,` + string(item) + `]`)
		var got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(wire.EncodeIn(object, name, [][]byte{item, item}), &got))
		require.Len(t, got, len(want))
		require.JSONEq(t, string(want[key]), string(got[key]))
	})
}
