// Command service is an integration service as teams run it: HTTP in, loyalty API out. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := command{getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr}.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// command is the program with the world around it.
type command struct {
	getenv         func(string) string
	stdout, stderr io.Writer
	listening      func(net.Addr) // told once the port is open; may be nil
}

// run serves until ctx ends and everything accepted has been answered for. It returns 0, 1 if it could not go on, or 2 for wrong usage.
func (c command) run(ctx context.Context, args []string) int {
	cfg, err := parse(args, c.getenv, c.stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	logger := slog.New(slog.NewJSONHandler(c.stderr, nil))
	s, err := newService(cfg, logger, c.stdout) //nolint:contextcheck // what was accepted is not ended with the program's context
	if err != nil {
		fmt.Fprintln(c.stderr, "service:", err)
		return 2
	}
	defer s.close() //nolint:contextcheck // see above
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		fmt.Fprintln(c.stderr, "service:", err)
		return 1
	}
	if c.listening != nil {
		c.listening(l.Addr())
	}
	if cfg.simulate {
		logger.Warn("no CAPILLARY_BASE_URL: the built-in simulator answers, nothing leaves this process")
	}
	logger.Info("serving", "addr", l.Addr().String())
	if err = s.serve(ctx, l); err != nil {
		logger.Error("stopped", "error", err.Error())
		return 1
	}
	logger.Info("stopped")
	return 0
}
