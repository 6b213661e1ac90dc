package batch

import "sync"

// lock is the core's lock. Jobs that get results while it is held are woken when
// it is given back: woken at once, their goroutines would only run against it.
type lock struct {
	mu   sync.Mutex
	news []*job
}

// Lock takes the lock.
func (l *lock) Lock() { l.mu.Lock() }

// Unlock wakes the jobs with news and gives the lock back.
func (l *lock) Unlock() {
	if len(l.news) > 0 {
		l.wake()
	}
	l.mu.Unlock()
}

func (l *lock) wake() {
	for i, j := range l.news {
		l.news[i], j.news = nil, false
		signal(j.ready)
	}
	l.news = l.news[:0]
}

// tell has a job woken that got a result. The lock is held.
func (l *lock) tell(j *job) {
	if !j.news {
		j.news = true
		l.news = append(l.news, j)
	}
}
