// Command etl loads the records of a CSV or NDJSON file into the API: in as few calls as the data allows, each customer's records in
// order, and with the fate of every single record written down.
//
//	etl [flags] [FILE]
//
// Without FILE it makes up sample invoices, without -base-url it loads into a simulator in its own process, so that it runs with no
// argument, no network and no account. The README beside it tells the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // templates name time zones, and not every system has their tables
)

func main() {
	// Whoever reads "-results -" may leave: that is an error of writing, to be reported, not the end of this program.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	draining := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer cancel()
		if await(signals, ended) {
			close(draining)
			if await(signals, ended) {
				// A third one ends the program where it stands.
				signal.Stop(signals)
			}
		}
	}()
	c := command{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, draining: draining}
	status := c.run(ctx, os.Args[1:])
	close(ended)
	<-ctx.Done()
	os.Exit(status)
}

// await returns whether a signal came before the end.
func await(signals <-chan os.Signal, ended <-chan struct{}) bool {
	select {
	case <-signals:
		return true
	case <-ended:
		return false
	}
}
