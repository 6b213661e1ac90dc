// Command tables repeats, with the real client and engine over HTTP on
// loopback, what the engine's algorithms were chosen by: calls spent while the
// limit of items a call may carry is not known, calls spent on items that fail
// for now, and calls refused by a server of limited capacity. Beside them stand
// the ways of other bulk writers, as simple senders over the same simulator.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.items, "items", 200_000, "items of a load; a part of it where that suffices")
	flag.IntVar(&o.seconds, "seconds", 180, "length of a run against a server of limited capacity")
	flag.StringVar(&o.only, "only", "", "limits, retries or lanes; empty: all")
	flag.Parse()
	if err := run(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

type options struct {
	items, seconds int
	only           string
}

func run(w io.Writer, o options) error {
	if o.items < 1 || o.seconds < 1 {
		return errors.New("-items and -seconds must be positive")
	}
	start := time.Now()
	fmt.Fprintf(w, "%s, %s/%s, %d processors; the server is the simulator on loopback\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, part := range []struct {
		name  string
		print func(io.Writer, options) error
	}{{"limits", limits}, {"retries", retries}, {"lanes", lanes}} {
		if o.only != "" && o.only != part.name {
			continue
		}
		if err := part.print(w, o); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Fprintf(w, "\nwhole run: %v\n", time.Since(start).Round(time.Second))
	return nil
}

// heading begins a Markdown table.
func heading(w io.Writer, title string, columns ...string) {
	fmt.Fprintf(w, "\n%s\n\n", title)
	row(w, columns...)
	row(w, strings.Split(strings.Repeat("--- ", len(columns)-1)+"---", " ")...)
}

func row(w io.Writer, cells ...string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// count writes a number with commas.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
