package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// gzipReader unpacks gzip, of several members too, and says where it is broken.
type gzipReader struct {
	packed   *countingReader
	buffered *bufio.Reader // over packed
	z        *gzip.Reader
	unpacked int64
	err      error // stays
}

// unpack returns br if it holds anything else than gzip, else a reader of what is packed in it. It tells by the first bytes: names lie,
// and standard input has none.
func unpack(br *bufio.Reader, packed *countingReader) (*bufio.Reader, *gzipReader, error) {
	head, err := br.Peek(4)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, nil, readError(err)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, nil, usage("the input is a zip archive or a spreadsheet: unpack it, or save it as CSV in UTF-8")
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return nil, nil, usage("the input is packed with zstd: unpack it with zstd -dc FILE | etl … -")
	case !bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return br, nil, nil
	}
	g := &gzipReader{packed: packed, buffered: br}
	if g.z, err = gzip.NewReader(br); err != nil {
		return nil, nil, readError(g.fault(err))
	}
	return bufio.NewReaderSize(g, 64<<10), g, nil
}

// offset is how many packed bytes were unpacked so far.
func (g *gzipReader) offset() int64 { return g.packed.n - int64(g.buffered.Buffered()) }

// Read implements io.Reader.
func (g *gzipReader) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.z.Read(p)
	g.unpacked += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = g.fault(err)
	}
	g.err = err
	return n, err
}

// fault says where the stream is broken. What the disk or the pipe says goes through as it is.
func (g *gzipReader) fault(err error) error {
	var corrupt flate.CorruptInputError
	what := ""
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		// Not wrapped: the end of the file is not the end of the records.
		what, err = "is cut short", io.ErrUnexpectedEOF
	case errors.Is(err, gzip.ErrChecksum):
		what = "is damaged somewhere before"
	case errors.Is(err, gzip.ErrHeader):
		what = "goes on with something else"
	case errors.As(err, &corrupt):
		what = "is damaged"
	default:
		return err
	}
	return fmt.Errorf("the gzip file %s at byte %d of it, after %d bytes unpacked: %w", what, g.offset(), g.unpacked, err)
}

// packedSource is a source whose size is that of the packed file.
type packedSource struct {
	source
	packed *gzipReader
}

func (s packedSource) offset() int64 { return s.packed.offset() }

// countingReader counts what it reads.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
