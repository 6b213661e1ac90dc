package otelcapillary

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// spanKey is where the context has the span of a call or attempt. The span that
// OpenTelemetry finds in it may be another observer's.
type spanKey struct {
	owner *Instrumentation
	call  bool
}

func (i *Instrumentation) startCall(ctx context.Context, e *client.Event) context.Context {
	ctx, span := i.tracer.Start(ctx, e.Endpoint,
		trace.WithSpanKind(trace.SpanKindInternal),
		trace.WithAttributes(keyEndpoint.String(e.Endpoint)))
	return context.WithValue(ctx, spanKey{i, true}, span)
}

func (i *Instrumentation) startAttempt(ctx context.Context, e *client.Event) context.Context {
	attrs := append(server(e), keyEndpoint.String(e.Endpoint), keyMethod.String(e.Method))
	if e.Attempt > 1 {
		attrs = append(attrs, keyResend.Int(e.Attempt-1))
	}
	ctx, span := i.tracer.Start(ctx, e.Method+" "+e.Endpoint,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attrs...))
	return context.WithValue(ctx, spanKey{i, false}, span)
}

// end ends the span of a call or attempt. The client hands back the context that
// was returned at its start.
func (i *Instrumentation) end(ctx context.Context, e *client.Event) {
	span, ok := ctx.Value(spanKey{i, e.Kind == client.CallEnded}).(trace.Span)
	if !ok {
		return
	}
	defer span.End()
	if !span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{keyOutcome.String(e.Outcome.String())}
	if e.Code != 0 {
		attrs = append(attrs, keyCode.Int(int(e.Code)))
	}
	if e.RequestID != "" {
		attrs = append(attrs, keyRequestID.String(e.RequestID))
	}
	if name := errorType(e); name != "" {
		attrs = append(attrs, keyErrorType.String(name))
		span.SetStatus(codes.Error, name) // not the error's text: it has the service's words
	}
	if e.Kind == client.CallEnded {
		attrs = append(attrs, keyAttempts.Int(e.Attempt))
		attrs = append(attrs, items(&e.Items)...)
	} else if e.HTTPStatus != 0 {
		attrs = append(attrs, keyStatusCode.Int(e.HTTPStatus))
	}
	span.SetAttributes(attrs...)
}

func items(n *client.ItemCounts) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 5)
	for _, count := range counts(n) {
		if count.items > 0 {
			attrs = append(attrs, attribute.Int(keyItems+count.key, count.items))
		}
	}
	return attrs
}

type count struct {
	key     string
	outcome caperrors.Outcome
	items   int
}

func counts(n *client.ItemCounts) [5]count {
	return [...]count{
		{"applied", caperrors.Applied, n.Applied},
		{"duplicate", caperrors.Duplicate, n.Duplicate},
		{"refused", caperrors.Refused, n.Refused},
		{"unknown", caperrors.Unknown, n.Unknown},
		{"not_sent", caperrors.NotSent, n.NotSent},
	}
}
