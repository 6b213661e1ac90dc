package transport

import (
	"errors"
	"log/slog"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// logAttempt records an attempt that ended: err is what it says, nil for a
// success or the end of the context, wait what comes before the next one.
func (c *call) logAttempt(err error, wait time.Duration) {
	if !c.t.logger.Enabled(c.ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("op", c.req.Op), slog.Int("attempt", c.attempts)}
	if c.answer != nil && c.sending.reached(stepAnswered) {
		attrs = append(attrs, slog.Int("http_status", c.answer.Status))
		if c.answer.RequestID != "" {
			attrs = append(attrs, slog.String("request_id", caperrors.Mask(c.answer.RequestID)))
		}
	}
	c.t.logger.LogAttrs(c.ctx, slog.LevelDebug, "attempt", append(attrs, errorAttrs(err, wait)...)...)
}

// logGivenUp records a call that ended though its last answer was not final.
func (c *call) logGivenUp(failure *caperrors.CallError) {
	if failure.Stop == 0 || failure.Stop == caperrors.ErrContextEnded || !c.t.logger.Enabled(c.ctx, slog.LevelWarn) {
		return
	}
	attrs := []slog.Attr{
		slog.String("op", failure.Op),
		slog.Int("attempts", failure.Attempts),
		slog.Duration("elapsed", failure.Elapsed),
		slog.String("stop", failure.Stop.Error()),
		slog.String("outcome", failure.Outcome.String()),
	}
	if failure.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", caperrors.Mask(failure.RequestID)))
	}
	c.t.logger.LogAttrs(c.ctx, slog.LevelWarn, "call given up", append(attrs, errorAttrs(failure.Err, 0)...)...)
}

func errorAttrs(err error, wait time.Duration) []slog.Attr {
	var attrs []slog.Attr
	var request *caperrors.RequestError
	if errors.As(err, &request) {
		attrs = append(attrs, slog.Int("code", int(request.Code)), slog.String("kind", request.Kind.String()))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", caperrors.Mask(err.Error())))
	}
	if wait > 0 {
		attrs = append(attrs, slog.Duration("wait", wait))
	}
	return attrs
}
