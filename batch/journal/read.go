package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line, so that damage does not fill the memory.
const maxLine = 256 << 20

// read reads a journal of size bytes. Damage behind what is durable is cut off:
// no call was made after it. Any other is a CorruptError without a path.
func read(r io.Reader, size int64) (*state, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	first := make([]byte, firstLen)
	n, err := io.ReadFull(br, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	durable, err := durableOf(first[:n])
	if err != nil {
		return nil, &CorruptError{Line: 1, Reason: err.Error()}
	}
	if size < durable {
		return nil, &CorruptError{Line: 1, Reason: fmt.Sprintf("%d bytes are missing at its end", durable-size)}
	}
	s := newState()
	at, chain := int64(firstLen), uint32(0)
	for number := 2; ; number++ {
		raw, err := readLine(br)
		if errors.Is(err, io.EOF) && len(raw) == 0 {
			return s, complete(s, number)
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTorn) {
			return nil, err
		}
		length := int64(len(raw))
		var text []byte
		if err == nil {
			text, chain, err = sound(raw[:len(raw)-1], chain)
		} else {
			err = errTorn
		}
		if err != nil {
			if at >= durable {
				return s, complete(s, number)
			}
			return nil, &CorruptError{Line: number, Offset: at, Reason: err.Error()}
		}
		l, err := parse(text)
		if err == nil {
			err = s.apply(l)
		}
		if err != nil {
			return nil, &CorruptError{Line: number, Offset: at, Reason: err.Error()}
		}
		at += length
	}
}

func complete(s *state, number int) error {
	if s.header == nil {
		return &CorruptError{Line: number, Reason: "the header is missing"}
	}
	return nil
}

// readLine returns the next line with its end. The error is io.EOF if the end is
// missing, and errTorn if the line is longer than any that is written.
func readLine(br *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := br.ReadSlice('\n')
		switch {
		case err == nil && whole == nil:
			return part, nil
		case len(whole)+len(part) > maxLine:
			return whole, errTorn
		}
		whole = append(whole, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return whole, err
		}
	}
}
