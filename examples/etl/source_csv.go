package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// csvSource reads CSV with a header row (RFC 4180) and turns each row into an item. Empty lines are no records.
type csvSource struct {
	csv      *csv.Reader
	bound    *boundedReader
	header   []string
	fields   map[string]string // the row under way, by column
	template *itemTemplate
	skipped  int64 // bytes before the header
	above    int   // lines before the header
}

// newCSVSource reads the header. A separator of 0 is found out.
func newCSVSource(br *bufio.Reader, separator rune, tmpl *itemTemplate, skipped int64) (*csvSource, error) {
	s := &csvSource{template: tmpl, skipped: skipped}
	if named, size := takeSeparatorLine(br); size > 0 {
		s.skipped += size
		s.above = 1
		if separator == 0 {
			separator = named
		}
	}
	if separator == 0 {
		var err error
		if separator, err = detectSeparator(br); err != nil {
			return nil, err
		}
	}
	s.bound = &boundedReader{r: br}
	s.csv = csv.NewReader(s.bound)
	s.csv.Comma = separator
	// The reader's own check would not tell the line in our words.
	s.csv.FieldsPerRecord = -1
	header, err := s.csv.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return s, nil
	case errors.As(err, &broken):
		return nil, usage("header: %w", err)
	case err != nil:
		return nil, readError(err)
	}
	s.header = header
	s.fields = make(map[string]string, len(header))
	for _, name := range header {
		if !utf8.ValidString(name) {
			return nil, usage("header: %w", errNotUTF8)
		}
		if _, twice := s.fields[name]; twice && name != "" {
			return nil, usage("header: column %q is there twice", name)
		}
		s.fields[name] = ""
	}
	// Spreadsheets leave columns without a name behind. They cannot be asked for.
	delete(s.fields, "")
	s.csv.ReuseRecord = true
	return s, nil
}

func (s *csvSource) offset() int64 { return s.skipped + s.csv.InputOffset() }

func (s *csvSource) next() (record, error) {
	s.bound.n = 0
	row, err := s.csv.Read()
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		return record{err: s.parseFault(broken)}, nil
	case errors.Is(err, errTooLarge):
		// Where the next row begins is not known.
		return record{}, fmt.Errorf("a row of the CSV %w: is a quote never closed?", err)
	case err != nil:
		return record{}, err
	}
	line, _ := s.csv.FieldPos(0)
	body, err := s.item(row)
	if err != nil {
		return record{err: fmt.Errorf("line %d: %w", s.above+line, err)}, nil
	}
	return record{body: body}, nil
}

func (s *csvSource) item(row []string) ([]byte, error) {
	if len(row) != len(s.header) {
		return nil, fmt.Errorf("has %d columns, the header has %d", len(row), len(s.header))
	}
	for i, name := range s.header {
		if name == "" {
			continue
		}
		if !utf8.ValidString(row[i]) {
			return nil, fmt.Errorf("column %q %w", name, errNotUTF8)
		}
		s.fields[name] = row[i]
	}
	return s.template.render(s.fields)
}

// parseFault names the line on which the row begins, and where it broke if that is elsewhere: a quote that is not closed takes all lines
// up to the next one.
func (s *csvSource) parseFault(e *csv.ParseError) error {
	if e.Line != e.StartLine {
		return fmt.Errorf("line %d: row ends at line %d: %w", s.above+e.StartLine, s.above+e.Line, e.Err)
	}
	return fmt.Errorf("line %d: %w", s.above+e.StartLine, e.Err)
}

// boundedReader fails once more than maxRecord bytes were read since n was last set to 0.
type boundedReader struct {
	r io.Reader
	n int
}

// Read implements io.Reader.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.n > maxRecord {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p)
	b.n += n
	return n, err
}
