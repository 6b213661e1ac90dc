package wire_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// An answer cut anywhere must not pass for one: an item that was read before
// the cut is as unknown as the others.
func TestReadNeverTrustsACutBody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file string
		call wire.Call
	}{
		"v1.1":      {"v1/mixed-types.json", v1Call(5)},
		"v1.1 bare": {"v1/one-object-no-wrapper.json", v1Call(1)},
		"v2 bulk":   {"v2bulk/mixed.json", bulkCall(6)},
		"v2 single": {"v2single/created.json", singleCall("customer")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := strings.TrimSpace(string(fixture(t, tt.file)))
			for end := range len(body) {
				_, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(body[:end])}, tt.call)
				var decode *caperrors.DecodeError
				require.ErrorAs(t, err, &decode, "cut at %d", end)
				require.Equal(t, caperrors.Unknown, decode.Outcome)
			}
			read(t, tt.call, 200, body)
		})
	}
}

func TestReadBoundsNesting(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range calls(1) {
		for _, body := range []string{
			nested(100_000),
			strings.Repeat("[", 10<<20),
			strings.Repeat(`{"a":`, 100_000),
			`{"response":` + strings.Repeat(`{"transactions":`, 100_000),
			`{"response":{"transactions":` + nested(500) + `}}`,
			`{"response":[` + nested(500) + `]}`,
			`{"errors":` + nested(500) + `}`,
			`{"response":{"transactions":{"transaction":{"item_status":{"warnings":` + strings.Repeat(`{"warning":`, 500) + `0` + strings.Repeat("}", 500) + `}}}}}`,
		} {
			decode := decodeError(t, wire.HTTP{Status: 200, Body: []byte(body)}, c)
			assert.Contains(t, decode.Reason, "nested deeper than 200", name)
		}
		// 200 levels are fine: the object of the answer is one of them.
		read(t, c, 200, `{"errors":[{"code":461}],"x":`+nested(199)+`}`)
		decodeError(t, wire.HTTP{Status: 200, Body: []byte(`{"errors":[{"code":461}],"x":` + nested(200) + `}`)}, c)
	}
}

//nolint:paralleltest // the memory of the whole process is measured
func TestReadBoundsWhatItKeeps(t *testing.T) {
	const n = 200_000
	bodies := map[string]string{
		"items":          `{"response":{"status":{"code":200},"transactions":{"transaction":[` + strings.Repeat("0,", n) + `0]}}}`,
		"items of v2":    `{"response":[` + strings.Repeat("{},", n) + `{}]}`,
		"warnings":       `{"response":{"transactions":{"transaction":{"item_status":{"code":600,"warnings":[` + strings.Repeat("1,", n) + `1]}}}}}`,
		"warnings of v2": `{"response":[{"warnings":[` + strings.Repeat("1,", n) + `1]}]}`,
		"errors of v2":   `{"response":[{"errors":[` + strings.Repeat("1,", n) + `1]}]}`,
		"parts":          `{"failures":[` + strings.Repeat("1,", n) + `1]}`,
	}
	for name, body := range bodies {
		for dialect, c := range calls(1) {
			h := wire.HTTP{Status: 200, Body: []byte(body)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			reply, err := wire.Read(h, c)
			runtime.ReadMemStats(&after)
			if err == nil && len(reply.Verdicts) > 0 {
				assert.LessOrEqual(t, len(reply.Verdicts[0].Warnings), 64, "%s, %s", name, dialect)
			}
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100_000), "%s, %s", name, dialect)
		}
	}
}

func TestReadHugeNumbersAndTexts(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("9", 1<<20)
	reply := read(t, bulkCall(1), 200, `{"response":[{"entityId":`+huge+`,"errors":[{"code":`+huge+`},{"code":1e999999},{"code":-1e-999999}]}],"totalCount":`+huge+`}`)
	assert.Equal(t, []string{"refused 0 unrecognised ?"}, summaries(reply.Verdicts))
	reply = read(t, v1Call(1), 200, itemWith(`"code":"`+huge+`","success":"`+huge+`"`))
	assert.Equal(t, []string{"unknown 0 success ?"}, summaries(reply.Verdicts))
}

func TestReadWithoutItemsSent(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, -1} {
		reply := read(t, bulkCall(count), 200, `{"response":[{"entityId":1}]}`)
		assert.Empty(t, reply.Verdicts)
		assert.Len(t, reply.Diagnostics, 1)
	}
}

// Ten million answered items for one that was sent: the scan is linear, and
// what is kept depends on what was sent, not on what came.
//
//nolint:paralleltest // the memory of the whole process is measured
func TestTenMillionItemsAreReadInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	const items = 10_000_000
	body := []byte(`{"response":[` + strings.Repeat("{},", items-1) + `{}]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: body}, bulkCall(1))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Len(t, reply.Verdicts, 1)
	assert.Equal(t, caperrors.Unknown, reply.Verdicts[0].Outcome)
	assert.NotEmpty(t, reply.Diagnostics)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// An item of millions of numbers is no form to remember.
//
//nolint:paralleltest // it measures what the process allocates
func TestAnItemOfTenMillionNumbersIsReadInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	const items = 10
	item := `{"entityId":1,"more":[` + strings.Repeat("1,", 1_000_000) + `1]}`
	body := []byte(`{"response":[` + strings.Repeat(item+",", items-1) + item + `]}`)
	fields := wire.CompileFields("entityId")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: body}, bulkCall(items))
	require.NoError(t, err)
	for range items {
		_, err = fields.Read([]byte(item), nil)
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	assert.Equal(t, caperrors.Applied, reply.Verdicts[items-1].Outcome)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20)+items*uint64(len(item)), "the texts of Fields besides")
}
