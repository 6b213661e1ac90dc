package client

import (
	"context"
	"log/slog"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

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
