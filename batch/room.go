package batch

import (
	"context"
	"slices"

	caperrors "github.com/capillary-go/capillary/errors"
)

// room is the memory of a call, which later calls use again. Only an [Appender]
// gets it: any other sender might keep some of it.
type room struct {
	bodies   [][]byte
	ids      []string
	verdicts []caperrors.Verdict
}

// takeRoom returns memory for a call; nil if the sender takes none. It is called
// with the lock held.
func (c *core) takeRoom() *room {
	if c.appender == nil {
		return nil
	}
	n := len(c.rooms)
	if n == 0 {
		return new(room)
	}
	r := c.rooms[n-1]
	c.rooms = c.rooms[:n-1]
	return r
}

// giveRoom takes back the memory of a call whose items are settled. It keeps
// nothing alive. It is called with the lock held.
func (c *core) giveRoom(cl *call) {
	r := cl.room
	if r == nil || len(c.jobs) == 0 || len(c.rooms) >= c.maxConcurrency {
		return
	}
	clear(r.bodies)
	clear(r.ids)
	clear(r.verdicts[:cap(r.verdicts)])
	r.bodies, r.ids, r.verdicts = r.bodies[:0], r.ids[:0], r.verdicts[:0]
	c.rooms = append(c.rooms, r)
	cl.room = nil
}

// sendAppend makes a call in its room.
func (c *core) sendAppend(ctx context.Context, cl *call) ([]caperrors.Verdict, error) {
	r := cl.room
	cl.room = nil // and so it stays if the sender panics: it may be at work there
	r.bodies = slices.Grow(r.bodies, len(cl.items))
	for _, it := range cl.items {
		r.bodies = append(r.bodies, it.body)
	}
	var ids []string
	if c.knowsIDs {
		r.ids = slices.Grow(r.ids, len(cl.items))
		for _, it := range cl.items {
			r.ids = append(r.ids, it.id)
		}
		ids = r.ids
	}
	verdicts, err := c.appender.SendAppend(ctx, r.verdicts, r.bodies, ids)
	if cap(verdicts) > cap(r.verdicts) {
		r.verdicts = verdicts
	}
	cl.room = r
	return verdicts, err
}
