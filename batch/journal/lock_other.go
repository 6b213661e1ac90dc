//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// lock makes a file that must not be there before. Such a lock outlasts a kill:
// whoever knows that no load runs has to delete it.
func lock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w, or one was killed: if none runs, delete %s", ErrLocked, path)
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "process %d\n", os.Getpid())
	return &lockFile{path}, errors.Join(err, f.Close())
}

type lockFile struct{ path string }

// Close removes the file.
func (l *lockFile) Close() error { return os.Remove(l.path) }
