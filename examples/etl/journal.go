package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	caperrors "github.com/capillary-go/capillary/errors"
)

// keeper keeps a load resumable. What it notes is written to the journal each second, after the files that hold the results.
type keeper struct {
	book   *journal.Journal
	note   note
	limits func() batch.Limits
	marked time.Time
	since  int // results written since then
}

// note is how far the files of results are good. What stands behind that is cut off by the next run, and written again.
type note struct {
	Files    map[string]int64           `json:"files"` // bytes by flag
	Outcomes [caperrors.NotSent + 1]int `json:"outcomes"`
	Attempts int                        `json:"attempts"`
	Retries  int                        `json:"retries"`
	Keyed    bool                       `json:"keyed,omitempty"`
	Limits   batch.Limits               `json:"limits,omitzero"`
}

const (
	markEvery = time.Second
	// markAfter bounds what the journal holds in memory between marks.
	markAfter = 10_000
)

// openKeeper opens the journal that the options name; nil if they name none.
func (c *command) openKeeper(ctx context.Context, o *options) (*keeper, error) {
	if o.journal == "" {
		return nil, nil
	}
	identity, err := identityOf(ctx, o)
	if err != nil {
		return nil, err
	}
	book, err := journal.Open(o.journal, identity)
	var changed *journal.ChangedError
	switch {
	case errors.As(err, &changed), errors.Is(err, journal.ErrLocked), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, &usageError{err}
	case err != nil:
		return nil, err
	}
	k := &keeper{book: book, marked: time.Now()}
	if _, err = book.Note(&k.note); err != nil {
		return nil, errors.Join(err, book.Close())
	}
	if k.note.Files == nil {
		k.note.Files = make(map[string]int64)
	}
	return k, nil
}

// identityOf says what the load is. A run with another identity is another load.
func identityOf(ctx context.Context, o *options) (map[string]string, error) {
	identity := map[string]string{
		"-endpoint": o.endpoint.Name, "-key": o.key, "-id": o.id, "-format": o.format, "-separator": string(o.separator),
		"-base-url": "the built-in simulator", "the input": fmt.Sprintf("%d sample invoices", o.generate),
	}
	if o.baseURL != "" {
		address, err := url.Parse(o.baseURL)
		if err != nil {
			return nil, &usageError{err}
		}
		identity["-base-url"] = strings.TrimRight(address.Redacted(), "/")
	}
	for _, f := range []struct{ name, path string }{{"the input", o.file}, {"-template", o.template}} {
		if f.path == "" {
			continue
		}
		sum, err := fingerprint(ctx, f.path)
		if err != nil {
			return nil, err
		}
		identity[f.name] = sum
	}
	for _, f := range []struct{ name, path string }{{"-results", o.results}, {"-dead-letter", o.deadLetter}, {"-unknown", o.unknown}} {
		if f.path == "" {
			continue
		}
		path, err := filepath.Abs(f.path)
		if err != nil {
			return nil, err
		}
		identity[f.name] = path
	}
	return identity, nil
}

// fingerprint returns the size of a file and the checksum of all of it: a row that changes anywhere makes it another input.
func fingerprint(ctx context.Context, path string) (string, error) {
	// To open a pipe would wait for who writes to it.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", usage("-journal needs an input that can be read again, and %s is not a regular file", path)
	}
	f, err := os.Open(path) //nolint:gosec // the caller names its own file
	if err != nil {
		return "", &usageError{err}
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	var n int64
	for err == nil && ctx.Err() == nil {
		var part int64
		part, err = io.CopyN(hash, f, 8<<20)
		n += part
	}
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Sprintf("%d bytes, SHA-256 %s", n, hex.EncodeToString(hash.Sum(nil))), nil
	case err == nil:
		return "", context.Cause(ctx)
	default:
		return "", readError(err)
	}
}

// resume gives the engine and the counts what earlier runs knew, and waits until the server cannot be at work any more on what was in
// flight when the last one was killed.
func (c *command) resume(ctx context.Context, o *options, k *keeper, t *target, out *outputs) error {
	was := k.book.Resumed()
	k.limits, out.keeper = t.engine.Limits, k
	if err := t.engine.SetLimits(k.note.Limits); err != nil {
		return err
	}
	out.tally.outcomes, out.tally.attempts = k.note.Outcomes, k.note.Attempts
	out.tally.retries, out.tally.keyed = k.note.Retries, k.note.Keyed
	if !k.fresh() {
		fmt.Fprintf(c.stderr, "etl: going on: %d records have their outcome, %d were in flight\n", was.Done+was.Results, was.InFlight)
	}
	wait := time.Until(was.LastSend.Add(o.timeout))
	if was.InFlight == 0 || wait <= 0 {
		return nil
	}
	fmt.Fprintf(c.stderr, "etl: waiting %s, as the server may still be at work on them\n", wait.Round(time.Second/10))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.draining:
		fmt.Fprintln(c.stderr, howToGoOn)
		return errInterrupted
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

const howToGoOn = "etl: to go on, give the same command again: the journal knows what is done"

// delivered notes that the result of a record is written, and marks the journal from time to time.
func (o *outputs) delivered(r *record) {
	k := o.keeper
	k.book.Delivered(r.row - 1)
	k.since++
	// A limit that was learned cost calls: it is kept at once.
	if k.since >= markAfter || time.Since(k.marked) >= markEvery || k.limits() != k.note.Limits {
		o.mark()
	}
}

// mark makes durable what is written, and then says so in the journal.
func (o *outputs) mark() {
	k := o.keeper
	k.since, k.marked = 0, time.Now()
	for _, s := range []*sink{o.results, o.deadLetter, o.unknown} {
		if s == nil {
			continue
		}
		o.check(s.sync())
		k.note.Files[s.flag] = s.at
	}
	k.note.Outcomes, k.note.Attempts = o.tally.outcomes, o.tally.attempts
	k.note.Retries, k.note.Keyed = o.tally.retries, o.tally.keyed
	k.note.Limits = k.limits()
	if o.err == nil {
		o.check(k.book.Mark(k.note))
	}
}

// sync makes durable what is written.
func (s *sink) sync() error {
	if err := s.w.Flush(); err != nil {
		return s.fault(err)
	}
	return s.fault(s.file.Sync())
}

// fresh reports whether the load begins.
func (k *keeper) fresh() bool { return k.book.Resumed() == journal.Resumed{} }

// goOn opens a file of results as far as it is good, and cuts off the rest. A load that begins cuts nothing off: what is there may be
// all that is known of a load whose journal is lost.
func (s *sink) goOn(path string, k *keeper) error {
	good := k.note.Files[s.flag]
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the caller names its own file
	if err != nil {
		return err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("is not a regular file, which -journal needs")
	case k.fresh() && info.Size() > 0:
		err = fmt.Errorf("%s holds %d bytes of another load, and the journal is new: go on with the journal of that load, or move the file away",
			path, info.Size())
	case info.Size() < good:
		err = fmt.Errorf("has %d bytes, and the journal knows of %d: put the file back, or begin a new load", info.Size(), good)
	default:
		err = f.Truncate(good)
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.file, s.at = f, good
	return nil
}

// close closes the journal; there may be none.
func (k *keeper) close() error {
	if k == nil {
		return nil
	}
	return k.book.Close()
}
