package otelcapillary

import (
	"context"
	"errors"
	"net"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// scope names the instrumentation to the providers.
const scope = "github.com/capillary-go/capillary/client/otelcapillary"

// Instrumentation makes spans and metrics of events. It is safe for concurrent
// use, and one serves several clients and engines. Make it with [New].
type Instrumentation struct {
	tracer trace.Tracer
	meters meters
}

// New returns an instrumentation that sends its spans and metrics to the
// providers. Either may be nil: there are then no spans, or no metrics. The
// error is the meter's, if it refuses an instrument.
func New(tracers trace.TracerProvider, metrics metric.MeterProvider) (*Instrumentation, error) {
	if tracers == nil {
		tracers = nooptrace.NewTracerProvider()
	}
	if metrics == nil {
		metrics = noopmetric.NewMeterProvider()
	}
	i := &Instrumentation{tracer: tracers.Tracer(scope)}
	if err := i.meters.make(metrics.Meter(scope)); err != nil {
		return nil, err
	}
	return i, nil
}

// Observe is an observer for [client.WithObserve].
func (i *Instrumentation) Observe(ctx context.Context, e client.Event) context.Context {
	switch e.Kind {
	case client.CallStarted:
		return i.startCall(ctx, &e)
	case client.AttemptStarted:
		return i.startAttempt(ctx, &e)
	case client.AttemptEnded:
		i.end(ctx, &e)
		i.meters.attempt(ctx, &e)
	case client.CallEnded:
		i.end(ctx, &e)
		i.meters.call(ctx, &e)
	default:
	}
	return ctx
}

const (
	keyEndpoint   = attribute.Key("capillary.endpoint")
	keyOutcome    = attribute.Key("capillary.outcome")
	keyCode       = attribute.Key("capillary.code")
	keyRequestID  = attribute.Key("capillary.request_id")
	keyAttempts   = attribute.Key("capillary.attempts")
	keyItems      = "capillary.items."
	keyErrorType  = attribute.Key("error.type")
	keyMethod     = attribute.Key("http.request.method")
	keyResend     = attribute.Key("http.request.resend_count")
	keyStatusCode = attribute.Key("http.response.status_code")
	keyAddress    = attribute.Key("server.address")
	keyPort       = attribute.Key("server.port")
)

// server returns the attributes of the host that was called.
func server(e *client.Event) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(e.Server)
	if err != nil {
		return []attribute.KeyValue{keyAddress.String(e.Server)}
	}
	attrs := []attribute.KeyValue{keyAddress.String(host)}
	if number, err := strconv.Atoi(port); err == nil {
		attrs = append(attrs, keyPort.Int(number))
	}
	return attrs
}

// errorType returns the value of error.type; empty if there is no error. A call
// that was carried out has none, even if some of its items are not done, nor has
// one for a thing that the server has already.
func errorType(e *client.Event) string {
	var (
		decode   *caperrors.DecodeError
		sending  *caperrors.TransportError
		argument *caperrors.ArgumentError
		timeout  interface{ Timeout() bool }
	)
	switch {
	case e.Err == nil || e.Outcome.Done():
		return ""
	case errors.Is(e.Err, caperrors.ErrUnrecognised):
		return "capillary.unrecognised" // any number the server likes: too many for a label
	case e.Code != 0:
		return "capillary." + strconv.Itoa(int(e.Code))
	case errors.As(e.Err, &decode):
		if e.HTTPStatus >= 400 {
			return strconv.Itoa(e.HTTPStatus)
		}
		return "invalid_answer"
	case errors.Is(e.Err, context.Canceled):
		return "canceled"
	case errors.Is(e.Err, context.DeadlineExceeded), errors.As(e.Err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(e.Err, &sending) && sending.NotSent:
		return "not_sent"
	case sending != nil:
		return "no_answer"
	case errors.As(e.Err, &argument):
		return "argument"
	default:
		return "_OTHER"
	}
}
