// Command simulator serves a fake of the Capillary API, for trying out code in any language without an account.
//
// It prints its URL on standard output and serves until it is interrupted or terminated; then it prints what it saw as JSON. Beside the
// API, GET /_simulator/stats and GET /_simulator/applied tell what really happened. Credentials come from the environment:
// CAPILLARY_USERNAME and CAPILLARY_PASSWORD, or CAPILLARY_KEY and CAPILLARY_SECRET; without them every caller is welcome.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run serves until ctx ends. It returns 0, 1 if it could not serve, or 2 for wrong usage.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	addr, opts, err := parse(args, getenv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	sim := clienttest.New(opts)
	if err = serve(ctx, addr, handler(sim), stdout); err != nil {
		fmt.Fprintln(stderr, "simulator:", err)
		return 1
	}
	if err = json.NewEncoder(stdout).Encode(sim.Stats()); err != nil {
		fmt.Fprintln(stderr, "simulator:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, addr string, h http.Handler, stdout io.Writer) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	fmt.Fprintf(stdout, "http://%s\n", l.Addr())
	select {
	case err = <-served:
		return err
	case <-ctx.Done():
	}
	// Calls under way may end, but a caller that reads slowly holds nothing up.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		_ = srv.Close()
	}
	if err = <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler adds the truth to the fake.
func handler(sim *clienttest.Simulator) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", sim)
	mux.HandleFunc("GET /_simulator/stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(sim.Stats())
	})
	mux.HandleFunc("GET /_simulator/applied", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		enc := json.NewEncoder(w)
		for _, item := range sim.Applied() {
			if enc.Encode(item) != nil {
				return
			}
		}
	})
	return mux
}
