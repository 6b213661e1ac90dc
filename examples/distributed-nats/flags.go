package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/retry"
)

// options are what the command line and the environment say. Secrets come from the environment alone.
type options struct {
	natsURL string
	job     string
	file    string
	baseURL string
	auth    client.Option
	items   int
	workers int

	settings settings
	worker   workerOptions
}

// roles is what the program can be.
const roles = `usage: distributed-nats [demo] [flags]          everything in this process, with a simulator of the API
       distributed-nats produce [flags] [FILE]  add the items of an NDJSON file to a job
       distributed-nats work [flags]            load a job's items; run as many of these as you like
       distributed-nats watch [flags]           show a job's progress until every item has its outcome
`

// parse reads the command line of a role.
func parse(role string, args []string, stderr io.Writer, getenv func(string) string) (*options, error) {
	o := &options{natsURL: getenv("NATS_URL"), baseURL: getenv("CAPILLARY_BASE_URL")}
	set := flag.NewFlagSet("distributed-nats "+role, flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprintf(stderr, "%s\nFlags of %s:\n", roles, role)
		set.PrintDefaults()
	}
	s, w := &o.settings, &o.worker
	set.StringVar(&o.job, "job", "load", "name of the job")
	resend := false
	switch role {
	case "demo", "produce":
		items := 0 // a file that was forgotten must not become invoices that nobody wrote
		if role == "demo" {
			items = 50_000
		}
		set.IntVar(&o.items, "items", items, "invoices to make up, without a file")
		set.IntVar(&s.Partitions, "partitions", 12, "partitions of the job, at least as many as there will ever be workers")
		set.IntVar(&s.Replicas, "replicas", 1, "copies of each stream, in a cluster")
		set.DurationVar(&s.Timeout, "timeout", 30*time.Second, "longest time of one attempt of a call")
		set.DurationVar(&s.MemberTTL, "member-ttl", 10*time.Second, "silence after which a worker counts as gone")
		set.DurationVar(&s.Dedupe, "dedupe", 24*time.Hour, "time within which the producer can be run again")
	}
	switch role {
	case "demo", "work":
		rpm := 0
		if role == "demo" {
			rpm = 3000
		}
		set.IntVar(&w.rpm, "rpm", rpm, "calls a minute of all workers together; 0 for any number")
		set.IntVar(&w.concurrency, "concurrency", 4, "most calls in flight of one worker")
		set.IntVar(&w.maxAttempts, "max-attempts", 8, "calls that may carry an item before it is put back for a while")
		set.IntVar(&w.rounds, "rounds", 4, "times that an item may be put back before it is a dead letter")
		set.DurationVar(&w.again, "again", 5*time.Second, "how long it is put back")
		set.DurationVar(&w.grace, "grace", 20*time.Second, "time for what is in flight, when told to stop")
		set.BoolVar(&resend, "resend-unknown", false, "send items again that may have been applied: only if the API knows their bill numbers")
	}
	switch role {
	case "demo":
		set.IntVar(&o.workers, "workers", 3, "workers to start")
	case "work":
		set.StringVar(&w.name, "name", "", "name of this worker")
		set.StringVar(&o.baseURL, "base-url", o.baseURL, "base URL of the API (CAPILLARY_BASE_URL)")
	}
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	o.file = set.Arg(0)
	if resend {
		w.onUnknown = batch.ResendUnknown
	}
	w.logger = slog.New(slog.NewTextHandler(stderr, nil))
	o.auth = credentials(getenv)
	return o, o.check(role, set.NArg())
}

func (o *options) check(role string, args int) error {
	var faults []error
	complain := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	complain(!jobName.MatchString(o.job), errJobName.Error())
	complain(role != "demo" && o.natsURL == "", "NATS_URL is not set: it names the server or the cluster")
	complain(args > 1 || args == 1 && role != "produce", "too many arguments")
	switch role {
	case "demo", "produce":
		s := &o.settings
		complain(s.Partitions < 1 || s.Partitions > 1000, "-partitions must be from 1 to 1000")
		complain(s.Replicas < 1 || s.Replicas > 5, "-replicas must be from 1 to 5")
		complain(s.Timeout < 100*time.Millisecond, "-timeout must be at least 100ms")
		complain(s.MemberTTL < time.Second, "-member-ttl must be at least 1s")
		complain(s.Dedupe < time.Minute, "-dedupe must be at least 1m")
		complain(o.items < 0 || role == "demo" && o.items == 0, "-items must be positive")
		complain(role == "produce" && o.file == "" && o.items == 0, "name the FILE with the items, or say by -items how many invoices to make up")
	}
	switch role {
	case "demo", "work":
		w := &o.worker
		complain(w.rpm < 0 || w.concurrency < 0 || w.maxAttempts < 0 || w.rounds < 0 || w.again < 0 || w.grace < 0,
			"-rpm, -concurrency, -max-attempts, -rounds, -again and -grace must be 0 or more")
		complain(role == "work" && o.baseURL == "", "-base-url or CAPILLARY_BASE_URL must name the API")
		complain(role == "work" && o.auth == nil,
			"set CAPILLARY_USERNAME and CAPILLARY_PASSWORD, or CAPILLARY_KEY and CAPILLARY_SECRET")
		complain(role == "demo" && o.workers < 1, "-workers must be positive")
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %w", errUsage, errors.Join(faults...))
	}
	return nil
}

// credentials returns those of the environment; nil if there are none.
func credentials(getenv func(string) string) client.Option {
	if user := getenv("CAPILLARY_USERNAME"); user != "" {
		return client.WithBasic(user, getenv("CAPILLARY_PASSWORD"))
	}
	if key := getenv("CAPILLARY_KEY"); key != "" {
		return client.WithOAuth(key, getenv("CAPILLARY_SECRET"))
	}
	return nil
}

// api makes the client of a worker. A call is tried once: the engine owns every repetition, and the lease of a message is reckoned from
// the longest time of one call.
func api(baseURL string, timeout time.Duration, opts ...client.Option) (*client.Bulk, error) {
	c, err := client.New(baseURL, append(opts,
		client.WithTimeout(timeout),
		client.WithRetry(retry.Policy{MaxAttempts: 1}),
		client.WithUserAgent("distributed-nats"))...)
	if err != nil {
		return nil, err
	}
	return c.Bulk(client.TransactionsBulk), nil
}

// inspector reads the customers of items. It sends nothing, so any address and any credentials do.
func inspector() (*client.Bulk, error) {
	return api("https://localhost", time.Second, client.WithBasic("nobody", "nothing"))
}
