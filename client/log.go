package client

import (
	"context"
	"log/slog"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// WithLogger sets where the client tells of calls and their attempts. The
// default is silence. These are the records:
//
//	debug   attempt             one HTTP request ended
//	debug   call                a call ended, whatever came of it
//	warn    call given up       it ended though its last answer was not final
//	error   observer panicked   a function given to WithObserve did
//
// Their attributes, each left out where it does not apply:
//
//	op            the endpoint's name, such as v2/transactions/bulk
//	attempt       number of the attempt, from 1
//	attempts      how many there were
//	outcome       of the attempt or call: applied, duplicate, refused, unknown, not-sent
//	elapsed       how long it took; a call from its first attempt on
//	wait          delay before the next attempt
//	http_status   of the answer, or the last one
//	request_id    the service's name for it, for which its support asks
//	applied       number of items with this outcome; so are the next four
//	duplicate
//	refused
//	unknown
//	not_sent
//	code          status code of the refusal
//	kind          what the code means, such as transient
//	stop          why the call was given up
//	error         what went wrong, without the service's own words
//	event         of the panic
//
// That items are refused is an answer: its place is the caller's error, not a
// level for operators.
//
// No record holds a credential, a body, a header, a query, an item's id or key,
// or a text of the service, which may quote a customer.
func WithLogger(logger *slog.Logger) Option {
	return func(cfg *config) {
		if logger == nil {
			cfg.fault("WithLogger", "must not be nil")
		}
		cfg.logger = logger
	}
}

// ended tells observers and the log that a call returns err.
func (c *core) ended(ctx context.Context, seen *observation, x *exchange, result *transport.Result, err error) {
	if seen != nil {
		seen.end(x, result, err)
	}
	if c.logger != nil && c.logger.Enabled(ctx, slog.LevelDebug) {
		c.logCall(ctx, x, result, err)
	}
}

// logCall records a call at debug level, whatever came of it: that items are
// refused is for the caller to judge, who has them in the error.
func (c *core) logCall(ctx context.Context, x *exchange, result *transport.Result, err error) {
	outcome := caperrors.Applied
	if err != nil {
		outcome = caperrors.OutcomeOf(err)
	}
	attrs := []slog.Attr{
		slog.String("op", x.request.Op),
		slog.Int("attempts", result.Attempts),
		slog.String("outcome", outcome.String()),
		slog.Duration("elapsed", result.Elapsed),
	}
	attrs = transport.AppendAnswer(attrs, result.Answer)
	n := x.items(err)
	for _, items := range [...]struct {
		key   string
		count int
	}{
		{"applied", n.Applied},
		{"duplicate", n.Duplicate},
		{"refused", n.Refused},
		{"unknown", n.Unknown},
		{"not_sent", n.NotSent},
	} {
		if items.count > 0 {
			attrs = append(attrs, slog.Int(items.key, items.count))
		}
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "call", transport.AppendError(attrs, err)...)
}
