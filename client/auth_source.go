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
		return f.grant.login, f.err
	case <-ctx.Done():
		s.leave(f)
		return login{}, ctx.Err()
	}
}

func (g *grant) lives() bool { return g.until.IsZero() || time.Now().Before(g.until) }

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
