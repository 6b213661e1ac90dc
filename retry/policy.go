package retry

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of a [Policy].
const (
	DefaultMaxAttempts    = 4                      // AWS: 3, gRPC: at most 5
	DefaultTransportDelay = 50 * time.Millisecond  // AWS, transient errors
	DefaultConflictDelay  = 250 * time.Millisecond // a lock on one customer lasts as long as one action
	DefaultOverloadDelay  = time.Second            // AWS, throttling
	DefaultMaxDelay       = 20 * time.Second       // AWS
	DefaultMaxRetryAfter  = 60 * time.Second       // Azure
)

// longestDelay bounds every wait that a policy may name. It keeps sums of waits
// far from the end of [time.Duration].
const longestDelay = 24 * time.Hour

// Policy says how often one call is repeated and how long it waits in between.
// A field that is zero means its default, so the zero Policy works. It is a
// plain value: copy, compare and share it freely.
type Policy struct {
	// MaxAttempts bounds the attempts of one call, the first included: 1 never
	// repeats. Zero means 4.
	MaxAttempts int

	// MaxElapsed bounds the time from the first attempt to the start of the
	// last one; an attempt under way is not cut. Zero means no bound beyond
	// MaxAttempts and the context.
	MaxElapsed time.Duration

	TransportDelay time.Duration // base of the wait for [Transport]; zero means 50 ms
	ConflictDelay  time.Duration // base of the wait for [Conflict]; zero means 250 ms
	OverloadDelay  time.Duration // base of the wait for [Overload] and [Throttled]; zero means 1 s

	// MaxDelay caps every wait that the server did not ask for, jitter
	// included. At most 24 h; zero means 20 s.
	MaxDelay time.Duration

	// MaxRetryAfter is the longest wait that the server may ask for. If it asks
	// for more the call is given up. At most 24 h; zero means 60 s.
	MaxRetryAfter time.Duration
}

// WithDefaults returns the policy with its defaults filled in.
func (p Policy) WithDefaults() Policy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = DefaultMaxAttempts
	}
	p.TransportDelay = orDefault(p.TransportDelay, DefaultTransportDelay)
	p.ConflictDelay = orDefault(p.ConflictDelay, DefaultConflictDelay)
	p.OverloadDelay = orDefault(p.OverloadDelay, DefaultOverloadDelay)
	p.MaxDelay = orDefault(p.MaxDelay, DefaultMaxDelay)
	p.MaxRetryAfter = orDefault(p.MaxRetryAfter, DefaultMaxRetryAfter)
	return p
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// Validate returns all faults of the policy, each with its field's name, joined
// by [errors.Join]; nil if there are none.
func (p Policy) Validate() error {
	var faults []error
	if p.MaxAttempts < 0 {
		faults = append(faults, fmt.Errorf("MaxAttempts: %d is negative; 1 means that nothing is repeated", p.MaxAttempts))
	}
	if p.MaxElapsed < 0 {
		faults = append(faults, fmt.Errorf("MaxElapsed: %v is negative; 0 means no bound", p.MaxElapsed))
	}
	waits := [...]struct {
		field string
		value time.Duration
	}{
		{"TransportDelay", p.TransportDelay},
		{"ConflictDelay", p.ConflictDelay},
		{"OverloadDelay", p.OverloadDelay},
		{"MaxDelay", p.MaxDelay},
		{"MaxRetryAfter", p.MaxRetryAfter},
	}
	for _, wait := range waits {
		if wait.value < 0 || wait.value > longestDelay {
			faults = append(faults, fmt.Errorf("%s: %v is outside of 0 to %v", wait.field, wait.value, longestDelay))
		}
	}
	return errors.Join(faults...)
}
