package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Values of -format.
const (
	formatAuto   = "auto"
	formatCSV    = "csv"
	formatNDJSON = "ndjson"
)

// source gives the records of an input one after another.
type source interface {
	// next returns the next record, without its row. A record that cannot be read has the reason in it. The error is io.EOF after the
	// last record; any other says that reading cannot go on.
	next() (record, error)
	// offset is how many bytes the records so far took.
	offset() int64
}

// input is a source whose records are numbered. One goroutine may read while others ask for rows and total.
type input struct {
	source source
	closer io.Closer // nil: not ours to close
	size   int64     // bytes; 0 if not known
	known  int       // records; 0 if not known

	err   error        // what the source ended with
	read  atomic.Int64 // records
	bytes atomic.Int64 // of these
	ended atomic.Bool
}

// next returns the next record. An error stays: after it the source is not asked again.
func (in *input) next() (record, error) {
	if in.err != nil {
		return record{}, in.err
	}
	rec, err := in.source.next()
	if err != nil {
		in.err = err
		in.ended.Store(errors.Is(err, io.EOF))
		return record{}, err
	}
	rec.row = int(in.read.Add(1))
	in.bytes.Store(in.source.offset())
	return rec, nil
}

// rows returns how many records were read so far.
func (in *input) rows() int { return int(in.read.Load()) }

// total returns how many records the input has, or 0 if that is not known, and whether that is exact: the records of a file are
// estimated from its size.
func (in *input) total() (n int, exact bool) {
	rows, done := in.read.Load(), in.bytes.Load()
	switch {
	case in.known > 0:
		return in.known, true
	case in.ended.Load():
		return int(rows), true
	case in.size > 0 && done > 0:
		return int(float64(rows) * max(1, float64(in.size)/float64(done))), false
	default:
		return 0, false
	}
}

func (in *input) close() {
	if in.closer != nil {
		_ = in.closer.Close()
	}
}

// openInput opens what the options name, and reads as much of it as tells its format. A reader that blocks does not outlast ctx,
// nor an interrupt.
func openInput(ctx context.Context, o *options, stdin io.Reader, draining <-chan struct{}) (*input, error) {
	if o.file == "" {
		return &input{source: newGenerator(&o.endpoint, o.generate), known: o.generate}, nil
	}
	in := &input{}
	opened := make(chan error, 1)
	go func() { opened <- in.open(o, stdin) }()
	select {
	case err := <-opened:
		if err != nil {
			in.close()
			return nil, err
		}
		return in, nil
	case <-draining:
		return nil, fmt.Errorf("waiting for the input: %w", errInterrupted)
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the input: %w", context.Cause(ctx))
	}
}

// open opens what the options name. It waits for who writes to a pipe.
func (in *input) open(o *options, stdin io.Reader) error {
	r := stdin
	if o.file != "-" {
		f, err := os.Open(o.file) //nolint:gosec // the caller names its own file
		if err != nil {
			return &usageError{err}
		}
		in.closer, r = f, f
	}
	if f, ok := r.(*os.File); ok {
		info, err := f.Stat()
		switch {
		case err == nil && info.IsDir():
			return usage("%s is a folder", o.file)
		case err == nil && info.Mode().IsRegular():
			in.size = info.Size()
		}
	}
	var err error
	in.source, err = newSource(o, r)
	return err
}

// newSource returns the source for what r holds, packed or not.
func newSource(o *options, r io.Reader) (source, error) {
	raw := &countingReader{r: r}
	br, packed, err := unpack(bufio.NewReaderSize(raw, 64<<10), raw)
	if err != nil {
		return nil, err
	}
	plain, err := newPlainSource(o, br)
	if err != nil || packed == nil {
		return plain, err
	}
	return packedSource{plain, packed}, nil
}

// newPlainSource returns the source for what br holds, unpacked.
func newPlainSource(o *options, br *bufio.Reader) (source, error) {
	var skipped int64
	head, err := br.Peek(3)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, readError(err)
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, usage("the input is UTF-16: save it as UTF-8")
	case bytes.Equal(head, []byte("\ufeff")):
		n, _ := br.Discard(len(head))
		skipped = int64(n)
	}
	format, err := formatOf(o, br)
	if err != nil {
		return nil, err
	}
	switch {
	case format == formatNDJSON && o.template != "":
		return nil, usage("-template is for CSV, and the input is NDJSON")
	case format == formatNDJSON && o.separator != 0:
		return nil, usage("-separator is for CSV, and the input is NDJSON")
	case format == formatNDJSON:
		return &ndjsonSource{r: br, at: skipped}, nil
	case o.template == "":
		header, headerErr := newCSVSource(br, o.separator, nil, skipped)
		if headerErr != nil {
			return nil, headerErr
		}
		return nil, usage("CSV needs -template, which turns a row into an item; examples/etl/templates has some. The columns are%s",
			columnHints(header.header))
	}
	tmpl, err := parseTemplate(o.template)
	if err != nil {
		return nil, &usageError{err}
	}
	return newCSVSource(br, o.separator, tmpl, skipped)
}

// formatOf finds the format: as the flag says, else by the file's name, else by its first byte that is not blank.
func formatOf(o *options, br *bufio.Reader) (string, error) {
	if o.format != formatAuto {
		return o.format, nil
	}
	switch name := strings.TrimSuffix(strings.ToLower(o.file), ".gz"); filepath.Ext(name) {
	case ".csv", ".tsv":
		return formatCSV, nil
	case ".ndjson", ".jsonl":
		return formatNDJSON, nil
	}
	for n := 1; n <= br.Size(); n++ {
		head, err := br.Peek(n)
		if errors.Is(err, io.EOF) {
			break // nothing but blanks: no records, whatever the format
		}
		if err != nil {
			return "", readError(err)
		}
		switch head[n-1] {
		case ' ', '\t', '\r', '\n':
			continue
		case '{':
			return formatNDJSON, nil
		case '[':
			return "", usage("the input begins with [: a JSON array is not NDJSON, which has one object per line")
		default:
			return formatCSV, nil
		}
	}
	if o.template != "" {
		return formatCSV, nil
	}
	return formatNDJSON, nil
}

// readError says that the input could not be read. The path is in what the system says already.
func readError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return err
	}
	return fmt.Errorf("read the input: %w", err)
}
