package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// config is what the service is told from outside. Credentials come from the environment alone: flags are seen by every user of the
// machine.
type config struct {
	addr     string
	queue    int           // bills accepted and not yet final, at most
	wait     time.Duration // how long a caller waits for the fate of its bills
	drain    time.Duration // how long shutting down may take
	baseURL  string        // empty: the built-in simulator
	login    client.Option
	simulate bool
	sim      clienttest.Options // of the built-in simulator
}

// simulated is the till of the built-in simulator, and its password.
const simulated = "service"

func parse(args []string, getenv func(string) string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "address to listen on")
	flags.IntVar(&cfg.queue, "queue", 2000, "bills accepted and not yet final, at most; beyond it callers get 503")
	flags.DurationVar(&cfg.wait, "wait", 10*time.Second, "how long a caller waits for the fate of its bills before it gets 202")
	flags.DurationVar(&cfg.drain, "drain", 25*time.Second, "how long shutting down may take; less than what the orchestrator grants")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if err := cfg.fill(getenv, flags.NArg()); err != nil {
		fmt.Fprintln(stderr, "service:", err)
		return cfg, err
	}
	return cfg, nil
}

func (cfg *config) fill(getenv func(string) string, extra int) error {
	switch {
	case extra > 0:
		return errors.New("no arguments are taken, only flags")
	case cfg.queue < maxBills:
		return fmt.Errorf("-queue must be %d or more, which one request may bring", maxBills)
	case cfg.wait <= 0 || cfg.drain <= 0:
		return errors.New("-wait and -drain must be positive")
	}
	cfg.baseURL = getenv("CAPILLARY_BASE_URL")
	user, password := getenv("CAPILLARY_USERNAME"), getenv("CAPILLARY_PASSWORD")
	key, secret := getenv("CAPILLARY_KEY"), getenv("CAPILLARY_SECRET")
	switch {
	case cfg.baseURL == "" && (user != "" || key != ""): // to tell callers that their sales are applied, and apply none, would be worse
		return errors.New("there are credentials, and CAPILLARY_BASE_URL is not set; unset them for the built-in simulator")
	case cfg.baseURL == "":
		cfg.simulate = true
		cfg.sim = clienttest.Options{Username: simulated, Password: simulated, BatchLimit: 100, Latency: 50 * time.Millisecond}
		cfg.login = client.WithBasic(simulated, simulated)
	case user != "" && key != "":
		return errors.New("set either CAPILLARY_USERNAME or CAPILLARY_KEY, not both")
	case user != "":
		cfg.login = client.WithBasic(user, password)
	case key != "":
		cfg.login = client.WithOAuth(key, secret)
	default:
		return errors.New("set CAPILLARY_USERNAME and CAPILLARY_PASSWORD, or CAPILLARY_KEY and CAPILLARY_SECRET")
	}
	return nil
}
