package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// records counts what a source yields, and checks each.
func records(t *testing.T, s source, size int) int {
	t.Helper()
	n, at := 0, int64(0)
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatalf("reading ended before the input did: %v", err)
		}
		n++
		switch {
		case (rec.err == nil) == (rec.body == nil):
			t.Fatalf("record %d has body and error, or neither", n)
		case rec.err == nil && (!json.Valid(rec.body) || rec.body[0] != '{'):
			t.Fatalf("record %d is no JSON object: %q", n, rec.body)
		case rec.err == nil && bytes.ContainsRune(rec.body, '\n'):
			t.Fatalf("record %d has a line end in it: %q", n, rec.body)
		case rec.err != nil && !strings.HasPrefix(rec.err.Error(), "line "):
			t.Fatalf("record %d is refused without its line: %v", n, rec.err)
		case s.offset() <= at || s.offset() > int64(size):
			t.Fatalf("record %d took no bytes: %d after %d of %d", n, s.offset(), at, size)
		}
		at = s.offset()
	}
}

// Each line that is not blank is one record, whatever is in it.
func FuzzNDJSON(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n\n{\"b\":\"\xe9\"}\r\n[1]\nx"))
	f.Add([]byte("\ufeff{}\n{}{}\n \t\n\"{\""))
	f.Add([]byte("{\"a\":\n{}\x00\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := newSource(&options{file: "-", format: formatNDJSON}, bytes.NewReader(in))
		if err != nil {
			if !otherwise(in) {
				t.Fatal(err)
			}
			return
		}
		if otherwise(in) {
			return
		}
		want := 0
		for line := range bytes.SplitSeq(bytes.TrimPrefix(in, []byte("\ufeff")), newline) {
			if len(bytes.TrimSpace(line)) > 0 {
				want++
			}
		}
		if got := records(t, s, len(in)); got != want {
			t.Fatalf("%d records of %d lines", got, want)
		}
	})
}

// otherwise tells whether an input is not taken as what it is: UTF-16, or an archive.
func otherwise(in []byte) bool {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x1f\x8b", "PK\x03\x04", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(in, []byte(mark)) {
			return true
		}
	}
	return false
}

// bodies returns what an input reads as, and how it ends.
func bodies(in []byte) ([]string, error) {
	s, err := newSource(&options{file: "-", format: formatNDJSON}, bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	var all []string
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, string(rec.body))
	}
}

// Packed, cut into members anywhere, an input reads as it does unpacked. Broken anywhere, it reads as a beginning of that, and says where
// it broke, unless what is left is whole by chance.
func FuzzGzip(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n{}\n"), uint16(5), uint16(30), byte(0xff))
	f.Add([]byte("{}\n{}\n"), uint16(0), uint16(2), byte(1))
	f.Fuzz(func(t *testing.T, in []byte, cut, at uint16, flip byte) {
		if otherwise(in) {
			return
		}
		want, err := bodies(in)
		if err != nil {
			t.Fatal(err)
		}
		member := int(cut) % (len(in) + 1)
		whole := []byte(packed(t, string(in[:member]), string(in[member:])))
		got, err := bodies(whole)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q became %q, %v", want, got, err)
		}
		broken := whole[:int(at)%len(whole)]
		got, err = bodies(broken)
		if len(broken) > 3 && len(got) > len(want) {
			t.Fatalf("%d records of %d", len(got), len(want))
		}
		if err != nil && !strings.Contains(err.Error(), "of it, after ") {
			t.Fatalf("no place told: %v", err)
		}
		whole[int(at)%len(whole)] ^= flip
		_, _ = bodies(whole) // no panic, and an end
	})
}

// Looking for the separator takes nothing away, and does not depend on how the bytes come.
func FuzzSeparator(f *testing.F) {
	f.Add([]byte("a;b\n1;2\n"))
	f.Add([]byte("\"a;\n\",b|c\r\n"))
	f.Add([]byte("\n\r\n;;,,,\""))
	f.Fuzz(func(t *testing.T, in []byte) {
		br := bufio.NewReader(bytes.NewReader(in))
		got, err := detectSeparator(br)
		if err != nil || !strings.ContainsRune(separators, got) {
			t.Fatalf("%q, %v", got, err)
		}
		if rest, _ := io.ReadAll(br); !bytes.Equal(rest, in) {
			t.Fatalf("%q is left of %q", rest, in)
		}
		again, err := detectSeparator(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(in))))
		if err != nil || again != got {
			t.Fatalf("%q a byte at a time, %q at once, %v", again, got, err)
		}
	})
}

// A row never becomes two records, and rows after a broken one are read.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("1,2\r\n\"x\ny\",\"\"\"\"\n3\n"))
	f.Add([]byte("a\"b,c\n\n\"d\"e,f\ng,h,i\n\"never closed\n"))
	f.Add([]byte("\xe9,\x00\n,\n\r\r\n"))
	tmpl := filepath.Join(f.TempDir(), "t.tmpl")
	if err := os.WriteFile(tmpl, []byte(rowTemplate), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, rows []byte) {
		in := append([]byte("a,b\n"), rows...)
		s, err := newSource(&options{file: "-", format: formatCSV, template: tmpl}, bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range bytes.SplitSeq(rows, newline) {
			if len(line) > 0 {
				lines++
			}
		}
		if got := records(t, s, len(in)); got > lines {
			t.Fatalf("%d records of %d lines", got, lines)
		}
		// A good row after whatever came before is read as itself, unless an open quote swallows it.
		if bytes.ContainsRune(rows, '"') {
			return
		}
		in = append(in, "\nx,y\n"...)
		s, err = newSource(&options{file: "-", format: formatCSV, template: tmpl}, bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		var last record
		for {
			rec, nextErr := s.next()
			if nextErr != nil {
				break
			}
			last = rec
		}
		if string(last.body) != `{"a":"x","b":"y"}` {
			t.Fatalf("the last row became %q, %v", last.body, last.err)
		}
	})
}

// Decimals in, a JSON number out.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"1", "-0.50", "+.5", "1e9", "0x1F", "1_000", "NaN", "00012.3400", "--1", "1/2", " 7 ", "1e999999999"} {
		f.Add(seed, "2.5")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		check := func(text string, err error) {
			if err == nil && (!json.Valid([]byte(text)) || strings.ContainsAny(text, `"[{ntf`)) {
				t.Fatalf("%q and %q make %q", a, b, text)
			}
		}
		check(number(a))
		check(mul(a, b))
		check(add(a, b))
		check(sub(a, b))
		check(abs(a))
		check(round(2, a))
	})
}
