package journal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	caperrors "github.com/capillary-go/capillary/errors"
)

// takesAll is a server in memory, in place of client.Client's Bulk.
type takesAll struct{}

func (takesAll) Send(_ context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	fmt.Println("a call with", len(items), "items")
	verdicts := make([]caperrors.Verdict, len(items))
	for i := range verdicts {
		verdicts[i].Outcome = caperrors.Applied
	}
	return verdicts, nil
}

func bills(n int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for i := range n {
			if !yield(fmt.Appendf(nil, `{"billNumber":"b%d"}`, i), nil) {
				return
			}
		}
	}
}

// load loads five bills, and stops after the result of some.
func load(path string, stopAfter int) error {
	book, err := journal.Open(path, map[string]string{"input": "five bills"})
	if err != nil {
		return err
	}
	defer func() { _ = book.Close() }()
	eng, err := batch.New(takesAll{}, batch.Config[json.RawMessage]{})
	if err != nil {
		return err
	}
	results := 0
	run := eng.Run(context.Background(), bills(5), batch.WithJournal(book))
	for r := range run.Results() {
		if r.Unfinished {
			continue // the next load takes it up
		}
		fmt.Println(r.Index, r.Outcome)
		book.Delivered(r.Index)
		if results++; results == stopAfter {
			break
		}
	}
	return book.Mark(map[string]int{"results": results})
}

func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "load.journal")
	fmt.Println(load(path, 2))
	fmt.Println("again:")
	fmt.Println(load(path, 0)) // the other results come, and nothing is sent again
	// Output:
	// a call with 5 items
	// 0 applied
	// 1 applied
	// <nil>
	// again:
	// 2 applied
	// 3 applied
	// 4 applied
	// <nil>
}
