// Package wire turns bodies of the API into values and back. It does no I/O.
//
// [Read] takes an answer and what was sent, and returns one verdict for each
// item that was sent, or the refusal of the whole request. Items decide, not
// flags or counters; what contradicts them is reported as a diagnostic. Only
// fixed paths are read, never "any field called code".
package wire
