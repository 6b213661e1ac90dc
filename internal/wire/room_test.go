package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// usedRoom returns memory that other answers were read in.
func usedRoom(tb testing.TB) (*wire.Room, []caperrors.Verdict) {
	tb.Helper()
	room := new(wire.Room)
	c := bulkCall(20)
	c.Room = room
	failed := `{"errors":[{"code":8015,"message":"x"}],"warnings":[{"code":1}],"result":{"billNumber":"b"}}`
	reply, err := wire.Read(wire.HTTP{Status: 400, RequestID: "old", Body: []byte(`{"response":[` + failed + strings.Repeat(","+failed, 19) + `]}`)}, c)
	require.NoError(tb, err)
	require.Len(tb, reply.Verdicts, 20)
	return room, reply.Verdicts
}

func TestReadUsesMemoryAgain(t *testing.T) {
	t.Parallel()
	c := bulkCall(2)
	c.Room = new(wire.Room)
	c.Verdicts = make([]caperrors.Verdict, 0, 2)
	first, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`{"response":[{"errors":[{"code":8015,"message":"one"}]},{"errors":[{"code":8015,"message":"two"}]}]}`)}, c)
	require.NoError(t, err)
	kept := append([]caperrors.Verdict(nil), first.Verdicts...)
	second, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`{"response":[{"entityId":7,"errors":[]},{"entityId":8,"errors":[]}]}`)}, c)
	require.NoError(t, err)
	assert.Same(t, &first.Verdicts[0], &second.Verdicts[0])
	assert.Equal(t, []string{"applied 0 success", "applied 0 success"}, summaries(second.Verdicts))
	// What was taken out of the first reply stays as it was.
	assert.Equal(t, "one two", kept[0].Message+" "+kept[1].Message)
	assert.JSONEq(t, `{"errors":[{"code":8015,"message":"two"}]}`, string(kept[1].Raw))
}

func TestReadDoesWithTooLittleMemory(t *testing.T) {
	t.Parallel()
	c := bulkCall(3)
	c.Room = new(wire.Room)
	c.Verdicts = make([]caperrors.Verdict, 2)
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`{"response":[{"errors":[]},{"errors":[]},{"errors":[]}]}`)}, c)
	require.NoError(t, err)
	assert.Len(t, reply.Verdicts, 3)
	assert.Zero(t, c.Verdicts[0], "memory that is too small is left alone")
}

func TestAppendItemsLeavesWhatStandsBefore(t *testing.T) {
	t.Parallel()
	items := [][]byte{[]byte(`{"a":1}`), []byte(`{"b":2}`)}
	dst := append(make([]byte, 0, 64), "x"...)
	got := wire.AppendItems(dst, "", items)
	assert.Equal(t, `x[{"a":1},{"b":2}]`, string(got))
	assert.Same(t, &dst[0], &got[0])
	assert.Equal(t, `x{"z":1,"m":[{"a":1},{"b":2}]}`, string(wire.AppendItemsIn(dst, []byte(`{"z":1}`), "m", items)))
	assert.Equal(t, `x[{"a":1},{"b":2}]`, string(wire.AppendItems([]byte("x"), "", items)))
}

//nolint:paralleltest // AllocsPerRun counts for the whole process
func TestReadInARoomAllocatesNothingForAnItem(t *testing.T) {
	const items = 100
	body := benchBulk(items)
	c := bulkCall(items)
	c.Room = new(wire.Room)
	c.Verdicts = make([]caperrors.Verdict, items)
	// The one message.
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := wire.Read(wire.HTTP{Status: 200, Body: body}, c); err != nil {
			t.Error(err)
		}
	}), 1.0)
}
