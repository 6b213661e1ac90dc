package transport

import (
	"errors"
	"log/slog"

	caperrors "github.com/capillary-go/capillary/errors"
)

// logAttempt records the attempt that ended, at debug level.
func (c *call) logAttempt(a *Attempt) {
	if !c.t.logger.Enabled(c.last.ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("op", c.req.Op),
		slog.Int("attempt", a.Number),
		slog.String("outcome", a.Outcome.String()),
		slog.Duration("elapsed", a.Took),
	}
	attrs = AppendAnswer(attrs, c.last.answer)
	attrs = AppendError(attrs, a.Err)
	if a.Again {
		attrs = append(attrs, slog.Duration("wait", a.Wait))
	}
	c.t.logger.LogAttrs(c.last.ctx, slog.LevelDebug, "attempt", attrs...)
}

// logGivenUp warns of a call that ended though its last answer was not final.
// That the caller's own context ended is no news to the caller.
func (c *call) logGivenUp(failure *caperrors.CallError) {
	if failure.Stop == 0 || failure.Stop == caperrors.ErrContextEnded || !c.t.logger.Enabled(c.ctx, slog.LevelWarn) {
		return
	}
	attrs := []slog.Attr{
		slog.String("op", failure.Op),
		slog.Int("attempts", failure.Attempts),
		slog.String("outcome", failure.Outcome.String()),
		slog.Duration("elapsed", failure.Elapsed),
		slog.String("stop", failure.Stop.Error()),
	}
	attrs = AppendAnswer(attrs, c.answer)
	c.t.logger.LogAttrs(c.ctx, slog.LevelWarn, "call given up", AppendError(attrs, failure.Err)...)
}

// AppendAnswer adds what a log may say of an answer; nil adds nothing.
func AppendAnswer(attrs []slog.Attr, answer *Answer) []slog.Attr {
	if answer == nil {
		return attrs
	}
	attrs = append(attrs, slog.Int("http_status", answer.Status))
	if answer.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", caperrors.MaskRequestID(answer.RequestID)))
	}
	return attrs
}

// AppendError adds what a log may say of an error: code, kind and text. The
// server's own words are left out: they may quote a customer, and the caller has
// them in the error.
func AppendError(attrs []slog.Attr, err error) []slog.Attr {
	if err == nil {
		return attrs
	}
	if code, ok := caperrors.CodeOf(err); ok {
		attrs = append(attrs, slog.Int("code", int(code)))
	}
	var (
		items   *caperrors.BatchError
		request *caperrors.RequestError
		decode  *caperrors.DecodeError
		text    string
	)
	switch {
	case errors.As(err, &items):
		text = items.Error()
	case errors.As(err, &request):
		attrs = append(attrs, slog.String("kind", request.Kind.String()))
		wordless := *request
		wordless.Message = ""
		text = wordless.Error()
	case errors.As(err, &decode):
		if decode.Kind != 0 {
			attrs = append(attrs, slog.String("kind", decode.Kind.String()))
		}
		wordless := *decode
		wordless.Excerpt = ""
		text = wordless.Error()
	default:
		text = caperrors.Mask(err.Error())
	}
	return append(attrs, slog.String("error", text))
}
