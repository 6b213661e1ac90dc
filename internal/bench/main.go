// Command bench compares this module with the clients and bulk writers that it
// is held against, in one run, and prints the ratios.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

func main() {
	serveIfAsked()
	var o options
	flag.IntVar(&o.requests, "requests", 4_000, "requests of a client in one round")
	flag.IntVar(&o.items, "items", 200_000, "items of a writer in one round")
	flag.IntVar(&o.rounds, "rounds", 13, "rounds that count")
	flag.StringVar(&o.only, "only", "", "requests or bulk; empty: both")
	flag.Parse()
	if err := run(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	requests, items, rounds int
	only                    string
}

func run(w io.Writer, o options) error {
	if o.requests < 1 || o.items < 1 || o.rounds < 1 {
		return errors.New("-requests, -items and -rounds must be positive")
	}
	server, err := startServer()
	if err != nil {
		return err
	}
	defer server.stop()
	start := time.Now()
	fmt.Fprintf(w, "%s, %s/%s, %d processors; the server is a second process on loopback\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	var bounds []bound
	if o.only != "bulk" {
		for _, goroutines := range []int{1, 8} {
			t := &table{title: fmt.Sprintf("POST of 256 bytes, keep-alive, %d goroutine(s)", goroutines), unit: "call"}
			if t.contenders, err = requestContenders(server.url, goroutines); err != nil {
				return err
			}
			rounds := o.rounds
			if goroutines > 1 {
				rounds *= 4 // they are short, and differ by a tenth from one to the next
			}
			if err = t.measure(server.url, o.requests, rounds); err != nil {
				return err
			}
			t.print(w)
			bounds = append(bounds, requestBounds(t, goroutines)...)
		}
	}
	if o.only != "requests" {
		for _, size := range []int{100, 1000} {
			t := &table{title: fmt.Sprintf("bulk, %d items a call, %d calls in flight", size, inFlight), unit: "item"}
			if t.contenders, err = bulkContenders(server.url, size); err != nil {
				return err
			}
			if err = t.measure(server.url, o.items, o.rounds); err != nil {
				return err
			}
			t.print(w)
			bounds = append(bounds, bulkBounds(t, size)...)
		}
	}
	printBounds(w, bounds)
	fmt.Fprintf(w, "\nwhole run: %v\n", time.Since(start).Round(time.Second))
	return nil
}
