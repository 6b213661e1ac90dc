package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/capillary-go/capillary/client/clienttest"
)

// parse reads flags and environment. It has told stderr about any error it returns.
func parse(args []string, getenv func(string) string, stderr io.Writer) (addr string, opts clienttest.Options, err error) {
	set := flag.NewFlagSet("simulator", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 chooses a free one")
	set.IntVar(&opts.BatchLimit, "limit", 0, "items a call may carry, 0 for no limit")
	set.BoolVar(&opts.NameLimit, "name-limit", false, "name the limit in the text of a 1060")
	set.DurationVar(&opts.Latency, "latency", 0, "time each call takes")
	set.IntVar(&opts.CallsPerMinute, "rpm", 0, "calls a minute before HTTP 429, 0 for no limit")
	set.DurationVar(&opts.RetryAfter, "retry-after", 0, "Retry-After sent with 429 and 503, 0 for none")
	set.Uint64Var(&opts.Seed, "seed", 0, "seed of the random mishaps")
	set.StringVar(&opts.Username, "username", getenv("CAPILLARY_USERNAME"), "till that must sign in; its password is CAPILLARY_PASSWORD")
	set.DurationVar(&opts.TokenTTL, "token-ttl", 0, "life of an OAuth token (default 300s)")
	set.BoolVar(&opts.RepeatBills, "repeat-bills", false, "apply a repeated bill again instead of refusing it with 604")
	set.BoolVar(&opts.KeepBodies, "keep-bodies", false, "show bodies in /_simulator/applied")
	set.BoolVar(&opts.Forget, "forget", false, "keep counters only, so that memory stays flat")

	faults := &opts.Faults
	chances := map[string]*float64{}
	chance := func(p *float64, name, usage string) {
		chances[name] = p
		set.Float64Var(p, name, 0, "probability of "+usage)
	}
	chance(&faults.ItemBusy, "item-busy", "an item-level 521")
	chance(&faults.SearchBusy, "search-busy", "a request-level 461")
	chance(&faults.CustomerBusy, "customer-busy", "a request-level 521")
	chance(&faults.AuthzUnavailable, "authz-unavailable", "HTTP 503 with a code")
	chance(&faults.RateLimited, "rate-limited", "HTTP 429")
	chance(&faults.CutAfter, "cut", "a connection cut after the work was done")
	chance(&faults.CutBefore, "cut-before", "a connection cut before the work was done")
	chance(&faults.EdgeHTML, "edge-html", "HTTP 502 with an HTML page, half of them after the work")
	chance(&faults.Garbled, "garbled", "JSON that breaks off")
	if err = set.Parse(args); err != nil {
		return "", opts, err
	}

	// Secrets stand in the environment only: flags are seen by everybody who can list processes.
	opts.Password = getenv("CAPILLARY_PASSWORD")
	opts.Key, opts.Secret = getenv("CAPILLARY_KEY"), getenv("CAPILLARY_SECRET")

	if set.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if (opts.Username == "") != (opts.Password == "") {
		err = errors.New("a username (-username or CAPILLARY_USERNAME) and CAPILLARY_PASSWORD need each other")
	}
	if (opts.Key == "") != (opts.Secret == "") {
		err = errors.New("CAPILLARY_KEY and CAPILLARY_SECRET need each other")
	}
	for name, p := range chances {
		if !(*p >= 0 && *p <= 1) {
			err = fmt.Errorf("-%s is a probability, from 0 to 1", name)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "simulator:", err)
	}
	return addr, opts, err
}
