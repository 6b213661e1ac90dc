package otelcapillary_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/client/otelcapillary"
	caperrors "github.com/capillary-go/capillary/errors"
)

// bench is a client of a simulator, watched by the SDK.
type bench struct {
	sim    *clienttest.Simulator
	srv    *clienttest.Server
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
	tracer trace.TracerProvider
	inst   *otelcapillary.Instrumentation
}

func newBench(t *testing.T, opts clienttest.Options) *bench {
	t.Helper()
	b := &bench{sim: clienttest.New(opts), spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	b.srv = b.sim.InMemory()
	t.Cleanup(func() { _ = b.srv.Close() })
	b.tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans))
	var err error
	b.inst, err = otelcapillary.New(b.tracer, sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader)))
	require.NoError(t, err)
	return b
}

func (b *bench) client(t *testing.T, opts ...client.Option) *client.Client {
	t.Helper()
	opts = append([]client.Option{client.WithHTTPClient(b.srv.HTTPClient()), client.WithObserve(b.inst.Observe)}, opts...)
	c, err := client.New(b.srv.URL, opts...)
	require.NoError(t, err)
	return c
}

func basic() client.Option { return client.WithBasic("store.server", "server123") }

// span returns the only span of a name.
func (b *bench) span(t *testing.T, name string) tracetest.SpanStub {
	t.Helper()
	var found []tracetest.SpanStub
	for _, s := range b.spans.GetSpans() {
		if s.Name == name {
			found = append(found, s)
		}
	}
	require.Len(t, found, 1, name)
	return found[0]
}

func attributes(attrs []attribute.KeyValue) map[string]any {
	out := make(map[string]any, len(attrs))
	for _, a := range attrs {
		out[string(a.Key)] = a.Value.AsInterface()
	}
	return out
}

func (b *bench) metrics(t *testing.T) map[string]metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, b.reader.Collect(t.Context(), &all))
	out := make(map[string]metricdata.Aggregation)
	for _, scope := range all.ScopeMetrics {
		assert.Equal(t, "github.com/capillary-go/capillary/client/otelcapillary", scope.Scope.Name)
		for _, m := range scope.Metrics {
			out[m.Name] = m.Data
		}
	}
	return out
}

type bill struct {
	IdentifierType  string `json:"identifierType"`
	IdentifierValue string `json:"identifierValue"`
	BillNumber      string `json:"billNumber"`
	BillAmount      int    `json:"billAmount"`
}

func sale(number, customer string) bill { return bill{"mobile", customer, number, 100} }

const busy = `{"errors":[{"status":false,"code":461,"message":"busy with Jane Doe"}],"warnings":[]}`

func TestACallAndItsAttemptsAreSpans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, clienttest.Options{})
		b.sim.Script(
			clienttest.Answer{Body: busy, Header: http.Header{"X-Cap-Requestid": {"5670FF17B7D58"}}},
			clienttest.Answer{
				Body:   `{"response":[{"entityId":1,"errors":[]},{"errors":[{"code":8015,"message":"no Jane Doe"}]}]}`,
				Header: http.Header{"X-Cap-Requestid": {"5670FF17B7D59"}},
			})
		ctx, parent := b.tracer.Tracer("test").Start(t.Context(), "parent")
		_, err := client.Send(ctx, b.client(t, basic()), client.TransactionsBulk, []bill{sale("1", "c-1"), sale("2", "")})
		parent.End()
		require.Error(t, err)

		spans := b.spans.GetSpans()
		require.Len(t, spans, 4)
		first, second, call := spans[0], spans[1], spans[2]
		assert.Equal(t, "POST v2/transactions/bulk", first.Name)
		assert.Equal(t, trace.SpanKindClient, first.SpanKind)
		assert.Equal(t, codes.Error, first.Status.Code)
		assert.Equal(t, map[string]any{
			"capillary.endpoint": "v2/transactions/bulk", "capillary.outcome": "refused", "capillary.code": int64(461),
			"capillary.request_id": "5670FF17B7D58", "http.request.method": "POST", "http.response.status_code": int64(200),
			"server.address": "localhost", "server.port": int64(80), "error.type": "capillary.461",
		}, attributes(first.Attributes))

		assert.Equal(t, map[string]any{
			"capillary.endpoint": "v2/transactions/bulk", "capillary.outcome": "applied", "http.request.resend_count": int64(1),
			"capillary.request_id": "5670FF17B7D59", "http.request.method": "POST", "http.response.status_code": int64(200),
			"server.address": "localhost", "server.port": int64(80),
		}, attributes(second.Attributes))
		assert.Equal(t, codes.Unset, second.Status.Code)
		assert.Positive(t, second.StartTime.Sub(first.EndTime), "the wait is in neither")

		assert.Equal(t, "v2/transactions/bulk", call.Name)
		assert.Equal(t, trace.SpanKindInternal, call.SpanKind)
		assert.Equal(t, codes.Unset, call.Status.Code, "refused items are an answer")
		assert.Equal(t, map[string]any{
			"capillary.endpoint": "v2/transactions/bulk", "capillary.outcome": "applied", "capillary.code": int64(8015),
			"capillary.request_id": "5670FF17B7D59", "capillary.attempts": int64(2),
			"capillary.items.applied": int64(1), "capillary.items.refused": int64(1),
		}, attributes(call.Attributes))

		assert.Equal(t, parent.SpanContext().SpanID(), call.Parent.SpanID())
		for _, attempt := range []tracetest.SpanStub{first, second} {
			assert.Equal(t, call.SpanContext.SpanID(), attempt.Parent.SpanID())
			assert.Equal(t, parent.SpanContext().TraceID(), attempt.SpanContext.TraceID())
		}
	})
}

func TestTheTokenCallIsASpanOfTheCallThatNeededIt(t *testing.T) {
	t.Parallel()
	b := newBench(t, clienttest.Options{Key: "key", Secret: "secret"})
	c := b.client(t, client.WithOAuth("key", "secret"))
	_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: sale("1", "c-1")})
	require.NoError(t, err)
	call, token := b.span(t, "v2/transactions"), b.span(t, "v3/oauth/token/generate")
	assert.Equal(t, call.SpanContext.SpanID(), token.Parent.SpanID())
	assert.Equal(t, token.SpanContext.SpanID(), b.span(t, "POST v3/oauth/token/generate").Parent.SpanID())
	assert.Equal(t, call.SpanContext.SpanID(), b.span(t, "POST v2/transactions").Parent.SpanID())
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnInstrumentedTransportStandsBelowTheAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t, clienttest.Options{})
	below := roundTrip(func(r *http.Request) (*http.Response, error) {
		ctx, span := b.tracer.Tracer("below").Start(r.Context(), "below")
		defer span.End()
		return b.srv.HTTPClient().Transport.RoundTrip(r.WithContext(ctx))
	})
	c := b.client(t, basic(), client.WithHTTPClient(&http.Client{Transport: below}))
	_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: sale("1", "c-1")})
	require.NoError(t, err)
	assert.Equal(t, b.span(t, "POST v2/transactions").SpanContext.SpanID(), b.span(t, "below").Parent.SpanID())
}

func TestTwoInstrumentationsEndTheirOwnSpans(t *testing.T) {
	t.Parallel()
	b, other := newBench(t, clienttest.Options{}), newBench(t, clienttest.Options{})
	c := b.client(t, basic(), client.WithObserve(other.inst.Observe))
	_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: sale("1", "c-1")})
	require.NoError(t, err)
	assert.Len(t, b.spans.GetSpans(), 2)
	assert.Len(t, other.spans.GetSpans(), 2)
}

func TestErrorTypesAreFew(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer   clienttest.Answer
		dial     error
		canceled bool
		want     string
	}{
		"a code that is known":        {answer: clienttest.Answer{Body: `{"errors":[{"code":1060}]}`}, want: "capillary.1060"},
		"a code that is not":          {answer: clienttest.Answer{Body: `{"errors":[{"code":987654}]}`}, want: "capillary.unrecognised"},
		"a page of a gateway":         {answer: clienttest.Answer{Status: 502, Body: "<html>"}, want: "502"},
		"an answer that is not JSON":  {answer: clienttest.Answer{Body: `{"errors":`}, want: "invalid_answer"},
		"a cut connection":            {answer: clienttest.Answer{Cut: true}, want: "no_answer"},
		"no answer in time":           {answer: clienttest.Answer{Delay: time.Hour}, want: "timeout"},
		"no connection":               {dial: errors.New("no route to host"), want: "not_sent"},
		"the caller has left":         {canceled: true, want: "canceled"},
		"what the server has already": {answer: clienttest.Answer{Body: `{"errors":[{"code":604}]}`}},
		"a call that was carried out": {answer: clienttest.Answer{Body: `{"createdId":1,"errors":[]}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, clienttest.Options{})
				if test.dial == nil && !test.canceled {
					b.sim.Script(test.answer)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.canceled {
					cancel()
				}
				transport := &http.Transport{DialContext: b.srv.DialContext}
				defer transport.CloseIdleConnections()
				if test.dial != nil {
					transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, test.dial }
				}
				c := b.client(t, basic(), client.WithHTTPClient(&http.Client{Transport: transport}))
				_, _ = c.Call(ctx, client.TransactionAdd, client.Request{Body: sale("1", "c-1")})
				got, _ := attributes(b.span(t, "v2/transactions").Attributes)["error.type"].(string)
				assert.Equal(t, test.want, got)
			})
		})
	}
}

func TestMetricsOfCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, clienttest.Options{Latency: time.Second})
		b.sim.Script(clienttest.Answer{Body: busy})
		_, err := client.Send(t.Context(), b.client(t, basic()), client.TransactionsBulk, []bill{sale("1", "c-1"), sale("2", ""), sale("3", "c-3")})
		require.Error(t, err)
		m := b.metrics(t)

		requests := m["http.client.request.duration"].(metricdata.Histogram[float64])
		require.Len(t, requests.DataPoints, 2, "one with the error and one without")
		types := map[string]metricdata.HistogramDataPoint[float64]{}
		for _, p := range requests.DataPoints {
			attrs := attributes(p.Attributes.ToSlice())
			name, _ := attrs["error.type"].(string)
			types[name] = p
			delete(attrs, "error.type")
			assert.Equal(t, map[string]any{
				"http.request.method": "POST", "server.address": "localhost", "server.port": int64(80), "http.response.status_code": int64(200),
			}, attrs)
		}
		assert.InDelta(t, 1, types["capillary.461"].Sum, 0)
		assert.Equal(t, uint64(1), types[""].Count)

		calls := m["capillary.client.call.duration"].(metricdata.Histogram[float64])
		require.Len(t, calls.DataPoints, 1)
		assert.Equal(t, map[string]any{"capillary.endpoint": "v2/transactions/bulk", "capillary.outcome": "applied"},
			attributes(calls.DataPoints[0].Attributes.ToSlice()))
		assert.Greater(t, calls.DataPoints[0].Sum, 2.0, "two attempts of a second, and a wait")

		assert.Equal(t, map[string]int64{"applied": 2, "refused": 1}, byOutcome(t, m["capillary.client.items"]))
		assert.Equal(t, map[string]int64{"applied": 1, "refused": 1}, byOutcome(t, m["capillary.client.attempts"]))
		assert.Equal(t, uint64(1), m["capillary.client.retry.wait"].(metricdata.Histogram[float64]).DataPoints[0].Count)
		assert.Equal(t, int64(500), m["capillary.client.retry.budget"].(metricdata.Gauge[int64]).DataPoints[0].Value)
	})
}

func byOutcome(t *testing.T, data metricdata.Aggregation) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, p := range data.(metricdata.Sum[int64]).DataPoints {
		out[attributes(p.Attributes.ToSlice())["capillary.outcome"].(string)] += p.Value
	}
	return out
}

func TestMetricsOfAnEngine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, clienttest.Options{BatchLimit: 60, Latency: time.Second})
		bulk := b.client(t, basic()).Bulk(client.TransactionsBulk)
		eng, err := batch.New(bulk, batch.Config[bill]{Observe: b.inst.Batch(bulk.Name())})
		require.NoError(t, err)
		items := make([]bill, 500)
		for i := range items {
			items[i] = sale("b-"+string(rune('A'+i/26))+string(rune('a'+i%26)), "c-"+string(rune('A'+i/26))+string(rune('a'+i%26)))
		}
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		m := b.metrics(t)
		sum := func(name string) int64 { return m[name].(metricdata.Sum[int64]).DataPoints[0].Value }
		gauge := func(name string) int64 { return m[name].(metricdata.Gauge[int64]).DataPoints[0].Value }
		assert.Equal(t, int64(rep.Progress.Calls), sum("capillary.batch.calls"))
		assert.Equal(t, int64(rep.Progress.Wasted), sum("capillary.batch.calls.wasted"))
		assert.Positive(t, rep.Progress.Wasted, "the limit had to be learned")
		assert.Equal(t, int64(rep.Progress.Limit), gauge("capillary.batch.limit"))
		assert.Zero(t, gauge("capillary.batch.calls.in_flight"))
		assert.Equal(t, map[string]int64{"applied": 500, "refused": int64(b.sim.Stats().ItemsReceived - 500)}, byOutcome(t, m["capillary.client.items"]))
	})
}

func TestALimitInBytesHasAGaugeOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, clienttest.Options{})
	tell := b.inst.Batch("endpoint")
	gauge := func(name string) any {
		if data, ok := b.metrics(t)[name].(metricdata.Gauge[int64]); ok {
			return data.DataPoints[0].Value
		}
		return nil
	}
	tell(batch.Event{Kind: batch.LimitLearned, Items: 100})
	assert.Equal(t, int64(100), gauge("capillary.batch.limit"))
	assert.Nil(t, gauge("capillary.batch.limit.size"), "most servers have none")
	tell(batch.Event{Kind: batch.LimitLearned, Items: 80, Bytes: 4000})
	assert.Equal(t, int64(80), gauge("capillary.batch.limit"))
	assert.Equal(t, int64(4000), gauge("capillary.batch.limit.size"))
}

func TestLabelsAndSpansHoldNothingOfACustomer(t *testing.T) {
	t.Parallel()
	b := newBench(t, clienttest.Options{})
	c := b.client(t, basic())
	const customer = "447700900001"
	_, err := client.Send(t.Context(), c, client.TransactionsBulk, []bill{sale("bill-4711", customer), sale("bill-4712", "")})
	require.Error(t, err)
	b.sim.Script(clienttest.Answer{Status: 400, Body: `{"errors":[{"code":400,"message":"no Jane Doe ` + customer + `"}]}`})
	_, err = c.Call(t.Context(), client.CustomerByID, client.Request{Path: map[string]string{"id": customer}})
	require.ErrorIs(t, err, caperrors.ErrInvalid)
	var shown []string
	for _, s := range b.spans.GetSpans() {
		shown = append(shown, s.Name, s.Status.Description)
		for _, a := range s.Attributes {
			shown = append(shown, a.Value.String())
		}
		assert.Empty(t, s.Events)
	}
	for name := range b.metrics(t) {
		shown = append(shown, name)
	}
	for _, text := range shown {
		for _, hidden := range []string{customer, "4711", "4712", "Jane", "server123"} {
			assert.NotContains(t, text, hidden)
		}
	}
}

func TestWithoutProvidersNothingIsDone(t *testing.T) {
	t.Parallel()
	inst, err := otelcapillary.New(nil, nil)
	require.NoError(t, err)
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), basic(), client.WithObserve(inst.Observe))
	require.NoError(t, err)
	_, err = c.Call(t.Context(), client.TransactionAdd, client.Request{Body: sale("1", "c-1")})
	require.NoError(t, err)
	inst.Batch("x")(batch.Event{Kind: batch.CallEnded})
}
