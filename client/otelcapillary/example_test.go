package otelcapillary_test

import (
	"context"
	"fmt"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/client/otelcapillary"
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
