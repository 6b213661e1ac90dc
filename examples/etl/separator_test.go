package main

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSeparatorIsFoundOutOrTold(t *testing.T) {
	t.Parallel()
	tmpl := writeFile(t, "t.tmpl", rowTemplate)
	row := []string{`{"a":"1","b":"2"}`}
	tests := map[string]struct {
		in   string
		flag rune
		want []string
	}{
		"commas":                                 {"a,b\n1,2\n", 0, row},
		"semicolons":                             {"a;b\n1;2\n", 0, row},
		"tabs":                                   {"a\tb\r\n1\t2\r\n", 0, row},
		"bars":                                   {"a|b\n1|2", 0, row},
		"a decimal comma between semicolons":     {"a;b\n1,5;2\n", 0, []string{`{"a":"1,5","b":"2"}`}},
		"commas in the quotes of a header":       {"\"x,y,z\";a;b\n0;1;2\n", 0, row},
		"a line end in the quotes of a header":   {"\"x,\n,z\";a;b\n0;1;2\n", 0, row},
		"blank lines before the header":          {"\r\n\na;b\n1;2\n", 0, row},
		"as many of each: the comma":             {"a;x,b\n1,2\n", 0, []string{`! line 2: template: there is no column "a"`}},
		"as many of each, and the flag":          {"a,x;b\n1;2\n", ';', []string{`! line 2: template: there is no column "a"`}},
		"one column":                             {"a\n1\n", 0, []string{`! line 2: template: there is no column "b"`}},
		"the flag against what stands more":      {"a|b|,;\n1|2|,;\n", '|', row},
		"a separator line":                       {"sep=;\r\na;b\r\n1;2\r\n", 0, row},
		"a separator line against what is there": {"SEP=|\na|b|,,,,,\n1|2|\n", 0, row},
		"lines are counted below it":             {"sep=;\na;b\n1;2\n3\n", 0, append(row[:1:1], "! line 4: has 1 columns, the header has 2")},
		"a column that is called so":             {"sep=,a,b\n0,1,2\n", 0, row},
		"a header that ends there":               {"a;b", 0, nil},
		"quotes that never end":                  {"a;\"b\n1;2\n", ';', nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &options{file: "-", format: formatCSV, template: tmpl, separator: tt.flag}
			s, err := newSource(o, strings.NewReader(tt.in))
			if name == "quotes that never end" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, read(t, s))
			assert.LessOrEqual(t, s.offset(), int64(len(tt.in)))

			s, err = newSource(o, iotest.OneByteReader(strings.NewReader(tt.in)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, read(t, s), "a byte at a time")
		})
	}
}

func TestSeparatorFlag(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]rune{"auto": 0, ",": ',', ";": ';', "|": '|', "tab": '\t', `\t`: '\t', "\t": '\t'} {
		got, err := separatorOf(word)
		require.NoError(t, err, word)
		assert.Equal(t, want, got, word)
	}
	for _, word := range []string{"", ":", ",,", "comma", "\xff"} {
		_, err := separatorOf(word)
		require.ErrorContains(t, err, "-separator must be one of", word)
	}
	e := etl{stdin: "{}\n"}
	e.run(t, "-separator", ";", "-")
	e.statusIs(t, statusUsage)
	assert.Contains(t, e.stderr, "-separator is for CSV")
}
