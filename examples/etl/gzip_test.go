package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packed returns the texts as gzip, one member each.
func packed(t *testing.T, texts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, text := range texts {
		z := gzip.NewWriter(&b)
		_, err := io.WriteString(z, text)
		require.NoError(t, err)
		require.NoError(t, z.Close())
	}
	return b.String()
}

func TestGzipIsUnpackedWhateverItsName(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", rowTemplate)
	row1, row2 := `{"a":"1","b":"2"}`, `{"a":"3","b":"4"}`
	tests := map[string]struct {
		file, template string
		in             string
		want           []string
	}{
		"CSV on standard input":              {"-", tmpl, packed(t, "a,b\n1,2\n3,4\n"), []string{row1, row2}},
		"CSV by its name":                    {"x.csv.gz", tmpl, packed(t, "a,b\n1,2\n"), []string{row1}},
		"CSV with a mark and semicolons":     {"x.CSV.GZ", tmpl, packed(t, "\ufeffa;b\r\n1;2\r\n"), []string{row1}},
		"NDJSON on standard input":           {"-", "", packed(t, "{}\n{\"a\":1}\n"), []string{"{}", `{"a":1}`}},
		"NDJSON under a name that lies":      {"x.ndjson", "", packed(t, "{}\n"), []string{"{}"}},
		"members that end with their lines":  {"-", "", packed(t, "{}\n", "{\"a\":1}\n"), []string{"{}", `{"a":1}`}},
		"members that end amid a line":       {"-", tmpl, packed(t, "a,", "b\n1,2\n3", ",4"), []string{row1, row2}},
		"nothing in it":                      {"-", "", packed(t, ""), nil},
		"an empty member between two others": {"-", "", packed(t, "{}\n", "", "{}\n"), []string{"{}", "{}"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &options{file: tt.file, format: formatAuto, template: tt.template}
			s, err := newSource(o, strings.NewReader(tt.in))
			require.NoError(t, err)
			assert.Equal(t, tt.want, read(t, s))
			assert.Equal(t, int64(len(tt.in)), s.offset(), "the progress is by packed bytes")

			s, err = newSource(o, iotest.OneByteReader(strings.NewReader(tt.in)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, read(t, s), "a byte at a time")
		})
	}
}

func TestBrokenGzipSaysWhere(t *testing.T) {
	t.Parallel()
	// Two members of which the second is broken, so that the first one's records are read.
	first := packed(t, "{}\n{}\n")
	second := packed(t, strings.Repeat("{\"a\":1}\n", 100))
	flipped := []byte(second)
	flipped[len(flipped)-8] ^= 1 // of the checksum
	tests := map[string]struct {
		second string
		says   string
		least  int // records
	}{
		"cut in the middle":       {second[:len(second)/2], fmt.Sprintf("is cut short at byte %d of it", len(first)+len(second)/2), 2},
		"cut in a header":         {second[:5], fmt.Sprintf("is cut short at byte %d of it, after 6 bytes unpacked", len(first)+5), 2},
		"a wrong checksum":        {string(flipped), fmt.Sprintf("is damaged somewhere before at byte %d of it, after 806 bytes unpacked", len(first)+len(second)), 102},
		"something else after it": {"plain text that goes on", "goes on with something else at byte", 2},
		"a block of no known kind": {
			second[:10] + "\xff" + second[11:], "is damaged at byte", 2,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := first + tt.second
			e := etl{stdin: in}
			results := filepath.Join(t.TempDir(), "r")
			e.run(t, fields(calm+"-sim-latency 0 -results "+results+" -")...)
			e.statusIs(t, statusFailed)
			assert.Contains(t, e.stderr, "stopped: read the input: the gzip file "+tt.says)
			assert.Contains(t, e.stderr, "was not read, and stands in no file")
			assert.GreaterOrEqual(t, len(readResults(t, results)), tt.least, "what was read before has its lines")
		})
	}

	t.Run("a header that is broken at once", func(t *testing.T) {
		t.Parallel()
		e := etl{stdin: "\x1f\x8bxxxx"}
		e.run(t, "-")
		e.statusIs(t, statusFailed)
		assert.Contains(t, e.stderr, "the gzip file is cut short at byte 6 of it")
	})
}

func TestErrorsOfTheDiskUnderGzipStayThemselves(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	whole := packed(t, strings.Repeat("{}\n", 10))
	s, err := newSource(&options{file: "-", format: formatNDJSON},
		io.MultiReader(strings.NewReader(whole[:len(whole)-9]), iotest.ErrReader(broken)))
	require.NoError(t, err)
	for err == nil {
		_, err = s.next()
	}
	require.ErrorIs(t, err, broken)
	_, again := s.next()
	require.ErrorIs(t, again, broken, "and they stay")
}

func TestOtherArchivesAreToldByTheirFirstBytes(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{"zip": "PK\x03\x04rest", "zstd": "\x28\xb5\x2f\xfdrest"} {
		_, err := newSource(&options{file: "-", format: formatAuto}, strings.NewReader(in))
		var wrong *usageError
		require.ErrorAs(t, err, &wrong, name)
		assert.Contains(t, err.Error(), name)
	}
}

// endless gives the same row again and again until there were at least size bytes.
type endless struct {
	row        string
	size, made int64
	rest       string
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if e.rest == "" {
			if e.made >= e.size {
				if n == 0 {
					return 0, io.EOF
				}
				return n, nil
			}
			e.rest = e.row
		}
		k := copy(p[n:], e.rest)
		n, e.made, e.rest = n+k, e.made+int64(k), e.rest[k:]
	}
	return n, nil
}

// Not parallel: it looks at the heap of the whole process.
func TestLargeInputsNeedNoMemory(t *testing.T) { //nolint:paralleltest // see above
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	size := int64(24 << 20)
	if os.Getenv("CAPILLARY_LONG") != "" {
		size = 1 << 30
	}
	tmpl := writeFile(t, "t.tmpl", `{"billNumber":{{json .Bill}},"identifierValue":{{json .Customer}},"billAmount":{{number .Amount}},"note":{{json .Note}}}`)
	const header = "Bill,Customer,Amount,Note\n"
	row := `B-1,"Doe, Jane",12.50,"` + strings.Repeat("x", 400) + "\"\n"
	line := bill("1", "a") + strings.Repeat(" ", 400) + "\n"
	tests := map[string]struct {
		in       func() io.Reader
		template string
		packed   bool
	}{
		"CSV":    {func() io.Reader { return io.MultiReader(strings.NewReader(header), &endless{row: row, size: size}) }, tmpl, false},
		"NDJSON": {func() io.Reader { return &endless{row: line, size: size} }, "", false},
		"NDJSON in gzip": {func() io.Reader {
			r, w := io.Pipe()
			go func() {
				z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
				_, _ = io.Copy(z, &endless{row: line, size: size})
				_ = z.Close()
				_ = w.Close()
			}()
			return r
		}, "", true},
	}
	for name, tt := range tests { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) {
			before := heap()
			s, err := newSource(&options{file: "-", format: formatAuto, template: tt.template}, tt.in())
			require.NoError(t, err)
			records, most := 0, uint64(0)
			for {
				rec, err := s.next()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				require.NoError(t, rec.err)
				if records%20_000 == 0 {
					most = max(most, heap())
				}
				records++
			}
			assert.Greater(t, int64(records), size/600)
			if !tt.packed {
				assert.GreaterOrEqual(t, s.offset(), size)
			}
			assert.Less(t, most, before+(4<<20), "bytes held while %d are read", size)
		})
	}
}

// heap returns the bytes that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
