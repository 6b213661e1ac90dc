package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"

	"github.com/capillary-go/capillary/batch"
)

// line is one line of a journal, the first apart.
type line struct {
	Header *header          `json:"header,omitempty"`
	Done   *batch.Positions `json:"done,omitempty"`   // positions whose results were delivered
	Failed []int            `json:"failed,omitempty"` // of them, those that hold their keys
	At     int64            `json:"at,omitempty"`     // Unix time in ms of Send
	Send   []int            `json:"send,omitempty"`   // positions that a call is about to carry
	Items  []batch.Entry    `json:"items,omitempty"`
	Mark   [][2]int         `json:"mark,omitempty"` // ranges of positions whose results were delivered
	Note   json.RawMessage  `json:"note,omitempty"`
}

// header is the second line.
type header struct {
	ID       string            `json:"id"` // random, so that no line of another journal fits in
	Identity map[string]string `json:"identity"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The end of a line is its checksum: `,"crc":"01234567"}`.
const (
	crcBegin = `,"crc":"`
	crcEnd   = `"}`
	crcLen   = len(crcBegin) + 8 + len(crcEnd)
)

// appendLine appends a line to dst, and returns its checksum; chain is that of
// the line before.
func appendLine(dst []byte, chain uint32, l *line) ([]byte, uint32, error) {
	start := len(dst)
	dst, err := appendText(dst, l)
	if err != nil {
		return dst[:start], chain, err
	}
	dst = dst[:len(dst)-1] // without the brace
	dst, chain = seal(dst, start, chain)
	return dst, chain, nil
}

// seal ends the line that begins at start, and has no brace at its end, with its
// checksum.
func seal(dst []byte, start int, chain uint32) ([]byte, uint32) {
	chain = crc32.Update(chain, castagnoli, dst[start:])
	dst = appendHex(append(dst, crcBegin...), chain)
	return append(dst, crcEnd+"\n"...), chain
}

func appendHex(dst []byte, sum uint32) []byte {
	return hex.AppendEncode(dst, binary.BigEndian.AppendUint32(make([]byte, 0, 4), sum))
}

var (
	errTorn     = errors.New("its end is missing")
	errChecksum = errors.New("its checksum is wrong")
)

// sound checks a line against its checksum, and returns what it holds, without
// the brace at the end, and the checksum.
func sound(raw []byte, chain uint32) ([]byte, uint32, error) {
	end := len(raw) - crcLen
	if end < 1 || string(raw[len(raw)-len(crcEnd):]) != crcEnd || string(raw[end:end+len(crcBegin)]) != crcBegin {
		return nil, 0, errTorn
	}
	text := raw[:end:end]
	chain = crc32.Update(chain, castagnoli, text)
	if want := appendHex(nil, chain); !bytes.Equal(want, raw[end+len(crcBegin):len(raw)-len(crcEnd)]) {
		return nil, 0, errChecksum
	}
	return text, chain, nil
}

// parse reads what sound returned.
func parse(text []byte) (*line, error) {
	decoder := json.NewDecoder(bytes.NewReader(append(text, '}')))
	decoder.DisallowUnknownFields()
	l := &line{}
	if err := decoder.Decode(l); err != nil {
		return nil, unreadable(err)
	}
	return l, nil
}

// unreadable says why a line cannot be read. It does not quote the line, which
// tells of customers: what encoding/json says of a number does.
func unreadable(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("it cannot be read: %s is no %v", kind.Field, kind.Type)
	}
	return errors.New("it cannot be read: it does not hold what a line of this version holds")
}

// The first line is of fixed length, so that it can be written over: a length,
// and the checksum of its digits. A disk writes a sector whole or not at all, so
// that a power cut does not tear it; if one does, the file is refused.
const (
	firstBegin  = `{"journal":1,"durable":"`
	firstEnd    = `"}` + "\n"
	digits      = 16
	durableLen  = digits + 1 + 8
	durableFrom = int64(len(firstBegin))
	firstLen    = len(firstBegin) + durableLen + len(firstEnd)
)

// durableText returns what the first line says of a length.
func durableText(length int64) []byte {
	text := fmt.Appendf(make([]byte, 0, durableLen), "%0*d", digits, length)
	return appendHex(append(text, ' '), crc32.Checksum(text, castagnoli))
}

// firstLine returns a first line.
func firstLine(length int64) []byte {
	return append(append([]byte(firstBegin), durableText(length)...), firstEnd...)
}

// durableOf reads the first line.
func durableOf(first []byte) (int64, error) {
	if len(first) != firstLen || string(first[:len(firstBegin)]) != firstBegin || string(first[firstLen-len(firstEnd):]) != firstEnd {
		return 0, errors.New("it is not the beginning of a journal of this version")
	}
	text := first[len(firstBegin) : len(firstBegin)+durableLen]
	length, err := strconv.ParseInt(string(text[:digits]), 10, 64)
	if err != nil || length < int64(firstLen) || !bytes.Equal(text, durableText(length)) {
		return 0, errors.New("the length in it is damaged")
	}
	return length, nil
}
