package journal

import (
	"errors"
	"fmt"
)

// output is the file as the writer sees it.
type output struct {
	file file
	size int64
	base int64 // size when it was written anew
}

// write writes what is pending until the journal is closed. It is one goroutine,
// so that one fsync serves all that wait, and no call's context can end a write
// half-way.
func (j *Journal) write() {
	defer close(j.over)
	for range j.wake {
		j.commit(false)
	}
	j.commit(true)
	var err error
	if j.out.file != nil {
		err = j.out.file.Close()
	}
	if err = errors.Join(err, j.unlock.Close()); err != nil {
		j.mu.Lock()
		j.fail(fmt.Errorf("journal %s: %w", j.path, err))
		j.mu.Unlock()
	}
}

// commit writes what is pending. It is made durable if somebody waits for it,
// or if it is the last.
func (j *Journal) commit(last bool) {
	j.mu.Lock()
	lines, waiting, err := j.pending, j.waiting, j.err
	j.pending, j.waiting = nil, nil
	j.mu.Unlock()
	if err == nil {
		err = j.out.append(lines, waiting != nil || last)
	}
	if err == nil && j.out.size > max(j.compact, 2*j.out.base) {
		err = j.renew()
	}
	if err != nil {
		j.mu.Lock()
		j.fail(fmt.Errorf("journal %s: %w; nothing more is sent. Once that is mended, go on with the same journal", j.path, err))
		err = j.err
		j.mu.Unlock()
	}
	if waiting != nil {
		waiting.err = err
		close(waiting.done)
	}
}

// append writes lines at the end of the file.
func (o *output) append(lines []byte, durable bool) error {
	n, err := o.file.Write(lines)
	o.size += int64(n)
	if err != nil || !durable {
		return err
	}
	if err = o.file.Sync(); err != nil {
		return err
	}
	// It need not be durable itself: with an earlier length less damage is
	// detected, and none is thought to be where there is none.
	_, err = o.file.WriteAt(durableText(o.size), durableFrom)
	return err
}

// renew writes the journal anew while it is in use.
func (j *Journal) renew() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.out.file.Close(); err != nil {
		return err
	}
	j.out.file = nil
	if err := j.rewrite(); err != nil {
		return err
	}
	// The state holds what is pending, and the new file with it.
	j.pending = nil
	if j.waiting != nil {
		close(j.waiting.done)
		j.waiting = nil
	}
	return nil
}

// rewrite writes the state to a new file, puts it in the place of the old one,
// and opens it.
func (j *Journal) rewrite() error {
	var chain uint32
	var lines []byte
	for _, l := range j.state.lines() {
		var err error
		if lines, chain, err = appendLine(lines, chain, l); err != nil {
			return err
		}
	}
	size := int64(firstLen + len(lines))
	fresh := j.path + ".new"
	if err := j.fill(fresh, append(firstLine(size), lines...)); err != nil {
		_ = j.disk.remove(fresh) // it may be what fills the disk
		return err
	}
	if err := j.disk.replace(fresh, j.path); err != nil {
		return err
	}
	f, err := j.disk.extend(j.path)
	if err != nil {
		return err
	}
	j.out, j.chain = &output{file: f, size: size, base: size}, chain
	return nil
}

// fill makes a file that durably holds a text.
func (j *Journal) fill(path string, text []byte) error {
	f, err := j.disk.create(path)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
