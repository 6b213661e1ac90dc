package main

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/time/rate"
)

// share is a worker's part of the calls a minute: the limit of the whole job times its partitions, by all partitions. It needs no store
// that could be down, and moves with the partitions. Without a limit it never waits.
type share struct {
	total      rate.Limit // of all workers, in calls a second; 0: no limit
	partitions int

	limiter *rate.Limiter

	mu  sync.Mutex
	own int
}

func newShare(callsPerMinute, partitions int) *share {
	s := &share{total: rate.Limit(float64(callsPerMinute) / 60), partitions: partitions}
	s.limiter = rate.NewLimiter(s.limit(1), 1)
	return s
}

// moved tells that partitions came (1) or went (-1).
func (s *share) moved(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own += by
	// With none there is nothing to send; a limit of zero would be for ever.
	s.limiter.SetLimit(s.limit(max(1, s.own)))
}

func (s *share) limit(own int) rate.Limit {
	return s.total * rate.Limit(own) / rate.Limit(s.partitions)
}

func (s *share) wait(ctx context.Context) error {
	if s.total == 0 {
		return ctx.Err()
	}
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the share of the rate: %w", err)
	}
	return nil
}

func (s *share) rate() float64 {
	if s.total == 0 {
		return 0
	}
	return float64(s.limiter.Limit())
}
