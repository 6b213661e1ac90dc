// Package otelcapillary turns the events of a [client.Client] and of the engines
// of package batch into OpenTelemetry traces and metrics.
//
// It is a module of its own, so that programs without OpenTelemetry don't get
// it, and needs the OpenTelemetry API only. Providers are given, never taken
// from a global:
//
//	inst, err := otelcapillary.New(tracerProvider, meterProvider)
//	c, err := client.New(url, client.WithBasic(user, password), client.WithObserve(inst.Observe))
//	bulk := c.Bulk(client.TransactionsBulk)
//	eng, err := batch.New(bulk, batch.Config[Txn]{Observe: inst.Batch(bulk.Name())})
//
// # Spans
//
// A call has a span of kind internal, named for its endpoint, and below it one
// span of kind client for each attempt, named for method and endpoint. The token
// call of OAuth is a call within the call that needed the token. The spans of an
// instrumented HTTP transport stand below the attempt's.
//
// An attempt that did not bring what was asked for has the status Error; a call
// has it if it came to nothing. That some items of a call were refused is no
// error of the call: the attributes count them.
//
// # Beside otelhttp
//
// A client whose transport is one of otelhttp has each attempt twice in
// http.client.request.duration, once by each: they have different scopes, which
// most backends add up. Leave it to this package, which also tells the codes in
// error.type, by taking otelhttp's metrics off:
//
//	otelhttp.NewTransport(base, otelhttp.WithMeterProvider(noop.NewMeterProvider()))
//
// with package noop of go.opentelemetry.io/otel/metric. Where its metrics are
// wanted for all clients of a program, take this package's off instead, by a view
// of the provider that drops the instrument in the scope of this package's path;
// the second example of [New] does it. Its span is another matter: it stands
// below the attempt's, and tells of the connection.
//
// # Attributes of spans
//
//	capillary.endpoint           call, attempt   the endpoint's name
//	capillary.outcome            call, attempt   applied, duplicate, refused, unknown, not-sent
//	capillary.code               call, attempt   status code of the refusal
//	capillary.request_id         call, attempt   the service's name for it
//	capillary.attempts           call            how many there were
//	capillary.items.applied      call            and .duplicate, .refused, .unknown, .not_sent, where not 0
//	http.request.method          attempt
//	http.request.resend_count    attempt         from the second on
//	http.response.status_code    attempt
//	server.address, server.port  attempt
//	error.type                   call, attempt   see below
//
// # Metrics
//
//	http.client.request.duration      s      histogram of attempts; method, server, status code, error.type
//	capillary.client.call.duration    s      histogram of calls with their waits; endpoint, outcome, error.type
//	capillary.client.attempts                counter; endpoint, outcome, error.type
//	capillary.client.retry.wait       s      histogram of delays before attempts that follow another; endpoint
//	capillary.client.items                   counter; endpoint, outcome
//	capillary.client.retry.budget            gauge: tokens left
//	capillary.batch.calls                    counter of calls that ended; endpoint
//	capillary.batch.calls.wasted             counter of those that settled no item; endpoint
//	capillary.batch.calls.in_flight          gauge; endpoint
//	capillary.batch.limit                    gauge: items known to fit in a call, 0 while unknown; endpoint
//	capillary.batch.limit.size               gauge in By: bytes of items known to fit, once a call was refused for them; endpoint
//	capillary.batch.waiting           s      counter of time in which nothing may go out; endpoint
//	capillary.batch.hot_keys                 counter: one key took up most of the window; endpoint
//
// The duration of calls also counts them. error.type is capillary.1060 for a
// refusal with that code, capillary.unrecognised for a code that no table has,
// the number of an HTTP status that alone tells what went wrong, and else one of
// timeout, canceled, not_sent, no_answer, invalid_answer, argument, _OTHER. All
// labels have few values; no label and no span has an item's id or key, a body,
// a query or a text of the service.
package otelcapillary
