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
//   - [Engine.Do] takes a slice and returns a report in its order: for what fits
//     in memory.
//   - [Engine.Run] takes an iterator and gives the results as one, in constant
//     memory: for files, tables, and queues that end.
//   - [Engine.Writer] takes items one at a time from any goroutine, and hands
//     each result to a function: for a program that runs for long.
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
//   - Functions of the caller are called without a lock held. Observe and
//     Reconcile must not use the engine, and a writer's result function not that
//     writer: it would wait for itself. With the context that it got it is told
//     so, by [ErrReentrant].
//
// # How calls are saved
//
// Calls a minute are what limits a load, so calls go out full. One that is not
// full waits while something could still join it, items that were refused for now
// ride in later full calls, and how many items fit is learned from the answers.
// The customer with the longest backlog goes first.
//
// # What goes wrong
//
// A refusal for now (521 and the like) is tried [Config.MaxAttempts] times, an
// outage is waited for ([Advanced.MaxOutage]), a call without an answer leaves
// its items unknown ([Config.OnUnknown]), a call refused for one bad item is
// split until that is alone, and a refusal that every call would meet ends the
// job. [Engine] says more.
//
// A run that was stopped or killed goes on with [Resume] or [WithJournal].
// [Result.Settlement] says what becomes of a queue's message. The README beside
// this package has more, and what was measured.
package batch
