package client

import (
	"context"
	"sync"
	"time"
)

// login is what one header of an attempt says of who calls.
type login struct{ header, value string }

// grant is a login and how long it is good for.
type grant struct {
	login

	until time.Time // when to ask for the next one; zero: when it is refused
	ends  time.Time // when its life is over, if that is known to be later
}

// logins shares one login between all calls of a client.
type logins struct {
	fetch func(context.Context) (grant, error)

	mu     sync.Mutex
	grant  grant
	flight *flight // the fetch under way; nil if none is
}

// flight is one fetch that callers wait for together. It belongs to them all:
// it ends when it has an answer, or when the last of them has left.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	grant   grant // valid once done is closed, like err
	err     error
}

// get returns a login that is not the refused one, unless a new fetch brings
// the same again. It fetches one if there is none or its life is nearly over.
func (s *logins) get(ctx context.Context, refused login) (login, error) {
	s.mu.Lock()
	if s.grant.value != "" && s.grant.login != refused && s.grant.lives() {
		defer s.mu.Unlock()
		return s.grant.login, nil
	}
	f := s.flight
	if f == nil {
		f = s.start(ctx)
	}
	f.waiters++
	s.mu.Unlock()
	select {
	case <-f.done:
		if old, ok := s.spare(refused); ok && f.err != nil {
			return old, nil
		}
		return f.grant.login, f.err
	case <-ctx.Done():
		s.leave(f)
		return login{}, ctx.Err()
	}
}

func (g *grant) lives() bool { return g.until.IsZero() || time.Now().Before(g.until) }

// postpone puts off asking again after it failed: to the middle of what is left of
// the old one's life.
func (g *grant) postpone() {
	if now := time.Now(); !g.lives() && now.Before(g.ends) {
		g.until = now.Add(g.ends.Sub(now) / 2)
	}
}

// spare returns a login that was to be renewed and is good for a while yet, so
// that calls do not fail with the renewal before they have to.
func (s *logins) spare(refused login) (login, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.grant
	return old.login, old.value != "" && old.login != refused && time.Now().Before(old.ends)
}

// start begins a fetch. It keeps the values of ctx, for traces, but not its
// end: others may wait longer. The caller holds the lock.
func (s *logins) start(ctx context.Context) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	s.flight = f
	go func() {
		defer cancel()
		f.grant, f.err = s.fetch(ctx)
		s.mu.Lock()
		if f.err == nil {
			s.grant = f.grant
		} else {
			s.grant.postpone()
		}
		if s.flight == f {
			s.flight = nil
		}
		s.mu.Unlock()
		close(f.done)
	}()
	return f
}

// leave gives up waiting. The last to leave ends the fetch and waits for that.
func (s *logins) leave(f *flight) {
	s.mu.Lock()
	f.waiters--
	last := f.waiters == 0
	if last {
		f.cancel()
		if s.flight == f {
			s.flight = nil // its answer is of no use to those who come now
		}
	}
	s.mu.Unlock()
	if last {
		<-f.done
	}
}
