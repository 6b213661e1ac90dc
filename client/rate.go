package client

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"

	caperrors "github.com/capillary-go/capillary/errors"
)

// limiters are made once, by New, so that they need no lock.
func newLimiters(rates map[string]int) map[string]*rate.Limiter {
	limiters := make(map[string]*rate.Limiter, len(rates))
	for endpoint, callsPerMinute := range rates {
		limiters[endpoint] = rate.NewLimiter(rate.Limit(float64(callsPerMinute)/60), 1)
	}
	return limiters
}

// pace returns what waits for the endpoint's next call; nil if it has no pace.
func (c *core) pace(endpoint string) func(context.Context) error {
	limiter := c.limiters[endpoint]
	if limiter == nil {
		return nil
	}
	return func(ctx context.Context) error { return waitPace(ctx, limiter) }
}

func waitPace(ctx context.Context, limiter *rate.Limiter) error {
	err := limiter.Wait(ctx)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// The limiter sees that the deadline is nearer than its next slot, and
	// says so with an error of no type.
	return fmt.Errorf("wait for the rate: %w", caperrors.ErrDeadlineTooNear)
}
