package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			if utf16 := bytes.HasPrefix(in, []byte("\xff\xfe")) || bytes.HasPrefix(in, []byte("\xfe\xff")); !utf16 {
				t.Fatal(err)
			}
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
