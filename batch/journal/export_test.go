package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/capillary-go/capillary/batch"
)

// Disk is a disk in memory that knows what a power cut leaves.
type Disk struct {
	mu    sync.Mutex
	files map[string]*memory
	ops   int
	fail  func(op int) error
}

type memory struct {
	disk   *Disk
	data   []byte
	synced int    // bytes that are durable
	first  []byte // the first line as it is durable
}

// NewDisk returns a disk with one file, unless its text is nil. fail is asked
// before each operation that writes, the first being 0; nil: none fails.
func NewDisk(path string, text []byte, fail func(op int) error) *Disk {
	d := &Disk{files: make(map[string]*memory), fail: fail}
	if text != nil {
		d.files[path] = &memory{disk: d, data: bytes.Clone(text)}
	}
	return d
}

// File returns a file as it is, how much of it is durable, and its first line as
// it is durable.
func (d *Disk) File(path string) (text []byte, durable int, first []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.files[path]
	if m == nil {
		return nil, 0, nil
	}
	return bytes.Clone(m.data), m.synced, bytes.Clone(m.first)
}

// Ops returns how many operations there were.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// step counts an operation, and takes the lock.
func (d *Disk) step() error {
	d.mu.Lock()
	op, fail := d.ops, d.fail
	d.ops++
	d.mu.Unlock()
	var err error
	if fail != nil {
		err = fail(op)
	}
	d.mu.Lock()
	return err
}

func (d *Disk) open(path string) (io.ReadCloser, int64, error) {
	text, _, _ := d.File(path)
	if text == nil {
		return nil, 0, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
}

func (d *Disk) create(path string) (file, error) {
	err := d.step()
	defer d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	d.files[path] = &memory{disk: d, data: []byte{}}
	return d.files[path], nil
}

func (d *Disk) extend(path string) (file, error) {
	err := d.step()
	defer d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return d.files[path], nil
}

func (d *Disk) replace(from, to string) error {
	err := d.step()
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	if m := d.files[from]; m.synced != len(m.data) {
		return errors.New("a file that is not durable takes the place of another")
	}
	d.files[to] = d.files[from]
	delete(d.files, from)
	return nil
}

func (d *Disk) remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, path)
	return nil
}

func (m *memory) Write(text []byte) (int, error) {
	err := m.disk.step()
	defer m.disk.mu.Unlock()
	if err != nil {
		m.data = append(m.data, text[:len(text)/2]...)
		return len(text) / 2, err
	}
	m.data = append(m.data, text...)
	return len(text), nil
}

func (m *memory) WriteAt(text []byte, at int64) (int, error) {
	err := m.disk.step()
	defer m.disk.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return copy(m.data[at:], text), nil
}

func (m *memory) Sync() error {
	err := m.disk.step()
	defer m.disk.mu.Unlock()
	if err != nil {
		return err
	}
	m.synced, m.first = len(m.data), bytes.Clone(m.data[:min(len(m.data), firstLen)])
	return nil
}

func (*memory) Close() error { return nil }

// OpenOn opens a journal on a disk in memory, which is written anew from a size
// on; 0 for the usual one. The lock is on the real disk.
func OpenOn(d *Disk, path string, identity map[string]string, compact int64) (*Journal, error) {
	j, err := openOn(d, path, identity)
	if err == nil && compact > 0 {
		j.mu.Lock()
		j.compact = compact
		j.mu.Unlock()
	}
	return j, err
}

// Size returns the size of the file.
func (j *Journal) Size() int64 { return j.out.size }

// Read reads a journal. It returns what is known of the items up to a position.
func Read(text []byte, upTo int) ([]batch.Past, error) {
	s, err := read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	s.land()
	return pasts(s, upTo), nil
}

func pasts(s *state, upTo int) []batch.Past {
	all := make([]batch.Past, upTo)
	for i := range all {
		all[i] = s.past(i)
	}
	return all
}

// Renew returns a journal that holds the same, written anew.
func Renew(text []byte) ([]byte, error) {
	s, err := read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	var lines []byte
	var chain uint32
	for _, l := range s.lines() {
		if lines, chain, err = appendLine(lines, chain, l); err != nil {
			return nil, err
		}
	}
	return append(firstLine(int64(firstLen+len(lines))), lines...), nil
}

// Seal makes a journal of lines, each without its checksum, so that fuzzing gets
// past the checksums.
func Seal(lines [][]byte) []byte {
	var text []byte
	var chain uint32
	for _, l := range lines {
		l = bytes.TrimSuffix(l, []byte("}"))
		start := len(text)
		text, chain = seal(append(text, l...), start, chain)
	}
	return append(firstLine(int64(firstLen+len(text))), text...)
}

// SetFail sets what is asked before each operation from now on.
func (d *Disk) SetFail(fail func(op int) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = fail
}

// Text returns the line about some items, or about those that are sent, and what
// encoding/json makes of it.
func Text(at int64, positions []int, entries []batch.Entry) (text, want []byte, err error) {
	l := &line{At: at, Send: positions, Items: entries}
	if text, err = appendText(nil, l); err != nil {
		return nil, nil, err
	}
	want, err = json.Marshal(l)
	return text, want, err
}
