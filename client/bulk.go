package client

import (
	"context"
	"errors"
	"sync"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
	"github.com/capillary-go/capillary/retry"
)

// Bulk sends many items a call to one endpoint, for the engines of package
// batch: it is their Sender, and tells them of the endpoint and of what the
// client shares. It is safe for concurrent use.
type Bulk struct {
	core    *core
	ep      Endpoint
	address string
	fields  *wire.Fields // the key fields and the id
	turns   *pace        // nil if nothing can be sent
	err     error        // why nothing can be sent; found when the Bulk was made
	rooms   sync.Pool    // of *room
}

// Bulk returns a sender for an endpoint that takes many items a call. If the
// endpoint is faulty, every Send says so and sends nothing.
func (c *Client) Bulk(ep Endpoint) *Bulk {
	if err := c.check(); err != nil {
		return &Bulk{core: &core{shared: &shared{values: make(map[string]any)}}, ep: ep, fields: ep.itemFields(), err: err}
	}
	turns := c.core.paces.of(ep.Name)
	return &Bulk{
		core:    c.core,
		ep:      ep,
		address: c.core.url(ep.Path, ep.Query, nil),
		fields:  ep.itemFields(),
		turns:   &turns,
		err:     errors.Join(ep.Validate(), ep.many()),
	}
}

// Send makes one call and returns one verdict for each item, in their order.
// Each item is an encoded JSON object; this is not checked, see [Bulk.Inspect].
// Send repeats only what was not sent, and once what was refused for its
// credentials. It does not wait for the pace before its first attempt: that is
// what [Bulk.Wait] is for.
//
// The error, if any, is a [caperrors.CallError]: the request as a whole came to
// nothing, and its Outcome holds for every item.
func (b *Bulk) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	return b.SendAppend(ctx, nil, items, nil)
}

// SendAppend does what Send does, with memory and knowledge that the engines
// have. It appends the verdicts to dst; beyond it dst's memory is overwritten.
// Ids are the items' natural ids as Inspect returned them; nil makes it read
// them. It keeps no part of the three slices.
func (b *Bulk) SendAppend(ctx context.Context, dst []caperrors.Verdict, items [][]byte, ids []string) ([]caperrors.Verdict, error) {
	if b.err != nil {
		return nil, &caperrors.CallError{Op: b.ep.Name, Outcome: caperrors.NotSent, Err: b.err}
	}
	if len(items) == 0 {
		return dst, nil
	}
	m := b.room()
	x, err := b.core.sendingIn(m, &b.ep, b.address, items, ids)
	if err != nil {
		return nil, &caperrors.CallError{Op: b.ep.Name, Outcome: caperrors.NotSent, Err: err}
	}
	x.request.OnlyUnsent = true
	reading := b.core.shared.room()
	x.judge.call.Room, x.judge.call.Verdicts = reading, dst[len(dst):]
	ctx, seen := b.core.observe(ctx, &x.request)
	result, err := b.core.transport.Do(ctx, &x.request)
	b.core.shared.rooms.Put(reading)
	b.core.ended(ctx, seen, x, &result, err)
	verdicts := x.judge.reply.Verdicts
	b.core.shared.done(x, result.Released)
	if result.Released {
		m.release()
	}
	if err != nil {
		return nil, err
	}
	return appendVerdicts(dst, verdicts), nil
}

// Same reports whether sender is this very Bulk.
func (b *Bulk) Same(sender any) bool {
	same, ok := sender.(*Bulk)
	return ok && same == b
}

// Name returns the endpoint's name.
func (b *Bulk) Name() string { return b.ep.Name }

// MaxItems returns the documented number of items a call may carry; 0 if none is.
func (b *Bulk) MaxItems() int { return b.ep.MaxItems }

// AllOrNothing reports whether one failed item fails its whole call.
func (b *Bulk) AllOrNothing() bool { return b.ep.AllOrNothing }

// Inspect checks that the item is one encoded JSON object, nested at most 200
// deep, and returns its key and its natural id, read in the same pass. The key
// is the first of the endpoint's key fields that the item fills; each is empty
// if the item has none. For an endpoint in XML it also checks that the item has a
// form in XML. The error is a [caperrors.ArgumentError] that names the byte, or
// the member, and what is wrong there.
func (b *Bulk) Inspect(item []byte) (key, id string, err error) {
	if key, id, err = inspect(b.fields, item); err != nil || !b.ep.XML {
		return key, id, err
	}
	if err = wire.CheckXML(b.ep.Root, item); err != nil {
		return "", "", misfit("item", -1, "does not encode to XML", err)
	}
	return key, id, nil
}

// Policy returns the client's retry policy.
func (b *Bulk) Policy() retry.Policy { return b.core.policy }

// Budget returns the client's budget for retries.
func (b *Bulk) Budget() *retry.Budget { return b.core.budget }

// Wait blocks until the pace allows the endpoint's next call, as [WithRate],
// [WithLimiter] and the server's answers set it. It returns at once if there is
// none. If the turn cannot come before the deadline of ctx, it returns
// [caperrors.ErrDeadlineTooNear] at once.
func (b *Bulk) Wait(ctx context.Context) error {
	if b.turns == nil {
		return ctx.Err()
	}
	return b.turns.wait(ctx)
}

// Rate returns the pace in calls a second that is in force now; 0 if there is
// none. After answers with HTTP status 429 it is below that of [WithRate]; what
// a [Limiter] holds back is not in it.
func (b *Bulk) Rate() float64 {
	if b.turns == nil {
		return 0
	}
	return b.turns.rate()
}

// Shared returns the value that create made when this endpoint's was first
// asked for. It is one for each client and endpoint name. Create must not call
// Shared.
func (b *Bulk) Shared(create func() any) any {
	s := b.core.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.values[b.ep.Name]; ok {
		return v
	}
	v := create()
	s.values[b.ep.Name] = v
	return v
}
