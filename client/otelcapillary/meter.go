package otelcapillary

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
)

// meters are the instruments.
type meters struct {
	requestDuration metric.Float64Histogram
	callDuration    metric.Float64Histogram
	retryWait       metric.Float64Histogram
	attempts        metric.Int64Counter
	items           metric.Int64Counter
	budget          metric.Int64Gauge

	batchCalls    metric.Int64Counter
	batchWasted   metric.Int64Counter
	batchInFlight metric.Int64Gauge
	batchLimit    metric.Int64Gauge
	batchBytes    metric.Int64Gauge
	batchWaiting  metric.Float64Counter
	batchHotKeys  metric.Int64Counter
}

func (m *meters) make(meter metric.Meter) error {
	var errs [13]error
	// In seconds: those that the semantic conventions advise for requests; calls
	// have waits, and more boundaries on the far side.
	requestBoundaries := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	callBoundaries := []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160}
	seconds := metric.WithUnit("s")
	m.requestDuration, errs[0] = meter.Float64Histogram("http.client.request.duration", seconds,
		metric.WithDescription("Duration of HTTP client requests."),
		metric.WithExplicitBucketBoundaries(requestBoundaries...))
	m.callDuration, errs[1] = meter.Float64Histogram("capillary.client.call.duration", seconds,
		metric.WithDescription("Duration of calls, with all attempts and waits."),
		metric.WithExplicitBucketBoundaries(callBoundaries...))
	m.retryWait, errs[2] = meter.Float64Histogram("capillary.client.retry.wait", seconds,
		metric.WithDescription("Wait before attempts that follow another one."),
		metric.WithExplicitBucketBoundaries(callBoundaries...))
	m.attempts, errs[3] = meter.Int64Counter("capillary.client.attempts", metric.WithUnit("{attempt}"),
		metric.WithDescription("HTTP requests sent, or tried to send."))
	m.items, errs[4] = meter.Int64Counter("capillary.client.items", metric.WithUnit("{item}"),
		metric.WithDescription("Items by what became of them in their call."))
	m.budget, errs[5] = meter.Int64Gauge("capillary.client.retry.budget", metric.WithUnit("{token}"),
		metric.WithDescription("Tokens left to pay for retries."))
	m.batchCalls, errs[6] = meter.Int64Counter("capillary.batch.calls", metric.WithUnit("{call}"),
		metric.WithDescription("Calls of engines that ended."))
	m.batchWasted, errs[7] = meter.Int64Counter("capillary.batch.calls.wasted", metric.WithUnit("{call}"),
		metric.WithDescription("Calls of engines that settled no item."))
	m.batchInFlight, errs[8] = meter.Int64Gauge("capillary.batch.calls.in_flight", metric.WithUnit("{call}"),
		metric.WithDescription("Calls of engines in flight."))
	m.batchLimit, errs[9] = meter.Int64Gauge("capillary.batch.limit", metric.WithUnit("{item}"),
		metric.WithDescription("Items known to fit in a call."))
	m.batchBytes, errs[12] = meter.Int64Gauge("capillary.batch.limit.size", metric.WithUnit("By"),
		metric.WithDescription("Bytes of items known to fit in a call, once one was refused for them."))
	m.batchWaiting, errs[10] = meter.Float64Counter("capillary.batch.waiting", seconds,
		metric.WithDescription("Time in which engines send nothing, because the server is busy or out of reach."))
	m.batchHotKeys, errs[11] = meter.Int64Counter("capillary.batch.hot_keys", metric.WithUnit("{key}"),
		metric.WithDescription("How often one key took up most of an engine's window."))
	return errors.Join(errs[:]...)
}

func (m *meters) attempt(ctx context.Context, e *client.Event) {
	endpoint := keyEndpoint.String(e.Endpoint)
	host := server(e)
	m.budget.Record(ctx, int64(e.Tokens), metric.WithAttributes(host...))
	request := append(host, keyMethod.String(e.Method))
	if e.HTTPStatus != 0 {
		request = append(request, keyStatusCode.Int(e.HTTPStatus))
	}
	own := []attribute.KeyValue{endpoint, keyOutcome.String(e.Outcome.String())}
	if name := errorType(e); name != "" {
		request = append(request, keyErrorType.String(name))
		own = append(own, keyErrorType.String(name))
	}
	m.requestDuration.Record(ctx, e.Took.Seconds(), metric.WithAttributes(request...))
	m.attempts.Add(ctx, 1, metric.WithAttributes(own...))
	if e.Again {
		m.retryWait.Record(ctx, e.Wait.Seconds(), metric.WithAttributes(endpoint))
	}
}

func (m *meters) call(ctx context.Context, e *client.Event) {
	endpoint := keyEndpoint.String(e.Endpoint)
	attrs := []attribute.KeyValue{endpoint, keyOutcome.String(e.Outcome.String())}
	if name := errorType(e); name != "" {
		attrs = append(attrs, keyErrorType.String(name))
	}
	m.callDuration.Record(ctx, e.Took.Seconds(), metric.WithAttributes(attrs...))
	for _, count := range counts(&e.Items) {
		if count.items > 0 {
			m.items.Add(ctx, int64(count.items), metric.WithAttributes(endpoint, keyOutcome.String(count.outcome.String())))
		}
	}
	m.budget.Record(ctx, int64(e.Tokens), metric.WithAttributes(server(e)...))
}

// Batch returns an observer for the Observe field of a [batch.Config]. The name
// is the endpoint's, as [client.Bulk.Name] tells it.
func (i *Instrumentation) Batch(endpoint string) func(batch.Event) {
	m, labels := &i.meters, metric.WithAttributes(keyEndpoint.String(endpoint))
	return func(e batch.Event) {
		ctx := context.Background() // the events of an engine belong to no call's context
		switch e.Kind {
		case batch.CallStarted:
			m.batchInFlight.Record(ctx, int64(e.InFlight), labels)
		case batch.CallEnded:
			m.batchCalls.Add(ctx, 1, labels)
			m.batchInFlight.Record(ctx, int64(e.InFlight-1), labels)
		case batch.CallWasted:
			m.batchWasted.Add(ctx, 1, labels)
		case batch.LimitLearned:
			m.batchLimit.Record(ctx, int64(e.Items), labels)
			if e.Bytes > 0 {
				m.batchBytes.Record(ctx, int64(e.Bytes), labels)
			}
		case batch.Waiting:
			m.batchWaiting.Add(ctx, e.Took.Seconds(), labels)
		case batch.HotKey:
			m.batchHotKeys.Add(ctx, 1, labels)
		case batch.LimitRejected:
			// It is a call that ended, and wasted.
		}
	}
}
