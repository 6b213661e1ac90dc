package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// observers are who is told of a client's calls.
type observers struct {
	funcs  []func(context.Context, Event) context.Context
	server string
}

func newObservers(cfg *config) observers {
	o := observers{funcs: cfg.observers}
	if u, err := url.Parse(cfg.baseURL); err == nil {
		port := u.Port()
		switch {
		case port != "":
		case u.Scheme == "https":
			port = "443"
		default:
			port = "80"
		}
		o.server = u.Hostname() + ":" + port
	}
	return o
}

// tell calls the observers one after another and returns the context with the
// values of the last.
func (c *core) tell(ctx context.Context, e Event) context.Context {
	for _, observe := range c.observers.funcs {
		ctx = c.tellOne(ctx, observe, e)
	}
	return ctx
}

// tellOne keeps a panic of the observer from ending a call whose outcome would
// then be lost.
func (c *core) tellOne(ctx context.Context, observe func(context.Context, Event) context.Context, e Event) (next context.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		next = ctx
		if c.logger != nil {
			c.logger.LogAttrs(ctx, slog.LevelError, "observer panicked",
				slog.String("op", e.Endpoint), slog.String("event", e.Kind.String()),
				slog.String("error", caperrors.Mask(fmt.Sprint(v))))
		}
	}()
	next = observe(ctx, e)
	starts := e.Kind == CallStarted || e.Kind == AttemptStarted
	if next == nil || !starts {
		return ctx
	}
	return withValues{Context: ctx, values: next}
}

// withValues is a context with the values of another one.
type withValues struct {
	context.Context

	values context.Context
}

// Value asks the other context.
func (c withValues) Value(key any) any { return c.values.Value(key) }

// observation is one call that observers are told of.
type observation struct {
	core    *core
	request *transport.Request
	ctx     context.Context // as the observers made it
	started time.Time
}

// observe tells that a call begins. It returns the call's context, and nil if
// nobody is to be told.
func (c *core) observe(ctx context.Context, request *transport.Request) (context.Context, *observation) {
	if len(c.observers.funcs) == 0 {
		return ctx, nil
	}
	o := &observation{core: c, request: request, started: time.Now()}
	request.Observer = o
	o.ctx = c.tell(ctx, o.event(CallStarted))
	return o.ctx, o
}

func (o *observation) event(kind EventKind) Event {
	return Event{
		Kind: kind, Endpoint: o.request.Op, Method: o.request.Method,
		Server: o.core.observers.server, Tokens: o.core.budget.Tokens(),
	}
}

// AttemptStarted is of [transport.Observer].
func (o *observation) AttemptStarted(ctx context.Context, a transport.Attempt) context.Context {
	e := o.event(AttemptStarted)
	e.Attempt, e.Wait, e.Err = a.Number, a.Wait, a.Err
	return o.core.tell(ctx, e)
}

// AttemptEnded is of [transport.Observer].
func (o *observation) AttemptEnded(ctx context.Context, a transport.Attempt) {
	e := o.event(AttemptEnded)
	e.Attempt, e.Wait, e.Again, e.Took = a.Number, a.Wait, a.Again, a.Took
	e.Outcome, e.HTTPStatus, e.RequestID, e.Err = a.Outcome, a.Status, caperrors.MaskRequestID(a.RequestID), a.Err
	e.Sent, e.Received = len(o.request.Body), a.Received
	e.Code, _ = caperrors.CodeOf(a.Err)
	if errors.Is(a.Err, caperrors.ErrDuplicate) { // to the transport it is a refusal
		e.Outcome = caperrors.Duplicate
	}
	o.core.tell(ctx, e)
}

// end tells that the call returns err.
func (o *observation) end(x *exchange, result *transport.Result, err error) {
	e := o.event(CallEnded)
	e.Attempt, e.Took, e.Items, e.Err = result.Attempts, time.Since(o.started), x.items(err), err
	e.Outcome = caperrors.Applied
	if err != nil {
		e.Outcome = caperrors.OutcomeOf(err)
		e.Code, _ = caperrors.CodeOf(err)
	}
	if a := result.Answer; a != nil {
		e.HTTPStatus, e.RequestID = a.Status, caperrors.MaskRequestID(a.RequestID)
	}
	o.core.tell(o.ctx, e)
}

// items counts what became of the items of a call that returns err.
func (x *exchange) items(err error) ItemCounts {
	var n ItemCounts
	var some *caperrors.BatchError
	if err != nil && !errors.As(err, &some) {
		n.add(caperrors.OutcomeOf(err), x.judge.call.Count)
		return n
	}
	for i := range x.judge.reply.Verdicts {
		n.add(x.judge.reply.Verdicts[i].Outcome, 1)
	}
	return n
}
