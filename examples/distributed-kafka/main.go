// Command distributed-kafka loads items into the API from several machines, over Kafka.
//
//	distributed-kafka [demo]           everything in this process, with a simulator of the API
//	distributed-kafka produce [FILE]   add the items of an NDJSON file to a job
//	distributed-kafka work             load a job's items; run as many of these as you like
//	distributed-kafka watch            show a job's progress until every item has its outcome
//
// The README beside it tells how it works and what it guarantees.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(status)
}

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errUsage is a command line that says nothing sensible.
var errUsage = errors.New("wrong usage")

// run runs the program and returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv func(string) string) int {
	role := "demo"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		role, args = args[0], args[1:]
	}
	o, err := parse(role, args, stderr, getenv)
	if err == nil {
		switch role {
		case "demo":
			err = demo(ctx, o, stdout)
		case "produce":
			err = produceRole(ctx, o, stdout)
		case "work":
			err = workRole(ctx, o)
		case "watch":
			err = watchRole(ctx, o, stdout)
		default:
			err = fmt.Errorf("%w: no role %q; there are demo, produce, work and watch", errUsage, role)
		}
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, err)
		return exitUsage
	default:
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
}
