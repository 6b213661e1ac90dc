package journal_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
)

const items = 12

// seeds returns how many stories a test looks at.
func seeds(n uint64) uint64 {
	if os.Getenv("CAPILLARY_LONG") != "" {
		return 20 * n
	}
	return n
}

// snapshot is a disk at the moment of a call.
type snapshot struct {
	text    []byte
	durable int
	first   []byte // the first line, as it is durable
	fates   []fate
}

// tell tells a random story on a disk in memory.
func tell(t *testing.T, seed uint64, steps int, compact int64) []snapshot {
	t.Helper()
	disk, path := journal.NewDisk("", nil, nil), pathOf(t)
	j, err := journal.OpenOn(disk, path, identity, compact)
	require.NoError(t, err)
	var all []snapshot
	s := &story{t: t, rng: rand.New(rand.NewPCG(seed, 5)), j: j, fates: make([]fate, items)}
	s.onCall = func() {
		text, durable, first := disk.File(path)
		all = append(all, snapshot{text, durable, first, append([]fate(nil), s.fates...)})
	}
	for range steps {
		require.NoError(t, s.step())
	}
	require.NoError(t, j.Close())
	return all
}

// withFirst returns a journal with another first line.
func withFirst(text, first []byte) []byte {
	return append(append([]byte(nil), first...), text[min(len(first), len(text)):]...)
}

// T-05, T-06.
func TestAPowerCutAtAnyByte(t *testing.T) {
	t.Parallel()
	for seed := range seeds(3) {
		for _, snap := range tell(t, seed, 60, int64(seed%3)*1500) {
			// What is durable when the call goes out is all that is needed: its
			// announcement is in it.
			for cut := snap.durable; cut <= len(snap.text); cut++ {
				for _, text := range [][]byte{snap.text[:cut], withFirst(snap.text[:cut], snap.first)} {
					known, err := journal.Read(text, items)
					require.NoError(t, err, "seed %d cut at %d of %d, durable %d", seed, cut, len(snap.text), snap.durable)
					require.Empty(t, wrong(snap.fates, known), "seed %d cut at %d of %d", seed, cut, len(snap.text))
				}
			}
			// Disks do not tear the first line. If one did, that would be seen.
			for at := range snap.first {
				text := append([]byte(nil), snap.text...)
				copy(text[at:], snap.first[at:])
				if known, err := journal.Read(text, items); err == nil {
					require.Empty(t, wrong(snap.fates, known))
				}
			}
		}
	}
}

func TestACutThatNoPowerCutMakesIsRefused(t *testing.T) {
	t.Parallel()
	for seed := range seeds(3) {
		snaps := tell(t, seed, 40, int64(seed%3)*1500)
		for _, snap := range snaps {
			for cut := range snap.durable {
				_, err := journal.Read(snap.text[:cut], items)
				var corrupt *journal.CorruptError
				require.ErrorAs(t, err, &corrupt, "seed %d cut at %d of %d durable", seed, cut, snap.durable)
			}
		}
	}
}

func TestAFlippedByteIsRefused(t *testing.T) {
	t.Parallel()
	for seed := range seeds(2) {
		rng := rand.New(rand.NewPCG(seed, 6))
		snaps := tell(t, seed, 40, 0)
		snap := snaps[len(snaps)-1]
		for at := range snap.text {
			text := append([]byte(nil), snap.text...)
			text[at] ^= byte(1 + rng.IntN(255))
			known, err := journal.Read(text, items)
			var corrupt *journal.CorruptError
			if errors.As(err, &corrupt) {
				assert.Positive(t, corrupt.Line)
				continue
			}
			require.NoError(t, err)
			// Behind what is durable nothing is needed.
			require.Empty(t, wrong(snap.fates, known), "seed %d, byte %d", seed, at)
			require.GreaterOrEqual(t, at, snap.durable, "seed %d", seed)
		}
	}
}

func TestLinesThatAreMovedDoubledOrMissingAreRefused(t *testing.T) {
	t.Parallel()
	snaps := tell(t, 3, 60, 0)
	snap := snaps[len(snaps)-1]
	var lines [][]byte
	rest := snap.text[:snap.durable]
	for len(rest) > 0 {
		n := 0
		for rest[n] != '\n' {
			n++
		}
		lines = append(lines, rest[:n+1])
		rest = rest[n+1:]
	}
	join := func(lines ...[]byte) []byte {
		var all []byte
		for _, l := range lines {
			all = append(all, l...)
		}
		// As long as it was, so that it is not the length that tells.
		for len(all) < snap.durable {
			all = append(all, ' ')
		}
		return all
	}
	require.Greater(t, len(lines), 6)
	for i := 1; i < len(lines); i++ {
		without := append(append([][]byte(nil), lines[:i]...), lines[i+1:]...)
		doubled := append(append(append([][]byte(nil), lines[:i]...), lines[i]), lines[i:]...)
		for name, text := range map[string][]byte{"missing": join(without...), "doubled": join(doubled...)} {
			known, err := journal.Read(text, items)
			if name == "doubled" && i == len(lines)-1 {
				// It stands behind what is durable, like the rest of a torn line.
				require.NoError(t, err)
				require.Empty(t, wrong(snap.fates, known))
				continue
			}
			require.Error(t, err, "line %d is %s", i+1, name)
		}
	}
	// The lines of another journal do not go on where this one's end.
	other := tell(t, 4, 60, 0)
	theirs := bytes.SplitAfter(other[len(other)-1].text, []byte("\n"))
	for i := 2; i < len(lines); i++ {
		mixed := append(append([][]byte(nil), lines[:i]...), theirs[i:]...)
		_, err := journal.Read(join(mixed...), items)
		require.Error(t, err, "from line %d on", i+1)
	}
}

// T-06.
func TestADiskThatFailsAtAnyStep(t *testing.T) {
	t.Parallel()
	for seed := range seeds(1) {
		for at := range 60 {
			path := pathOf(t)
			disk := journal.NewDisk("", nil, func(op int) error {
				if op >= at {
					return syscall.ENOSPC
				}
				return nil
			})
			j, err := journal.OpenOn(disk, path, identity, 1200)
			if err != nil {
				require.ErrorIs(t, err, syscall.ENOSPC)
				require.ErrorContains(t, err, path)
				disk.SetFail(nil)
				j, err = journal.OpenOn(disk, path, identity, 0)
				require.NoError(t, err, "the lock was let go of, and nothing half-made was left")
				require.NoError(t, j.Close())
				continue
			}
			s := &story{t: t, rng: rand.New(rand.NewPCG(seed, 5)), j: j, fates: make([]fate, items)}
			for range 200 {
				if err = s.step(); err != nil {
					break
				}
			}
			if err != nil {
				require.ErrorIs(t, err, syscall.ENOSPC)
				require.ErrorIs(t, j.Sending(t.Context(), sent(items)), syscall.ENOSPC, "nothing goes out any more")
				require.ErrorIs(t, j.Close(), syscall.ENOSPC)
			} else {
				_ = j.Close()
			}
			disk.SetFail(nil)
			j, err = journal.OpenOn(disk, path, identity, 0)
			require.NoError(t, err, "seed %d, failing from operation %d on", seed, at)
			known := make([]batch.Past, items)
			for i := range known {
				known[i] = j.Past(i)
			}
			// Entries and marks that were taken and not written are lost: they
			// count as in flight, or as not delivered.
			require.Empty(t, wrong(s.fates, known), "seed %d, failing from operation %d on", seed, at)
			require.NoError(t, j.Close())
		}
	}
}

func TestAJournalOnAFullDiskStaysAsItWas(t *testing.T) {
	t.Parallel()
	snaps := tell(t, 1, 60, 0)
	text := snaps[len(snaps)-1].text
	for at := range 5 {
		path := pathOf(t)
		disk := journal.NewDisk(path, text, func(op int) error {
			if op == at {
				return syscall.ENOSPC
			}
			return nil
		})
		_, err := journal.OpenOn(disk, path, identity, 0)
		require.ErrorIs(t, err, syscall.ENOSPC, "operation %d", at)
		if at < 4 { // the last opens what took its place
			held, _, _ := disk.File(path)
			assert.Equal(t, string(text), string(held))
		}
	}
}
