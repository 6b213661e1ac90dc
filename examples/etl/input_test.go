package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rowTemplate makes an item that shows what was read.
const rowTemplate = `{"a":{{json .a}},"b":{{json .b}}}`

// read returns the body of each record, or its error's text.
func read(t *testing.T, s source) []string {
	t.Helper()
	var got []string
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return got
		}
		require.NoError(t, err)
		if rec.err != nil {
			assert.Nil(t, rec.body)
			got = append(got, "! "+rec.err.Error())
			continue
		}
		got = append(got, string(rec.body))
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", rowTemplate)
	tests := map[string]struct {
		in   string
		want []string
	}{
		"plain rows":                       {"a,b\n1,2\n3,4\n", []string{`{"a":"1","b":"2"}`, `{"a":"3","b":"4"}`}},
		"no last line end":                 {"a,b\n1,2", []string{`{"a":"1","b":"2"}`}},
		"CRLF":                             {"a,b\r\n1,2\r\n3,4\r\n", []string{`{"a":"1","b":"2"}`, `{"a":"3","b":"4"}`}},
		"a byte order mark":                {"\ufeffa,b\n1,2\n", []string{`{"a":"1","b":"2"}`}},
		"a byte order mark before a quote": {"\ufeff\"a\",b\n1,2\n", []string{`{"a":"1","b":"2"}`}},
		"quotes with comma and quote":      {"a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", []string{`{"a":"x,y","b":"say \"hi\""}`}},
		"a line end in quotes":             {"a,b\n\"x\ny\",2\n3,4\n", []string{`{"a":"x\ny","b":"2"}`, `{"a":"3","b":"4"}`}},
		"CRLF in quotes":                   {"a,b\r\n\"x\r\ny\",2\r\n", []string{`{"a":"x\ny","b":"2"}`}},
		"columns in another order":         {"b,x,a\n1,2,3\n", []string{`{"a":"3","b":"1"}`}},
		"columns without a name":           {"a,,b,\n1,2,3,4\n", []string{`{"a":"1","b":"3"}`}},
		"empty lines":                      {"a,b\n\n1,2\n\n\n3,4\n\n", []string{`{"a":"1","b":"2"}`, `{"a":"3","b":"4"}`}},
		"blanks are kept":                  {"a,b\n 1 ,\t2\n", []string{`{"a":" 1 ","b":"\t2"}`}},
		"a short row":                      {"a,b\n1\n3,4\n", []string{"! line 2: has 1 columns, the header has 2", `{"a":"3","b":"4"}`}},
		"a long row":                       {"a,b\n1,2\n1,2,3\n3,4\n", []string{`{"a":"1","b":"2"}`, "! line 3: has 3 columns, the header has 2", `{"a":"3","b":"4"}`}},
		"the line of a row after a long one": {
			"a,b\n\"x\n\ny\",2\n1\n", []string{`{"a":"x\n\ny","b":"2"}`, "! line 5: has 1 columns, the header has 2"},
		},
		"a quote in the middle":       {"a,b\n1\"2,2\n3,4\n", []string{"! line 2: bare \" in non-quoted-field", `{"a":"3","b":"4"}`}},
		"text after a quote":          {"a,b\n\"1\"2,2\n3,4\n", []string{"! line 2: extraneous or missing \" in quoted-field", `{"a":"3","b":"4"}`}},
		"a quote that is not closed":  {"a,b\n1,2\n\"3,4\n5,6\n", []string{`{"a":"1","b":"2"}`, "! line 3: row ends at line 4: extraneous or missing \" in quoted-field"}},
		"a field that is not UTF-8":   {"a,b\n\xe9,2\n3,4\n", []string{`! line 2: column "a" is not UTF-8`, `{"a":"3","b":"4"}`}},
		"a header alone":              {"a,b\n", nil},
		"nothing at all":              {"", nil},
		"a byte order mark alone":     {"\ufeff", nil},
		"a column the template wants": {"a,c\n1,2\n", []string{`! line 2: template: there is no column "b"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &options{file: "-", format: formatCSV, template: tmpl}
			s, err := newSource(o, strings.NewReader(tt.in))
			require.NoError(t, err)
			assert.Equal(t, tt.want, read(t, s))
			assert.LessOrEqual(t, s.offset(), int64(len(tt.in)))

			s, err = newSource(o, iotest.OneByteReader(strings.NewReader(tt.in)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, read(t, s), "a byte at a time")
		})
	}
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	huge := `{"a":"` + strings.Repeat("x", 5<<20) + `"}`
	tests := map[string]struct {
		in   string
		want []string
	}{
		"plain lines":                {"{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}},
		"no last line end":           {"{}\n{\"b\":2}", []string{"{}", `{"b":2}`}},
		"CRLF":                       {"{}\r\n{}\r\n", []string{"{}", "{}"}},
		"a byte order mark":          {"\ufeff{}\n", []string{"{}"}},
		"blank lines":                {"\n  \n{}\n\t\r\n{}\n\n", []string{"{}", "{}"}},
		"blanks between tokens":      {" { \"a\" : [ 1 , 2 ] } \n", []string{`{"a":[1,2]}`}},
		"blanks in a text":           {"{\"a\":\" <b> & \"}\n", []string{`{"a":" <b> & "}`}},
		"a number as it was written": {"{\"a\":1.50}\n{\"a\":12345678901234567890}\n", []string{`{"a":1.50}`, `{"a":12345678901234567890}`}},
		"a line that is not JSON":    {"{}\nhello\n{}\n", []string{"{}", "! line 2: is not valid JSON: invalid character 'h' looking for beginning of value", "{}"}},
		"a line that breaks off":     {"{\"a\":\n{}\n", []string{"! line 1: is not valid JSON: unexpected end of JSON input", "{}"}},
		"two objects on a line":      {"{}{}\n", []string{"! line 1: is not valid JSON: invalid character '{' after top-level value"}},
		"an array":                   {"{}\n\n[{}]\n", []string{"{}", "! line 3: is not a JSON object"}},
		"a text":                     {"\"{}\"\n", []string{"! line 1: is not a JSON object"}},
		"null":                       {"null\n", []string{"! line 1: is not a JSON object"}},
		"not UTF-8":                  {"{\"a\":\"\xe9\"}\n", []string{"! line 1: is not UTF-8"}},
		"a line of 5 MB":             {huge + "\n{}\n", []string{huge, "{}"}},
		"a line that is too large": {
			"{}\n" + strings.Repeat("x", maxRecord+1) + "\n{}\n", []string{"{}", "! line 2: is larger than 16 MiB", "{}"},
		},
		"blanks that are too many": {
			strings.Repeat(" ", maxRecord+1) + "\n{}\n", []string{"! line 1: is larger than 16 MiB", "{}"},
		},
		"nothing at all": {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := newSource(&options{file: "-", format: formatNDJSON}, strings.NewReader(tt.in))
			require.NoError(t, err)
			got := read(t, s)
			require.Len(t, got, len(tt.want))
			for i := range got {
				if tt.want[i] != got[i] { // not by assert, which would print megabytes
					t.Errorf("record %d: %.200s", i+1, got[i])
				}
			}
			assert.Equal(t, int64(len(tt.in)), s.offset())
		})
	}
}

func TestFormatIsFoundByNameElseByTheFirstByte(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", `{"a":1}`)
	tests := map[string]struct {
		file, in string
		csv      bool
	}{
		"a name that ends in .csv":            {"x.csv", "{\n1\n", true},
		"the same in capitals":                {"x.CSV", "{\n1\n", true},
		"a name that ends in .ndjson":         {"x.ndjson", "a,b\n", false},
		"a name that ends in .jsonl":          {"x.jsonl", "a,b\n", false},
		"standard input that begins with {":   {"-", "{}\n", false},
		"standard input with blanks before {": {"-", "\n \t\r\n{}\n", false},
		"standard input with a mark before {": {"-", "\ufeff{}\n", false},
		"standard input of something else":    {"-", "a\n1\n", true},
		"another name":                        {"x.txt", "{}\n", false},
		"nothing, without a template":         {"-", "\n\n", false},
		"nothing, with a template":            {"-", "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &options{file: tt.file, format: formatAuto}
			if tt.csv {
				o.template = tmpl
			}
			s, err := newSource(o, strings.NewReader(tt.in))
			require.NoError(t, err)
			_, isCSV := s.(*csvSource)
			assert.Equal(t, tt.csv, isCSV)
		})
	}
}

func TestQuoteThatIsNeverClosedEndsInAnErrorOfBoundedSize(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", rowTemplate)
	endless := io.MultiReader(strings.NewReader("a,b\n1,2\n\"3,"), &repeat{text: "4\n5,"})
	s, err := newSource(&options{file: "-", format: formatCSV, template: tmpl}, endless)
	require.NoError(t, err)
	in := &input{source: s}
	rec, err := in.next()
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":"1","b":"2"}`, string(rec.body))
	for range 2 {
		_, err = in.next()
		require.ErrorIs(t, err, errTooLarge, "and the same again: the reader stands in the middle of a row")
	}
	assert.Equal(t, 1, in.rows())
	assert.Less(t, s.offset(), int64(2*maxRecord))
}

func TestBoundIsOnARowNotOnTheInput(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", `{"n":1}`)
	row := strings.Repeat("x", 64<<10-3) + ",2\n"
	rows := io.LimitReader(&repeat{text: row}, int64(len(row)*300)) // 18.75 MiB
	s, err := newSource(&options{file: "-", format: formatCSV, template: tmpl}, io.MultiReader(strings.NewReader("a,b\n"), rows))
	require.NoError(t, err)
	got := read(t, s)
	require.Len(t, got, 300)
	for _, body := range got {
		require.Equal(t, `{"n":1}`, body)
	}
}

// repeat is a text without end.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

func TestReaderThatFails(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", rowTemplate)
	broken := errors.New("cable pulled")
	for format, text := range map[string]string{formatCSV: "a,b\n1,2\n3,", formatNDJSON: "{}\n{\"a"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			o := &options{file: "-", format: format}
			if format == formatCSV {
				o.template = tmpl
			}
			s, err := newSource(o, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
			require.NoError(t, err)
			_, err = s.next()
			require.NoError(t, err)
			_, err = s.next()
			require.ErrorIs(t, err, broken, "what was read of the record is no record")
		})
	}
	_, err := newSource(&options{file: "-", format: formatAuto}, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

func TestTotal(t *testing.T) {
	t.Parallel()
	in := &input{size: 9, source: &ndjsonSource{}}
	n, exact := in.total()
	assert.Zero(t, n)
	assert.False(t, exact)

	s, err := newSource(&options{file: "-", format: formatNDJSON}, strings.NewReader("{}\n{}\n{}\n"))
	require.NoError(t, err)
	in = &input{size: 9, source: s}
	for range 2 {
		_, err = in.next()
		require.NoError(t, err)
	}
	n, exact = in.total()
	assert.Equal(t, 3, n, "2 records of 6 bytes, 9 bytes in all")
	assert.False(t, exact)
	_, err = in.next()
	require.NoError(t, err)
	_, err = in.next()
	require.ErrorIs(t, err, io.EOF)
	n, exact = in.total()
	assert.Equal(t, 3, n)
	assert.True(t, exact)

	in = &input{known: 7}
	n, exact = in.total()
	assert.Equal(t, 7, n)
	assert.True(t, exact)
}
