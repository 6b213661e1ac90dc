package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
)

// simPrefix begins the names of the flags that only the built-in simulator minds.
const simPrefix = "sim-"

// The credentials of the built-in simulator are made up.
const (
	simUser     = "demo.till"
	simPassword = "demo"
)

func simulatorFlags(set *flag.FlagSet, sim *clienttest.Options) {
	const only = " (built-in simulator only)"
	f := &sim.Faults
	set.IntVar(&sim.BatchLimit, simPrefix+"limit", 100, "items a call may carry, 0 for any number"+only)
	set.BoolVar(&sim.NameLimit, simPrefix+"name-limit", false, "name the limit when a call is above it"+only)
	set.DurationVar(&sim.Latency, simPrefix+"latency", 50*time.Millisecond, "time each call takes"+only)
	set.IntVar(&sim.CallsPerMinute, simPrefix+"rpm", 0, "calls a minute before HTTP 429, 0 for any number"+only)
	set.BoolVar(&sim.Forget, simPrefix+"forget", false, "remember no bill, so that memory stays flat in endless loads, and none is a duplicate"+only)
	set.Uint64Var(&sim.Seed, simPrefix+"seed", 1, "seed of the mishaps"+only)
	set.Float64Var(&f.ItemBusy, simPrefix+"item-busy", 0.03, "probability that an item is refused for now with 521"+only)
	set.Float64Var(&f.SearchBusy, simPrefix+"search-busy", 0.01, "probability that a call is refused for now with 461"+only)
	set.Float64Var(&f.CustomerBusy, simPrefix+"customer-busy", 0.01, "probability that a call is refused for now with 521"+only)
	set.Float64Var(&f.AuthzUnavailable, simPrefix+"authz-unavailable", 0.01, "probability that a call is refused for now with 503"+only)
	set.Float64Var(&f.CutAfter, simPrefix+"cut", 0, "probability that a connection is cut, half of them before the work and half after"+only)
}

// checkSimulator checks the flags, and halves the probability of a cut: the caller cannot tell one after the work from one before it.
func checkSimulator(sim *clienttest.Options) error {
	var faults []error
	f := &sim.Faults
	for _, c := range []struct {
		name string
		p    float64
	}{
		{"item-busy", f.ItemBusy},
		{"search-busy", f.SearchBusy},
		{"customer-busy", f.CustomerBusy},
		{"authz-unavailable", f.AuthzUnavailable},
		{"cut", f.CutAfter},
	} {
		if !(c.p >= 0 && c.p <= 1) { // NaN too
			faults = append(faults, fmt.Errorf("-%s%s is a probability, from 0 to 1", simPrefix, c.name))
		}
	}
	if sim.BatchLimit < 0 || sim.CallsPerMinute < 0 || sim.Latency < 0 {
		faults = append(faults, errors.New("-sim-limit, -sim-rpm and -sim-latency must be 0 or more"))
	}
	f.CutBefore, f.CutAfter = f.CutAfter/2, f.CutAfter/2
	return errors.Join(faults...)
}
