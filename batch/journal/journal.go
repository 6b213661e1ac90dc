package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/batch"
)

var _ batch.Journal = (*Journal)(nil)

// Journal is an open journal. It is safe for concurrent use. Make one with
// [Open], and close it: until then it holds a goroutine.
type Journal struct {
	path    string
	disk    disk
	unlock  io.Closer
	resumed Resumed
	compact int64        // size beyond which the file is written anew
	beyond  atomic.Int64 // of no position from here on anything is known

	noting    sync.Mutex // guards what follows, apart from the rest: it is taken for each result
	delivered []int      // results that were delivered since the last mark

	mu      sync.Mutex // guards what follows
	state   *state
	pending []byte // lines that are not written
	chain   uint32 // checksum of the last line
	waiting *round // of those who wait for what is pending to be durable; nil: nobody
	err     error  // the first failure: nothing is written after it
	closing bool

	wake chan struct{} // something is pending
	over chan struct{} // closed when the writer has ended

	out *output // the writer's alone
}

// round is those who wait for one fsync.
type round struct {
	done chan struct{}
	err  error
}

// Resumed is what a journal held when it was opened. The zero value: it is new.
type Resumed struct {
	Done     int       // items whose results were delivered
	Results  int       // items with a result that was not delivered
	InFlight int       // items of unknown outcome that have no result, such as what was in flight
	LastSend time.Time // when the last call was announced; zero if none was
}

// Open opens the journal at path, or begins a new one if there is no such file.
// Beside it lie a file of its name with .lock at its end, which stays, and for
// moments one with .new.
//
// identity says what the load is, such as its input's checksum and its
// endpoint: whatever must not change between its runs. It stands in the file as
// it is, so it must hold no secret. If it is not what the file holds, the error
// is a *[ChangedError]; a journal that knows of no item is any load's. A damaged
// file is a *[CorruptError]; a file that somebody has open, an error that is
// [ErrLocked]. In each case, and when the disk is full, the file stays as it
// was.
func Open(path string, identity map[string]string) (*Journal, error) {
	return openOn(osDisk{}, path, identity)
}

// maxSize is the size from which a journal is written anew.
const maxSize = 64 << 20

func openOn(d disk, path string, identity map[string]string) (*Journal, error) {
	unlock, err := lock(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w", path, err)
	}
	j := &Journal{
		path: path, disk: d, unlock: unlock, compact: maxSize,
		wake: make(chan struct{}, 1), over: make(chan struct{}),
	}
	if err = j.load(identity); err != nil {
		return nil, errors.Join(err, unlock.Close())
	}
	go j.write()
	return j, nil
}

// load reads what is there, and writes it anew.
func (j *Journal) load(identity map[string]string) error {
	in, size, err := j.disk.open(j.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		j.state = begin(identity)
	case err != nil:
		return fmt.Errorf("journal %s: %w", j.path, err)
	default:
		j.state, err = read(in, size)
		err = errors.Join(err, in.Close())
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			corrupt.Path = j.path
			return corrupt
		}
		if err != nil {
			return fmt.Errorf("journal %s: %w", j.path, err)
		}
		if j.state.blank() {
			j.state = begin(identity)
		}
		if err = j.same(identity); err != nil {
			return err
		}
	}
	s := j.state
	j.beyond.Store(int64(s.beyond))
	s.land()
	j.resumed = s.resumed()
	if err = j.rewrite(); err != nil {
		return fmt.Errorf("journal %s: %w", j.path, err)
	}
	return nil
}

// same compares the identity with the one that the load began with.
func (j *Journal) same(identity map[string]string) error {
	was := j.state.header.Identity
	names := slices.Collect(maps.Keys(was))
	names = slices.AppendSeq(names, maps.Keys(identity))
	slices.Sort(names)
	for _, name := range names {
		if was[name] != identity[name] {
			return &ChangedError{Path: j.path, Name: name, Was: was[name], Now: identity[name]}
		}
	}
	return nil
}

// Resumed returns what the journal held when it was opened.
func (j *Journal) Resumed() Resumed { return j.resumed }

// Past returns what is known of an item, for [batch.Journal].
func (j *Journal) Past(index int) batch.Past {
	if int64(index) >= j.beyond.Load() {
		return batch.Past{} // most often: the source is ahead of all calls
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.past(index)
}

// Sending notes which items a call is about to carry, for [batch.Journal]. It
// returns nil once that is durable, else the call must not be made: the journal
// could not be written to, is closed, or ctx ended first.
func (j *Journal) Sending(ctx context.Context, items []batch.Sent) error {
	l := &line{At: time.Now().UnixMilli(), Send: make([]int, len(items))}
	for i, it := range items {
		l.Send[i] = it.Index
	}
	j.mu.Lock()
	err := j.append(l)
	if err != nil {
		j.mu.Unlock()
		return err
	}
	if j.waiting == nil {
		j.waiting = &round{done: make(chan struct{})}
	}
	r := j.waiting
	j.mu.Unlock()
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Settled notes what became of items, for [batch.Journal]. It does not wait.
func (j *Journal) Settled(_ context.Context, entries []batch.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.append(&line{Items: entries})
}

// Delivered notes that the result of an item is where it belongs, for the next
// Mark. Of an item without a final result it notes nothing.
func (j *Journal) Delivered(index int) {
	j.noting.Lock()
	defer j.noting.Unlock()
	j.delivered = append(j.delivered, index)
}

// Mark says that what is delivered stays so: a later run does not deliver it
// again. What holds the results must be durable before. note is kept as JSON,
// for [Journal.Note]; nil leaves the one before. It does not wait.
func (j *Journal) Mark(note any) error {
	var raw json.RawMessage
	if note != nil {
		var err error
		if raw, err = json.Marshal(note); err != nil {
			return fmt.Errorf("journal %s: %w", j.path, err)
		}
	}
	j.noting.Lock()
	delivered := j.delivered
	j.delivered = nil
	j.noting.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	delivered = slices.DeleteFunc(delivered, func(i int) bool { return !j.state.items[i].final() })
	return j.append(&line{Mark: ranges(delivered), Note: raw})
}

// Note reads the note of the last Mark into v. It reports whether there is one.
func (j *Journal) Note(v any) (bool, error) {
	j.mu.Lock()
	raw := j.state.note
	j.mu.Unlock()
	if raw == nil {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("journal %s: %w", j.path, err)
	}
	return true, nil
}

// append adds a line to what is pending. It is called with the lock held.
func (j *Journal) append(l *line) error {
	switch {
	case j.err != nil:
		return j.err
	case j.closing:
		return ErrClosed
	}
	err := j.state.apply(l)
	j.beyond.Store(int64(j.state.beyond))
	if err == nil {
		j.pending, j.chain, err = appendLine(j.pending, j.chain, l)
	}
	if err != nil {
		j.fail(fmt.Errorf("journal %s: %w", j.path, err))
		return j.err
	}
	select {
	case j.wake <- struct{}{}:
	default:
	}
	return nil
}

// fail makes the journal of no more use: what is in the file may be less than
// what is in memory. It is called with the lock held.
func (j *Journal) fail(err error) {
	if j.err == nil {
		j.err = err
	}
}

// Close makes everything durable, and lets go of the file. It returns the first
// error that the journal met. A second Close returns the same.
func (j *Journal) Close() error {
	j.mu.Lock()
	first := !j.closing
	j.closing = true
	j.mu.Unlock()
	if first {
		close(j.wake)
	}
	<-j.over
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
