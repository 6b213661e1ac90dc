package transport

import (
	"errors"
	"log/slog"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// logAttempt records the attempt that ended; wait is what comes before the next
// one.
func (c *call) logAttempt(wait time.Duration) {
	if !c.t.logger.Enabled(c.last.ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("op", c.req.Op), slog.Int("attempt", c.attempts)}
	if answer := c.answered(); answer != nil {
		attrs = append(attrs, slog.Int("http_status", answer.Status))
		if answer.RequestID != "" {
			attrs = append(attrs, slog.String("request_id", caperrors.MaskRequestID(answer.RequestID)))
		}
	}
	attrs = append(attrs,
		slog.String("outcome", c.last.effect.String()),
		slog.Duration("elapsed", c.last.ended.Sub(c.last.started)),
	)
	c.t.logger.LogAttrs(c.last.ctx, slog.LevelDebug, "attempt", append(attrs, errorAttrs(c.last.err, wait)...)...)
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
		attrs = append(attrs, slog.String("request_id", caperrors.MaskRequestID(failure.RequestID)))
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
