package otelcapillary_test

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/client/otelcapillary"
	caperrors "github.com/capillary-go/capillary/errors"
)

func ExampleNew() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()

	// The program's own providers, with its exporters.
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	meters := sdkmetric.NewMeterProvider()

	inst, err := otelcapillary.New(tracers, meters)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()),
		client.WithBasic("store.server", "server123"), client.WithObserve(inst.Observe))
	if err != nil {
		fmt.Println(err)
		return
	}
	bulk := c.Bulk(client.TransactionsBulk)
	eng, err := batch.New(bulk, batch.Config[map[string]any]{Observe: inst.Batch(bulk.Name())})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = eng.Do(context.Background(), []map[string]any{
		{"billNumber": "B-1", "billAmount": 40, "identifierType": "mobile", "identifierValue": "447700900001"},
	})
	fmt.Println(err)
	for _, span := range spans.GetSpans() {
		fmt.Println(span.SpanKind, span.Name)
	}
	// Output:
	// <nil>
	// client POST v2/transactions/bulk
	// internal v2/transactions/bulk
}

// A transport of otelhttp measures requests, too. A view keeps them from being
// counted twice.
func ExampleNew_besideOtelhttp() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()

	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(sdkmetric.NewView(
		sdkmetric.Instrument{
			Name:  "http.client.request.duration",
			Scope: instrumentation.Scope{Name: "github.com/capillary-go/capillary/client/otelcapillary"},
		},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}},
	)))
	inst, err := otelcapillary.New(nil, meters)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), // whose transport would be otelhttp's
		client.WithBasic("store.server", "server123"), client.WithObserve(inst.Observe))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Call(context.Background(), client.TransactionByNumber, client.Request{Path: map[string]string{"number": "B-1"}})
	fmt.Println(errors.Is(err, caperrors.Code(668)))
	var measured metricdata.ResourceMetrics
	if err = reader.Collect(context.Background(), &measured); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range measured.ScopeMetrics[0].Metrics {
		fmt.Println(m.Name)
	}
	// Unordered output:
	// true
	// capillary.client.retry.budget
	// capillary.client.attempts
	// capillary.client.items
	// capillary.client.call.duration
}
