// Package clienttest is a fake of the Capillary API for tests: an [http.Handler] that keeps the API's rules, makes its mistakes on
// request, and knows what was really applied.
//
// A [Simulator] answers the calls that load transactions and customers, v1.1 and v2, in the documented envelopes. It imports the
// standard library only and shares no code with what it tests.
//
// # Testing your own code
//
// Start a server, point your code at its URL with its HTTP client, let it work, and ask what came of it:
//
//	func TestABillIsAddedOnce(t *testing.T) {
//		sim := clienttest.New(clienttest.Options{BatchLimit: 100})
//		srv := sim.InMemory()
//		defer srv.Close()
//		sim.Script(clienttest.Answer{Code: 461}) // the first call finds the API busy
//
//		err := addBill(srv.HTTPClient(), srv.URL, "bill-1") // the code under test
//
//		if err != nil {
//			t.Error(err)
//		}
//		sim.AssertApplied(t, "bill-1")
//		sim.AssertCalls(t, "POST /v2/transactions/bulk", "POST /v2/transactions/bulk")
//		sim.AssertAllAnswersUsed(t)
//	}
//
// [Simulator.InMemory] needs no network and works inside a testing/synctest bubble, where latency, rate limits and token lifetimes pass
// in virtual time: make the server inside the bubble and close it there. [Simulator.Listen] serves a real port.
//
// # Making things go wrong
//
//	Answer{Code: 521}                                         refused as a whole, in the envelope of its version
//	Answer{Status: 503, Times: 3}                             the edge fails three calls
//	Answer{Cut: true}                                         the connection breaks before anything was done
//	Answer{Cut: true, After: true}                            the same, but the work was done
//	Answer{Delay: time.Minute}                                a slow answer
//	Answer{For: "GET /v2/acme/stamps/*", Body: `{"stamps":7}`, Times: -1}  an endpoint that the simulator does not know
//
// [Simulator.Script] queues such answers, for tests about one situation. [Options.Faults] gives each mishap a probability, for tests
// about a whole load; a test with calls in a fixed order repeats exactly ([Options.Seed]). [Simulator.SetOptions] changes the server in
// the middle of a load.
//
// # What came of it
//
// The assertions fail with what differs and the calls that came. For everything else there are [Simulator.Applied], [Simulator.Times],
// [Simulator.Stats] and [Simulator.Calls], which tells header, query and body of each call with [Options.KeepRequests].
//
// # What is simulated
//
//	POST /v2/transactions/bulk                     bare array
//	POST /v2/transactions                          one object; customer in the query or in the body
//	GET  /v2/transactions/{id}
//	GET  /v2/transactions/getByBillNumber/{number}
//	POST /v2/customers                             one object
//	GET  /v2/customers/{id}
//	GET  /v2/customers/lookup?identifierValue=
//	POST /v2/integrations/customer/upsert/bulk     bare array
//	POST /v1.1/transaction/add                     root.transaction, array or object
//	POST /v1.1/customer/add                        root.customer, array or object
//	GET  /v1.1/customer/get?mobile=                comma list; also email, external_id, id
//	POST /v3/oauth/token/generate
//
// JSON; the calls of v1.1 also take XML and answer in it, as Content-Type and Accept say. A path may end in .json. [Simulator] says how
// items are judged.
package clienttest
