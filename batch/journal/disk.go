package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// disk is the file system, as far as a journal needs it.
type disk interface {
	// open opens a file to be read; the error is fs.ErrNotExist if there is none.
	open(path string) (io.ReadCloser, int64, error)
	// create makes an empty file in place of any other.
	create(path string) (file, error)
	// extend opens a file to be written to behind what it holds.
	extend(path string) (file, error)
	// replace puts a file in the place of another, durably. Neither is open: not
	// every system allows that.
	replace(from, to string) error
	// remove removes a file.
	remove(path string) error
}

// file is a file that is written to.
type file interface {
	io.Writer   // at its end
	io.WriterAt // elsewhere
	Sync() error
	Close() error
}

// osDisk is the file system of the operating system.
type osDisk struct{}

func (osDisk) open(path string) (io.ReadCloser, int64, error) {
	f, err := os.Open(path) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("is not a regular file")}
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func (osDisk) create(path string) (file, error) {
	// Results are about customers: nobody else's business.
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the caller's own file
}

func (osDisk) extend(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, err
	}
	if _, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (osDisk) remove(path string) error { return os.Remove(path) }

func (osDisk) replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synced there, and need not be
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
