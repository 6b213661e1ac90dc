package main

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"
)

// share is a worker's part of the calls a minute: the limit of the whole job times its partitions, by all partitions. It needs no store
// that could be down, and moves with the partitions. Without a limit it never waits. It is safe for concurrent use.
type share struct {
	total      rate.Limit // of all workers, in calls a second; 0: no limit
	partitions int
	limiter    *rate.Limiter
}

func newShare(callsPerMinute, partitions int) *share {
	s := &share{total: rate.Limit(float64(callsPerMinute) / 60), partitions: partitions}
	s.limiter = rate.NewLimiter(s.total/rate.Limit(partitions), 1)
	return s
}

// set tells how many partitions are this worker's.
func (s *share) set(own int) {
	// With none there is nothing to send; a limit of zero would be for ever.
	s.limiter.SetLimit(s.total * rate.Limit(max(1, own)) / rate.Limit(s.partitions))
}

// Wait waits for the next call of this worker.
func (s *share) Wait(ctx context.Context) error {
	if s.total == 0 {
		return ctx.Err()
	}
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the share of the rate: %w", err)
	}
	return nil
}

// Rate is this worker's share in calls a second; 0 if there is no limit.
func (s *share) Rate() float64 {
	if s.total == 0 {
		return 0
	}
	return float64(s.limiter.Limit())
}
