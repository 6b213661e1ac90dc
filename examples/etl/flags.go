package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// options are what flags and environment say, checked.
type options struct {
	baseURL     string // empty: the built-in simulator
	credentials client.Option
	endpoint    client.Endpoint
	xml         bool
	sim         clienttest.Options

	dryRun   bool
	file     string // empty: sample invoices; "-": standard input
	generate int
	format   string
	template string
	// separator stands between the columns of CSV; 0: found out.
	separator rune
	key, id   string

	results, deadLetter, unknown string
	journal                      string
	report                       string

	rpm, concurrency, maxBatch, maxAttempts int
	timeout                                 time.Duration
	onUnknown                               batch.OnUnknown
	onKeyFailure                            batch.OnKeyFailure
	progress                                string
}

// choices are the values of flags that take one of a few.
type choices struct{ endpoint, separator, onUnknown, onKeyFailure string }

// flagSet declares the flags. Their values go to the options and words returned.
func flagSet(getenv func(string) string) (*flag.FlagSet, *options, *choices) {
	o, w := &options{}, &choices{}
	set := flag.NewFlagSet("etl", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.StringVar(&o.baseURL, "base-url", getenv("CAPILLARY_BASE_URL"),
		"API base `URL` (environment: CAPILLARY_BASE_URL); empty for the built-in simulator")
	set.StringVar(&w.endpoint, "endpoint", client.TransactionsBulk.Name, "catalogue `name` of the call to load through; list shows all")
	set.BoolVar(&o.xml, "xml", false, "send XML and ask for it, which v1.1 alone knows; the input stays the same")
	set.StringVar(&o.format, "format", "auto", "form of FILE: auto, csv or ndjson")
	set.StringVar(&o.template, "template", "", "`file` with the text/template that turns a CSV row into an item; CSV needs one")
	set.StringVar(&w.separator, "separator", "auto", "what separates the columns of CSV: auto, comma as , or ; or | or tab")
	set.StringVar(&o.key, "key", "", "dotted `path` of the item's customer key (default: the endpoint's)")
	set.StringVar(&o.id, "id", "", "dotted `path` of the item's natural id (default: the endpoint's)")
	set.BoolVar(&o.dryRun, "dry-run", false, "read the input and make its items, and send nothing")
	set.StringVar(&o.results, "results", "", "`file` for one line of JSON per input record; - for standard output")
	set.StringVar(&o.deadLetter, "dead-letter", "", "`file` for the bodies of refused and not-sent items; - for standard output")
	set.StringVar(&o.unknown, "unknown", "", "`file` for the bodies of unknown items; - for standard output")
	set.StringVar(&o.report, "report", "", "`file` for a report of the load in HTML, which needs nothing beside itself")
	set.StringVar(&o.journal, "journal", "", "`file` that makes the load resumable: after a kill, give the same command again")
	set.IntVar(&o.rpm, "rpm", 0, "calls a minute at most; 0 for no bound")
	set.IntVar(&o.concurrency, "concurrency", 4, "calls in flight at most")
	set.IntVar(&o.maxBatch, "max-batch", 1000, "items a call at most; what the server takes is learned")
	set.IntVar(&o.maxAttempts, "max-attempts", 8, "answers that refuse an item for now before it is given up")
	set.DurationVar(&o.timeout, "timeout", 30*time.Second, "time for one try of a call")
	set.StringVar(&w.onUnknown, "on-unknown", "report", "what to do with items of unknown outcome: report, resend, or reconcile (ask for the bill by its number)")
	set.StringVar(&w.onKeyFailure, "on-key-failure", "continue",
		"what to do with a customer's later items once one is unknown or given up: continue or hold")
	set.StringVar(&o.progress, "progress", "auto", "auto (bar on a terminal, else plain), plain (a line every 10 s) or none")
	set.IntVar(&o.generate, "generate", 20_000, "sample invoices to make up; only without FILE")
	simulatorFlags(set, &o.sim)
	return set, o, w
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, "usage: etl [flags] [FILE]\n\nLoads the records of FILE, or of standard input for -, into the API. Without FILE it makes up sample\n"+
		"invoices, without -base-url it loads into a simulator in this process.\n\n"+
		"Credentials come from the environment: CAPILLARY_USERNAME and CAPILLARY_PASSWORD, or CAPILLARY_KEY\n"+
		"and CAPILLARY_SECRET.\n\nexit status: 0 all applied or duplicate, 1 could not finish, 2 wrong usage, 3 some items are not done\n\n")
	set, _, _ := flagSet(func(string) string { return "" })
	set.SetOutput(w)
	set.PrintDefaults()
}

// errListEndpoints asks for the names of the endpoints, and for nothing else.
var errListEndpoints = errors.New("list the endpoints")

// parseFlags returns the options, [flag.ErrHelp], errListEndpoints, or a usageError.
func parseFlags(args []string, getenv func(string) string) (*options, error) {
	set, o, w := flagSet(getenv)
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, &usageError{err}
	}
	if w.endpoint == "list" {
		return nil, errListEndpoints
	}
	given := make(map[string]bool)
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	o.file = set.Arg(0)
	if set.NArg() > 1 {
		return nil, usage("one FILE at most, and flags come before it: %q is left over", set.Arg(1))
	}
	if err := errors.Join(o.checkInput(given), o.checkNumbers(), o.checkWords(w), o.checkTarget(given, w.endpoint, getenv)); err != nil {
		return nil, &usageError{err}
	}
	return o, nil
}

func (o *options) checkInput(given map[string]bool) error {
	switch {
	case given["generate"] && o.file != "":
		return errors.New("-generate is for sample invoices, and there is a FILE")
	case o.generate < 1:
		return errors.New("-generate must be 1 or more")
	case o.file == "" && o.template != "":
		return errors.New("-template is for CSV rows, and there is no FILE")
	case o.journal != "" && o.dryRun:
		return errors.New("-journal tells of calls, and a -dry-run makes none")
	case o.journal != "" && o.file == "-":
		return errors.New("-journal needs an input that can be read again: standard input cannot")
	case o.journal != "" && (o.results == "-" || o.deadLetter == "-" || o.unknown == "-"):
		return errors.New("-journal goes on with the files of results: standard output cannot be one")
	case o.dryRun && o.report != "":
		return errors.New("-report tells of calls, and a -dry-run makes none")
	case o.file == "" && given["format"]:
		return errors.New("-format is for a FILE, and there is none")
	}
	return nil
}

func (o *options) checkNumbers() error {
	var faults []error
	for _, n := range []struct {
		name      string
		value, at int
	}{
		{"rpm", o.rpm, 0}, {"concurrency", o.concurrency, 1}, {"max-batch", o.maxBatch, 1}, {"max-attempts", o.maxAttempts, 1},
	} {
		if n.value < n.at {
			faults = append(faults, fmt.Errorf("-%s must be %d or more", n.name, n.at))
		}
	}
	if o.timeout <= 0 {
		faults = append(faults, errors.New("-timeout must be more than 0"))
	}
	return errors.Join(faults...)
}

func (o *options) checkWords(w *choices) error {
	var faults []error
	oneOf := func(name, value string, allowed ...string) int {
		for i, word := range allowed {
			if value == word {
				return i
			}
		}
		faults = append(faults, fmt.Errorf("-%s must be one of %s, not %q", name, strings.Join(allowed, ", "), value))
		return 0
	}
	var err error
	if o.separator, err = separatorOf(w.separator); err != nil {
		faults = append(faults, err)
	}
	oneOf("format", o.format, formatAuto, formatCSV, formatNDJSON)
	oneOf("progress", o.progress, progressAuto, progressPlain, progressNone)
	o.onUnknown = batch.OnUnknown(oneOf("on-unknown", w.onUnknown, unknownPolicies()...)) //nolint:gosec // an index of three
	o.onKeyFailure = []batch.OnKeyFailure{batch.ContinueKey, batch.HoldKey}[oneOf("on-key-failure", w.onKeyFailure, "continue", "hold")]
	return errors.Join(faults...)
}

// checkTarget checks where the load goes, and with what credentials.
func (o *options) checkTarget(given map[string]bool, endpoint string, getenv func(string) string) error {
	var faults []error
	ep, err := endpointNamed(endpoint, o.xml)
	switch {
	case err != nil:
		faults = append(faults, err)
	case o.file == "" && !canGenerate(&ep):
		faults = append(faults, fmt.Errorf("sample invoices are transactions: -endpoint %q needs a FILE", endpoint))
	}
	o.endpoint = ep
	if err == nil {
		faults = append(faults, o.checkReconcile())
	}
	credentials, err := credentialsFrom(getenv)
	if err != nil {
		faults = append(faults, err)
	}
	o.credentials = credentials
	if o.baseURL == "" {
		faults = append(faults, checkSimulator(&o.sim))
		return errors.Join(faults...)
	}
	if err == nil && credentials == nil && !o.dryRun {
		faults = append(faults, errors.New("-base-url needs credentials in the environment: "+
			"CAPILLARY_USERNAME and CAPILLARY_PASSWORD, or CAPILLARY_KEY and CAPILLARY_SECRET"))
	}
	if o.file == "" && !given["generate"] && !loopback(o.baseURL) {
		faults = append(faults, errors.New("there is no FILE, and sample invoices go to another machine only with -generate"))
	}
	for name := range given {
		if strings.HasPrefix(name, simPrefix) {
			faults = append(faults, fmt.Errorf("-%s is for the built-in simulator, and there is a base URL", name))
		}
	}
	return errors.Join(faults...)
}

// loopback tells whether an address is of this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// credentialsFrom returns the credentials of the environment; nil if there are none. An empty variable counts as unset. Secrets are
// never flags: every user of the machine can see those.
func credentialsFrom(getenv func(string) string) (client.Option, error) {
	user, password := getenv("CAPILLARY_USERNAME"), getenv("CAPILLARY_PASSWORD")
	key, secret := getenv("CAPILLARY_KEY"), getenv("CAPILLARY_SECRET")
	basic, oauth := user != "" || password != "", key != "" || secret != ""
	switch {
	case basic && oauth:
		return nil, errors.New("CAPILLARY_USERNAME and CAPILLARY_PASSWORD, or CAPILLARY_KEY and CAPILLARY_SECRET, not both")
	case basic && (user == "" || password == ""):
		return nil, errors.New("CAPILLARY_USERNAME and CAPILLARY_PASSWORD need each other")
	case oauth && (key == "" || secret == ""):
		return nil, errors.New("CAPILLARY_KEY and CAPILLARY_SECRET need each other")
	case basic:
		return client.WithBasic(user, password), nil
	case oauth:
		return client.WithOAuth(key, secret), nil
	default:
		return nil, nil
	}
}
