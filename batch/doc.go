// Package batch loads many items through a call that takes many at once. It
// packs them into as few calls as it can, keeps the items of one customer in
// order and never in flight together, sends again what was refused for now, and
// gives every item exactly one result.
//
//	eng, err := batch.New(c.Bulk(client.TransactionsBulk), batch.Config[Txn]{})
//	rep, err := eng.Do(ctx, txns)
//
// # Which front for which job
//
//   - [Engine.Do] takes a slice and returns a report in its order. Use it for
//     what fits in memory.
//   - [Engine.Run] takes an iterator and gives the results as an iterator, in
//     constant memory. Use it for files, tables and queues.
//   - [Engine.Writer] takes items one at a time from any goroutine, and hands
//     each result to a function. Use it in a program that runs for long and
//     gets its items as they happen.
//
// # What an accepted item can rely on
//
//   - It gets exactly one [Result], also when the context ends, when the loop
//     body, a result function or a key function panics, when a writer is
//     closed, or when the server does not answer.
//   - After a result of applied or duplicate it is not sent again.
//   - With a key, no two items of one key are in flight, within one engine, and
//     the items of a key are sent in the order of the input. An item may have
//     several keys ([Config.Keys]). [Advanced.SameKeyInBatch] relaxes this.
//   - A job holds no more than a window of items.
//   - Leaving the results loop early stops the job: what is not in flight is
//     not sent, what is in flight is waited for. Results that the loop did not
//     take stand in [Run.Checkpoint].
//   - An engine is safe to share. What it learns of the server's limit is
//     shared by all engines of one client that send to the same endpoint.
//   - Functions of the caller are called without a lock held. Only Observe and
//     Reconcile must not use the engine, and a writer's result function not that
//     writer: it would wait for itself, and gets [ErrReentrant] instead, if it
//     passes its own context on.
//
// # Behind a queue
//
// A load that outgrows one machine runs on a queue that people have already,
// partitioned by customer, with a [Writer] in each process. Three rules make the
// writer fit any of them:
//
//   - [Result.Settlement] tells what becomes of the item's message: done, dead
//     letter, again, or undecided.
//   - With [HoldKey] the later items of a customer come back after one that goes
//     again. [Writer.Release] opens the customer when the failed item is the
//     next to be added. Only the process that has the customer's partition adds
//     its items.
//   - A process that dies between a call and the settlement leaves messages that
//     are delivered again although they may have been applied. Note before a
//     call which items it carries, and treat those that come back as unknown.
//
// # How calls are saved
//
// The number of calls a minute is what limits a load, so calls go out full. A
// call that is not full waits while something could still join it. Items that
// were refused for now ride in later full calls. How many items fit is learned
// from the answers; a number named by the server is taken at once. An edge that
// refuses a body for its bytes (413 without a code of the API) teaches a second
// limit, beside that of items; see [Progress.LimitBytes].
//
// Real data is skewed: a customer with 249 bills needs 249 calls one after
// another, whatever the concurrency. So the customer with the longest backlog
// goes first, no more calls are in flight than the data can use, and when that
// customer has to wait for a retry, calls that would leave it out wait too.
//
// # Loads that stop and go on
//
// A run over an input that can be read again can go on where an earlier one
// stopped. After its end, also an early one, [Run.Checkpoint] is exact: a run
// with [Resume] sends nothing again that has its outcome, and delivers what was
// not delivered. A checkpoint cannot promise that after a kill, for it does not
// know what was sent after it was taken. A [Journal] can: it is told before each
// call, and the call waits until that is durable; package batch/journal keeps
// one in a file. What was in flight at the kill is then unknown, and gets what
// [Config.OnUnknown] says. The server may still be at work on it: wait as long
// as a call may take before the next run.
//
// # Outcomes
//
// A call that ends without an answer leaves its items unknown: they may have
// been applied. They are reported so by default; [ResendUnknown] sends them
// again, for servers that know an item by its natural id, and [ReconcileUnknown]
// asks a function of the caller what became of them. After a time-out the
// server may still be at work: the keys of such a call stay closed for as long
// again. The next calls carry half as many items, so that less is at stake in
// each, and come back step by step; see [Progress.Target].
//
// An item refused for now (521 and the like) is tried [Config.MaxAttempts]
// times. A call refused as a whole because the server is busy (461, 503, 429)
// costs its items no attempt: outages burn time, bounded by
// [Advanced.MaxOutage], and tokens of the client's budget; an empty budget
// makes the engine wait. Calls without an answer count as an outage, too: the
// engine slows down and stops in the end, before the whole input is unknown.
//
// A refusal that every call would meet (401, 403, 404, 405, 415, 1061, 1062,
// 1064) stops the job. A call refused for its content (400) is split until the
// item at fault is alone, so that its neighbours go; bounded, so that a wrong
// request does not cost two calls an item.
package batch
