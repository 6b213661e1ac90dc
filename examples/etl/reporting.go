package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/examples/etl/report"
)

// reported is what the report tells of a results line. A natural id that is the customer's is nobody else's business: the row names the
// record, too.
func reported(line *resultLine) report.Record {
	rec := report.Record{
		Row: line.Row, ID: line.ID, Outcome: line.Outcome, Code: line.Code, Message: line.Message, Attempts: line.Attempts,
		RequestID: line.RequestID,
	}
	if masked := caperrors.Mask(line.ID); line.ID == line.Key || strings.Contains(line.ID, "@") {
		rec.ID = masked
	}
	return rec
}

// checkReport finds out before anything is sent whether a report can be written.
func checkReport(path string) error {
	if path == "-" {
		return errors.New("-report wants a file")
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { //nolint:gosec // the caller names its own file
		return fmt.Errorf("-report: %s is no regular file", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("-report: %w", bare(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) //nolint:gosec // as above
}

// report writes the report, whole or not at all. The error says why it could not.
func (l *load) report(loadErr error, status int, engine *batch.Progress) (err error) {
	if l.opts.report == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(l.opts.report), filepath.Base(l.opts.report)+".*")
	if err != nil {
		return fmt.Errorf("-report: %w", bare(err))
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("-report: %w", err)
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err = l.out.recorder.Write(w, l.facts(loadErr, status, engine)); err != nil {
		return err
	}
	if err = errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), l.opts.report); err != nil {
		return err
	}
	fmt.Fprintln(l.stderr, "etl: report in", l.opts.report)
	return nil
}

// facts are what the report tells of this load beside what happened in it.
func (l *load) facts(loadErr error, status int, engine *batch.Progress) *report.Load {
	o := l.opts
	return &report.Load{
		Program: programName(), Endpoint: o.endpoint.Name, Version: o.endpoint.Version, Entity: o.endpoint.Entity,
		Target: targetName(o.baseURL), Input: inputName(o), Settings: settings(o),
		Earlier: l.earlier, Ended: time.Now(), Exit: status, Err: loadErr, Unread: loadErr != nil && !l.in.ended.Load(), Last: l.in.rows(), Resumable: loadErr != nil && l.out.keeper != nil,
		Limit: engine.Limit, MaxItems: maxItems(o), Wasted: engine.Wasted, RPM: o.rpm, Concurrency: o.concurrency,
	}
}

// maxItems is how many items a call carries at most, whatever the service takes.
func maxItems(o *options) int {
	if o.endpoint.MaxItems > 0 {
		return min(o.maxBatch, o.endpoint.MaxItems)
	}
	return o.maxBatch
}

// programName names this program and how it was built.
func programName() string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("etl %s, %s, %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// targetName returns the host that a load goes to, without what an address may hold beside it.
func targetName(baseURL string) string {
	if baseURL == "" {
		return "the built-in simulator"
	}
	if u, err := url.Parse(baseURL); err == nil && u.Host != "" {
		return u.Host
	}
	return "its base URL"
}

func inputName(o *options) string {
	switch o.file {
	case "":
		return thousands(o.generate) + " sample invoices"
	case "-":
		return "standard input"
	default:
		return filepath.Base(o.file)
	}
}

// settings are the flags that shape a load.
func settings(o *options) []report.Setting {
	form := "JSON"
	if o.xml {
		form = "XML"
	}
	rate := "no bound"
	if o.rpm > 0 {
		rate = strconv.Itoa(o.rpm) + " a minute"
	}
	all := []report.Setting{
		{Name: "endpoint", Value: o.endpoint.Name + ", " + form},
		{Name: "format", Value: o.format},
		{Name: "template", Value: filepath.Base(o.template)},
		{Name: "calls", Value: fmt.Sprintf("%s; %d in flight at most; %d items each at most", rate, o.concurrency, o.maxBatch)},
		{Name: "attempts", Value: strconv.Itoa(o.maxAttempts) + " an item at most"},
		{Name: "time for one try", Value: o.timeout.String()},
		{Name: "unknown outcomes", Value: unknownPolicies()[o.onUnknown]},
		{Name: "later items of a customer", Value: []string{"continue", "hold"}[o.onKeyFailure]},
	}
	if o.template == "" {
		all = append(all[:2], all[3:]...)
	}
	return all
}

// bare leaves the path out of what the system says: messages name the flag.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
