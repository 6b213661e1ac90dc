package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ndjsonSource reads one item body per line. Blank lines are no records.
type ndjsonSource struct {
	r    *bufio.Reader
	at   int64
	line int
	buf  []byte
}

func (s *ndjsonSource) offset() int64 { return s.at }

func (s *ndjsonSource) next() (record, error) {
	for {
		line, whole, err := s.readLine()
		if err != nil {
			return record{}, err
		}
		line = bytes.TrimSpace(line)
		if whole && len(line) == 0 {
			continue
		}
		var rec record
		if whole {
			rec.body, rec.err = object(line)
		} else {
			rec.err = errTooLarge
		}
		if rec.err != nil {
			rec.body, rec.err = nil, fmt.Errorf("line %d: %w", s.line, rec.err)
		}
		return rec, nil
	}
}

// readLine returns the next line, which is valid until the next call, and whether it is whole: of a line that is too large only the
// beginning is kept. The error is io.EOF only if there is no line left.
func (s *ndjsonSource) readLine() (line []byte, whole bool, err error) {
	s.buf, whole = s.buf[:0], true
	if cap(s.buf) > 1<<20 {
		s.buf = nil // one huge line among small ones
	}
	for n := 0; ; {
		part, err := s.r.ReadSlice('\n')
		n += len(part)
		s.at += int64(len(part))
		switch {
		case err == nil && n == len(part):
			s.line++
			return part, true, nil
		case len(s.buf)+len(part) > maxRecord:
			whole = false
		case whole:
			s.buf = append(s.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && (n == 0 || !errors.Is(err, io.EOF)):
			return nil, false, err
		default:
			s.line++
			return s.buf, whole, nil
		}
	}
}
