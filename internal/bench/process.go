package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// serveVariable makes this program the server of another run of itself.
const serveVariable = "CAPILLARY_BENCH_SERVE"

// serveIfAsked turns this process into the server if it was started as one. It
// then does not return.
func serveIfAsked() {
	if os.Getenv(serveVariable) == "" {
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve prints its address and goes on until standard input ends, which it does
// when the other process is gone, however it went.
func serve() error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(os.Stdout, "http://%s\n", listener.Addr()); err != nil {
		return err
	}
	srv := &http.Server{Handler: newServer().handler(), ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case err = <-failed:
		return err
	case <-gone:
		return srv.Close()
	}
}

// process is the server in a second process, so that the processor time and
// the allocations of this one are the client's alone.
type process struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

func startServer() (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self) //nolint:gosec,noctx // this very program; it ends with standard input
	cmd.Env = append(os.Environ(), serveVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err = cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("start the server: %w", err)
	}
	p.url = strings.TrimSpace(line)
	return p, nil
}

func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.cmd.Wait()
}

// countsOf asks a server what it has seen.
func countsOf(url string) (counts, error) {
	var c counts
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+pathCounts, http.NoBody)
	if err != nil {
		return c, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return c, err
	}
	defer resp.Body.Close()
	return c, json.NewDecoder(resp.Body).Decode(&c)
}
