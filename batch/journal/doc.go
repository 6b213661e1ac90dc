// Package journal keeps what a run of an engine of package batch does in a
// file, so that a load that was killed, by a signal or by a power cut, can go
// on: nothing that was answered is sent again, what was in flight is known to
// be unknown, and every item gets one result over all runs.
//
//	book, err := journal.Open("load.journal", map[string]string{"input": sum, "endpoint": name})
//	run := eng.Run(ctx, items, batch.WithJournal(book))
//	for r := range run.Results() {
//		if r.Unfinished {
//			continue // the next run takes it up
//		}
//		keep(r)
//		book.Delivered(r.Index)
//	}
//	err = errors.Join(book.Mark(nil), book.Close())
//
// # Results
//
// The journal keeps a result until it was told that it is [Journal.Delivered]
// and a [Journal.Mark] came after. A later run delivers those again, without a
// send, that were not. So mark now and then, such as once a second, after what
// holds the results was made durable; the mark's note can say how far that is,
// so that what was written after it can be cut off. Until then results are held
// in memory.
//
// # The file
//
// It is NDJSON, only ever appended to but for its first line, and readable by
// people:
//
//   - The first line says how many bytes of the file are known to be durable. It
//     is written over after each fsync.
//   - The second holds the identity of the load.
//   - "send" are the positions that a call is about to carry. The call waits
//     until the line is durable; one fsync serves all calls that wait.
//   - "items" are what became of items. They become durable with the next
//     fsync, or with Close.
//   - "mark" are positions whose results were delivered, and the note.
//   - Every line ends in a checksum (CRC-32C) over it and the checksum before, so
//     that no line can be missing, doubled or moved within the file.
//
// When it is opened, and when it has grown beyond 64 MiB, it is written anew
// beside the old one and takes its place: positions that are done become
// ranges.
//
// # What is detected
//
// No call was made after what follows the last fsync, so that damage there, such
// as a line that a power cut tore, is cut off. All that came before is needed:
// if anything there is missing or changed, Open refuses the file with a
// [CorruptError] and leaves it as it is. What cannot be detected is that the
// whole file was put back to an earlier state of it, say from a backup.
package journal
