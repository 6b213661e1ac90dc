package batch

import "time"

// EventKind is what an [Event] tells.
type EventKind uint8

// The events.
const (
	// CallStarted: a call goes out with Items items.
	CallStarted EventKind = iota + 1
	// CallEnded: a call came back after Took. Err is nil if it was answered
	// item by item.
	CallEnded
	// LimitLearned: what is known of the server's limits has changed, or is known
	// from before: Items items fit in a call, and Bytes bytes of items. Each is 0
	// while nothing is known of it, as at first and after a limit fell.
	LimitLearned
	// LimitRejected: a call with Items items was refused as oversize; for its
	// Bytes, if that is not 0.
	LimitRejected
	// Waiting: no call goes out for Took, because the server is too busy or out
	// of reach, or the budget for repeated calls is empty. Err is what came back
	// last.
	Waiting
	// HotKey: more than half the window, Items of it, is of one key. They go one
	// after another, however many calls may be in flight. It comes again only
	// after the key's items were fewer than a quarter of the window. It does not
	// tell the key, which names a customer and has no place in a log: the
	// results tell it.
	HotKey
	// CallWasted: the call that has just ended settled no item. Added up they
	// are [Progress.Wasted].
	CallWasted
)

// Event is something that happened in an engine.
type Event struct {
	Kind     EventKind     // what happened; it decides which fields are set
	At       time.Time     // when
	Items    int           // as the kind says; else 0
	Bytes    int           // as the kind says; else 0
	InFlight int           // calls in flight, this one included
	Took     time.Duration // of the call that ended, or of the wait
	Err      error         // as the kind says; else nil
}

// event notes an event under the lock; flush hands it out after it.
func (c *core) event(e Event) {
	if c.observe != nil {
		c.events = append(c.events, e)
	}
}

// flush hands the noted events to the observer, in their order and one at a
// time.
func (c *core) flush() {
	if c.observe == nil {
		return
	}
	c.observing.Lock()
	defer c.observing.Unlock()
	c.mu.Lock()
	events := c.events
	c.events = nil
	c.mu.Unlock()
	for _, e := range events {
		c.observe(e)
	}
}
