package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestWhatIsKnownAfterAKill(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	assert.Zero(t, j.Resumed())
	before := time.Now().Truncate(time.Millisecond)
	require.NoError(t, j.Sending(t.Context(), sent(0, 1, 2, 3)))
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{applied(0), refused(1), again(2)}))
	require.NoError(t, j.Sending(t.Context(), sent(2, 4)))
	j.Delivered(0)
	j.Delivered(2) // has no result: is not noted
	require.NoError(t, j.Mark(map[string]int64{"results": 117}))
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{applied(4)}))
	require.NoError(t, j.Close())

	j = open(t, path)
	got := j.Resumed()
	assert.False(t, got.LastSend.Before(before))
	got.LastSend = time.Time{}
	assert.Equal(t, journal.Resumed{Done: 1, Results: 2, InFlight: 2}, got)
	r, a := refused(1), applied(4)
	two := flying(2, 2)
	two.Strikes = 1
	three := flying(3, 1)
	for i, want := range []batch.Past{{Done: true}, {Entry: &r}, {Entry: &two}, {Entry: &three}, {Entry: &a}, {}} {
		assert.Equal(t, want, j.Past(i), "item %d", i)
	}
	var note map[string]int64
	ok, err := j.Note(&note)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, map[string]int64{"results": 117}, note)
}

func TestAnItemThatFailedHoldsItsKeyLater(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{{Index: 0, Outcome: caperrors.Unknown}, applied(1)}))
	j.Delivered(0)
	j.Delivered(1)
	require.NoError(t, j.Mark(nil))
	require.NoError(t, j.Close())
	j = open(t, path)
	assert.Equal(t, batch.Past{Done: true, Failed: true}, j.Past(0))
	assert.Equal(t, batch.Past{Done: true}, j.Past(1))
}

func TestASecondLoadIsRefused(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	_, err := journal.Open(path, identity)
	require.ErrorIs(t, err, journal.ErrLocked)
	assert.Contains(t, err.Error(), path)
	require.NoError(t, j.Close())
	open(t, path)
}

func TestAnotherLoadIsRefused(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	require.NoError(t, j.Sending(t.Context(), sent(0)))
	require.NoError(t, j.Close())
	held, err := os.ReadFile(path)
	require.NoError(t, err)
	tests := map[string]struct {
		identity map[string]string
		want     journal.ChangedError
	}{
		"another input":     {map[string]string{"input": "sha256:18", "endpoint": "v2/transactions/bulk"}, journal.ChangedError{Name: "input", Was: "sha256:17", Now: "sha256:18"}},
		"an entry is gone":  {map[string]string{"input": "sha256:17"}, journal.ChangedError{Name: "endpoint", Was: "v2/transactions/bulk"}},
		"an entry is there": {map[string]string{"input": "sha256:17", "endpoint": "v2/transactions/bulk", "key": "k"}, journal.ChangedError{Name: "key", Now: "k"}},
	}
	for name, tt := range tests {
		_, err := journal.Open(path, tt.identity)
		var changed *journal.ChangedError
		require.ErrorAs(t, err, &changed, name)
		tt.want.Path = path
		assert.Equal(t, tt.want, *changed, name)
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(held), string(now), "the file stays as it was")
	}
}

func TestAJournalThatKnowsOfNoItemIsAnyLoads(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	require.NoError(t, j.Mark(map[string]int{"results": 0}))
	require.NoError(t, j.Close())

	other := map[string]string{"input": "sha256:18"}
	j, err := journal.Open(path, other)
	require.NoError(t, err)
	assert.Zero(t, j.Resumed())
	ok, err := j.Note(new(any))
	require.NoError(t, err)
	assert.False(t, ok, "the note was the other load's")
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{refused(0)}))
	require.NoError(t, j.Close())

	_, err = journal.Open(path, identity)
	var changed *journal.ChangedError
	require.ErrorAs(t, err, &changed)
	assert.Equal(t, "endpoint", changed.Name)
}

func TestWhatWasInFlightStaysSoUntilItHasItsResult(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	require.NoError(t, j.Sending(t.Context(), sent(0, 1, 2)))
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{again(2)}))
	require.NoError(t, j.Close())
	j = open(t, path)
	first := j.Resumed()
	require.NoError(t, j.Close())
	assert.Equal(t, 2, first.InFlight)

	// A run that ended before it did anything, such as while it waited for the server to be done.
	j = open(t, path)
	assert.Equal(t, first, j.Resumed())
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{{Index: 0, Outcome: caperrors.Unknown, Attempts: 1}}))
	require.NoError(t, j.Close())
	got := open(t, path).Resumed()
	assert.Equal(t, 1, got.InFlight)
	assert.Equal(t, 1, got.Results)
}

func TestFilesThatAreNoJournal(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "another file": "row,id\n1,2\n", "an end of a first line": `{"journal":1,"durable":"`,
		"another version": `{"journal":2,"durable":"0000000000000000 00000000"}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := pathOf(t)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			_, err := journal.Open(path, identity)
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
			assert.Equal(t, 1, corrupt.Line)
			assert.Equal(t, path, corrupt.Path)
			held, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, text, string(held))
		})
	}
	t.Run("a folder", func(t *testing.T) {
		t.Parallel()
		_, err := journal.Open(t.TempDir(), identity)
		require.ErrorContains(t, err, "regular file")
	})
	t.Run("in a folder that is not there", func(t *testing.T) {
		t.Parallel()
		_, err := journal.Open(filepath.Join(t.TempDir(), "no", "j"), identity)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

// stuck opens a journal whose first fsync waits for the gate.
func stuck(t *testing.T, gate <-chan struct{}) (*journal.Journal, *journal.Disk) {
	t.Helper()
	disk := journal.NewDisk("", nil, nil)
	j, err := journal.OpenOn(disk, pathOf(t), identity, 0)
	require.NoError(t, err)
	sync := disk.Ops() + 1 // after a write
	disk.SetFail(func(op int) error {
		if op == sync {
			<-gate
		}
		return nil
	})
	return j, disk
}

func TestManyCallsShareAnFsync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		j, disk := stuck(t, gate)
		before := disk.Ops()
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() { assert.NoError(t, j.Sending(t.Context(), sent(i))) })
		}
		synctest.Wait()
		assert.Equal(t, 2, disk.Ops()-before, "a write, and the fsync")
		close(gate)
		all.Wait()
		// The first round may have come for some alone. Each round is a write, an
		// fsync and the first line.
		assert.LessOrEqual(t, disk.Ops()-before, 6)
		require.NoError(t, j.Close())
	})
}

func TestSendingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		j, _ := stuck(t, gate)
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		go func() {
			synctest.Wait()
			cancel(gone)
		}()
		require.ErrorIs(t, j.Sending(ctx, sent(1)), gone)
		close(gate)
		require.NoError(t, j.Close())
	})
}

func TestAClosedJournal(t *testing.T) {
	t.Parallel()
	j := open(t, pathOf(t))
	require.NoError(t, j.Close())
	require.NoError(t, j.Close(), "twice is once")
	require.ErrorIs(t, j.Sending(t.Context(), sent(1)), journal.ErrClosed)
	require.ErrorIs(t, j.Settled(t.Context(), []batch.Entry{applied(1)}), journal.ErrClosed)
	require.ErrorIs(t, j.Mark(nil), journal.ErrClosed)
}

func TestWhatContradictsTheJournalIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *journal.Journal) error{
		"an item that is in flight is sent": func(t *testing.T, j *journal.Journal) error {
			t.Helper()
			require.NoError(t, j.Sending(t.Context(), sent(1)))
			return j.Sending(t.Context(), sent(1))
		},
		"an item that has its result is sent": func(t *testing.T, j *journal.Journal) error {
			t.Helper()
			require.NoError(t, j.Settled(t.Context(), []batch.Entry{applied(1)}))
			return j.Sending(t.Context(), sent(1))
		},
		"an item that is done gets a result": func(t *testing.T, j *journal.Journal) error {
			t.Helper()
			require.NoError(t, j.Settled(t.Context(), []batch.Entry{applied(1)}))
			j.Delivered(1)
			require.NoError(t, j.Mark(nil))
			return j.Settled(t.Context(), []batch.Entry{applied(1)})
		},
		"a position is negative": func(t *testing.T, j *journal.Journal) error {
			t.Helper()
			return j.Sending(t.Context(), sent(-1))
		},
	}
	for name, misuse := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, pathOf(t))
			err := misuse(t, j)
			require.Error(t, err)
			require.ErrorIs(t, j.Sending(t.Context(), sent(50)), err, "nothing goes out after it")
			require.ErrorIs(t, j.Close(), err)
		})
	}
}

func TestAJournalStaysSmall(t *testing.T) {
	t.Parallel()
	disk := journal.NewDisk("", nil, nil)
	path := pathOf(t)
	const bound = 40_000
	j, err := journal.OpenOn(disk, path, identity, bound)
	require.NoError(t, err)
	const calls, items = 300, 50
	largest := 0
	for call := range calls {
		positions := make([]int, items)
		entries := make([]batch.Entry, items)
		for i := range positions {
			positions[i] = call*items + i
			entries[i] = applied(positions[i])
		}
		require.NoError(t, j.Sending(t.Context(), sent(positions...)))
		require.NoError(t, j.Settled(t.Context(), entries))
		for _, i := range positions {
			j.Delivered(i)
		}
		require.NoError(t, j.Mark(call))
		text, _, _ := disk.File(path)
		largest = max(largest, len(text))
	}
	require.NoError(t, j.Close())
	assert.LessOrEqual(t, largest, bound+3*items*150, "some calls more than the bound")
	j, err = journal.OpenOn(disk, path, identity, 0)
	require.NoError(t, err)
	assert.Equal(t, calls*items, j.Resumed().Done)
	text, _, _ := disk.File(path)
	assert.Less(t, len(text), 1000)
	var note int
	_, err = j.Note(&note)
	require.NoError(t, err)
	assert.Equal(t, calls-1, note)
	require.NoError(t, j.Close())
}

func TestTheFileCanBeReadByPeople(t *testing.T) {
	t.Parallel()
	path := pathOf(t)
	j := open(t, path)
	require.NoError(t, j.Sending(t.Context(), sent(0)))
	require.NoError(t, j.Settled(t.Context(), []batch.Entry{applied(0)}))
	require.NoError(t, j.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, 5)
	assert.True(t, strings.HasPrefix(lines[0], fmt.Sprintf(`{"journal":1,"durable":"%016d `, len(text))), "it says how much is durable")
	assert.Contains(t, lines[1], `"identity":{"endpoint":"v2/transactions/bulk","input":"sha256:17"}`)
	assert.Contains(t, lines[3], `"send":[0]`)
	assert.True(t, strings.HasPrefix(lines[4], `{"items":[{"i":0,"id":"b-0","outcome":"applied","attempts":1,"request_id":"r-1"}],"crc":"`), lines[4])
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
