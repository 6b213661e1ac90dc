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
)

func main() {
	// Whoever reads "-results -" may leave: that is an error of writing, to be reported, not the end of this program.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(status)
}
