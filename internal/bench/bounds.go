package main

import (
	"fmt"
	"io"
)

// bound is a figure that this module wants to hold.
type bound struct {
	what     string
	got      float64
	want     float64
	atMost   bool // else at least
	decimals int
}

func (b *bound) held() bool {
	if b.atMost {
		return b.got <= b.want
	}
	return b.got >= b.want
}

func requestBounds(t *table, goroutines int) []bound {
	our, base := t.place(oursClient), t.place(plainSame)
	more := bound{
		what: fmt.Sprintf("client, %d goroutine(s): allocations more than net/http with the same decoding", goroutines),
		got:  t.median(our, sample.theAllocs) - t.median(base, sample.theAllocs), want: 15, atMost: true, decimals: 1,
	}
	if goroutines == 1 {
		return []bound{more}
	}
	return []bound{more, {
		what: fmt.Sprintf("client, %d goroutine(s): calls/s of net/http with the same decoding", goroutines),
		got:  t.ratio(our, base, sample.theRate), want: 0.95, decimals: 3,
	}}
}

func bulkBounds(t *table, size int) []bound {
	our := t.place(oursRun)
	factor := 3.0
	if size >= 1000 {
		factor = 5
	}
	return []bound{
		{what: fmt.Sprintf("batch, %d a call: items/s of esutil.BulkIndexer", size), got: t.ratio(our, t.place(theirIndexer), sample.theRate), want: factor, decimals: 2},
		{what: fmt.Sprintf("batch, %d a call: items/s of go-docappender", size), got: t.ratio(our, t.place(theirAppender), sample.theRate), want: 1, decimals: 2},
		{what: fmt.Sprintf("batch, %d a call: allocations an item", size), got: t.median(our, sample.theAllocs), want: 3, atMost: true, decimals: 2},
		{what: fmt.Sprintf("batch, %d a call: bytes an item", size), got: t.median(our, sample.theBytes), want: 500, atMost: true},
	}
}

func printBounds(w io.Writer, bounds []bound) {
	fmt.Fprintf(w, "\n%-80s %9s %9s\n", "bounds", "seen", "wanted")
	for i := range bounds {
		b := &bounds[i]
		sign, verdict := "≥", "held"
		if b.atMost {
			sign = "≤"
		}
		if !b.held() {
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "%-80s %9.*f %9s  %s\n", b.what, b.decimals, b.got, fmt.Sprintf("%s %g", sign, b.want), verdict)
	}
}
