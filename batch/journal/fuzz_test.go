package journal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	caperrors "github.com/capillary-go/capillary/errors"
)

// FuzzRead reads lines with right checksums: whatever they say, a journal that
// is taken holds the same when it is written anew.
func FuzzRead(f *testing.F) {
	const head = `{"header":{"id":"x","identity":{"input":"1"}}}` + "\n"
	f.Add([]byte(head + `{"done":{"low":3,"above":[[5,6]]},"failed":[2],"note":{"a":1}}` + "\n" + `{"at":5,"send":[3,4]}`))
	f.Add([]byte(head + `{"send":[1]}` + "\n" + `{"items":[{"i":1,"outcome":"applied"}]}` + "\n" + `{"mark":[[1,1]]}`))
	f.Add([]byte(head + `{"items":[{"i":1,"open":true,"outcome":"refused","kind":"transient","stop":"context ended"}]}`))
	f.Add([]byte(head + `{"items":[{"i":99999999999,"outcome":"applied"}]}` + "\n" + `{"mark":[[99999999999,99999999999]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 2000 || bytes.Contains(text, []byte("00000000")) {
			return // sets that take their 32 MiB
		}
		sealed := journal.Seal(bytes.Split(text, []byte("\n")))
		known, err := journal.Read(sealed, 50)
		if err != nil {
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
			return
		}
		anew, err := journal.Renew(sealed)
		require.NoError(t, err)
		again, err := journal.Read(anew, 50)
		require.NoError(t, err, "%s", anew)
		require.Equal(t, known, again)
	})
}

// FuzzDamage damages a real journal: it is refused, or what it says is right.
func FuzzDamage(f *testing.F) {
	f.Add(uint64(1), uint(100), byte(1), uint(0))
	f.Add(uint64(2), uint(0), byte(0), uint(7))
	f.Fuzz(func(t *testing.T, seed uint64, at uint, flip byte, short uint) {
		snaps := tell(t, seed, 20, 0)
		if len(snaps) == 0 {
			return
		}
		snap := snaps[len(snaps)-1]
		text := snap.text
		text[at%uint(len(text))] ^= flip
		text = text[:uint(len(text))-short%uint(len(text))]
		known, err := journal.Read(text, items)
		if err != nil {
			var corrupt *journal.CorruptError
			require.ErrorAs(t, err, &corrupt)
			return
		}
		require.Empty(t, wrong(snap.fates, known))
	})
}

// FuzzAnything reads what may be anything.
func FuzzAnything(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(journal.Seal([][]byte{[]byte(`{"header":{"id":"x","identity":null}}`)}))
	f.Fuzz(func(t *testing.T, text []byte) {
		known, err := journal.Read(text, 3)
		if err == nil {
			require.Len(t, known, 3)
		}
	})
}

// FuzzText compares the lines that are written without reflection with those of
// encoding/json.
func FuzzText(f *testing.F) {
	f.Add(int64(5), 1, "b-1", uint8(1), false, 1, 600, "r-1", "")
	f.Add(int64(0), -1, "b<\"\\\x00é", uint8(3), true, 0, 0, "", "no\n")
	f.Fuzz(func(t *testing.T, at int64, index int, id string, outcome uint8, flag bool, n, code int, request, message string) {
		e := batch.Entry{
			Index: index, ID: id, Outcome: caperrors.Outcome(outcome % 5), Open: flag, AfterUnknown: !flag, Attempts: n, Strikes: n / 2,
			Code: caperrors.Code(code), RequestID: request, Message: message,
		}
		for _, positions := range [][]int{nil, {index}, {index, n}} {
			for _, entries := range [][]batch.Entry{nil, {e}, {e, applied(n)}} {
				got, want, err := journal.Text(at, positions, entries)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got))
			}
		}
	})
}
