// Package clienttest is a fake of the Capillary API for tests: an [http.Handler] that keeps the API's rules, makes its mistakes on
// request, and knows what was really applied.
//
// A [Simulator] answers the calls that load transactions and customers, v1.1 and v2, in the documented envelopes. It imports the
// standard library only and decodes bodies with encoding/json, so that it shares no code with what it tests.
//
// # Testing your own code
//
// Start a server, point your code at its URL with its HTTP client, and compare what your code reports with what the simulator saw:
//
//	sim := clienttest.New(clienttest.Options{BatchLimit: 100})
//	srv := sim.InMemory()
//	defer srv.Close()
//
//	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-1")) // addBill is the code under test
//	fmt.Println("applied:", sim.Times("bill-1", "447700900001"))
//
// [Simulator.InMemory] needs no network and works inside a testing/synctest bubble, where [Options.Latency], rate limits and token
// lifetimes pass in virtual time. Make the server inside the bubble and close it there. [Simulator.Listen] serves a real port.
//
// Two ways to make things go wrong: [Simulator.Script] queues answers for the next calls, for tests about one situation;
// [Options.Faults] gives each mishap a probability, for tests about a whole load. Random mishaps depend on [Options.Seed], the number of
// the call and the position of the item, so a test with calls in a fixed order repeats exactly.
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
// JSON; the calls of v1.1 also take XML and answer in it, as Content-Type and Accept say. A path may end in .json. Identifiers are compared by value alone: a mobile number and an external id that are written
// alike are one customer. Customers need not be registered before their first transaction.
//
// # How items are judged
//
// Each item is judged alone, in the order of the body, and the whole call under one lock after its latency. An item that is no JSON
// object is refused with 400; one without a customer with 8015 (v2) or 606 (v1.1); one without a number with 602. An item whose customer
// is in another call that has no answer yet gets 521, as does one struck by [Faults.ItemBusy]. A bill number that was applied before gets
// 604, whoever the customer. Everything else is applied, a RETURN like a sale. A registered customer gets 1014 (v1.1) or 8006 (v2); an
// upsert applies each time. A customer without identifiers is refused with 1007 (v1.1) or 8005 (v2).
//
// A request-level code on v2 comes with the HTTP status of that number where it means the same, 461 and 521 with HTTP 200, codes of the
// entity on single calls with HTTP 400, and a refused token call with HTTP 200. On v1.1 everything but 401 and 503 comes with HTTP 200.
// Codes are numbers, but strings in the item status of v1.1.
//
// The customers of a call are in flight from the last byte of the request until the last byte of the answer goes out or the connection
// is cut. A caller that leaves during the latency leaves nothing done.
package clienttest
