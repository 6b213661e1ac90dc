package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// bound is a load whose limit is not known.
type bound struct {
	name   string
	n      int
	fewest int
	// limit is what a call may carry, by the number of calls that came so far.
	limit func(call int) int
	// poison is how many items are too large by themselves.
	poison int
}

func constant(limit, n int) bound {
	return bound{
		name: fmt.Sprintf("%s, %s items", count(limit), count(n)), n: n, fewest: (n + limit - 1) / limit,
		limit: func(int) int { return limit },
	}
}

// changing falls from 200 to 50 after 100 calls, and rises to 500 after 500.
func changing(n int) bound {
	const high, low, highest, falls, rises = 200, 50, 500, 100, 500
	fewest := (n + high - 1) / high
	if rest := n - falls*high; rest > 0 {
		fewest = falls + (rest+low-1)/low
		if rest -= (rises - falls) * low; rest > 0 {
			fewest = rises + (rest+highest-1)/highest
		}
	}
	return bound{
		name: fmt.Sprintf("200, after 100 calls 50, after 500 calls 500, %s items", count(n)), n: n, fewest: fewest,
		limit: func(call int) int {
			switch {
			case call <= falls:
				return high
			case call <= rises:
				return low
			default:
				return highest
			}
		},
	}
}

func poisoned(p, n int) bound {
	b := constant(100, n)
	b.name += fmt.Sprintf(", %d too large alone", p)
	b.poison = min(p, n)
	b.fewest = (n - b.poison + 99) / 100
	return b
}

// isPoison tells whether an item is too large by itself. They lie evenly.
func (b *bound) isPoison(i int) bool {
	return b.poison > 0 && i%(b.n/b.poison) == b.n/b.poison/2 && i/(b.n/b.poison) < b.poison
}

// judge is the server's view of the calls: too large or not.
type judge struct {
	bound *bound
	named bool
	bad   map[string]bool

	calls, refused atomic.Int64
}

func newJudge(b *bound, named bool) *judge {
	j := &judge{bound: b, named: named, bad: map[string]bool{}}
	for i := range b.n {
		if b.isPoison(i) {
			j.bad[number(item(i))] = true
		}
	}
	return j
}

// script refuses a call that is too large, and leaves the others to the
// simulator.
func (j *judge) script(r *http.Request) *clienttest.Answer {
	call := int(j.calls.Add(1))
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	limit := j.bound.limit(call)
	items := 0
	bad := false
	for rest := body; ; items++ {
		at := bytes.Index(rest, []byte(`"billNumber"`))
		if at < 0 {
			break
		}
		rest = rest[at:]
		bad = bad || len(j.bad) > 0 && j.bad[number(rest)]
		rest = rest[1:]
	}
	if items <= limit && !bad {
		return nil
	}
	j.refused.Add(1)
	text := "Exceeded maximum limit size"
	if j.named && items > limit {
		text = fmt.Sprintf("Exceeded maximum limit size of %d", limit)
	}
	return &clienttest.Answer{Status: http.StatusBadRequest, Body: fmt.Sprintf(
		`{"errors":[{"status":false,"code":1060,"message":%q}],"warnings":[]}`, text)}
}

// run loads b in one way, and returns a cell of the table.
func (b *bound) run(write writer, named bool) (string, error) {
	j := newJudge(b, named)
	st, err := load(clienttest.Options{Script: j.script}, b.n, func(ctx context.Context, bulk *client.Bulk, in *input) error {
		if err := write(ctx, bulk, in); err != nil {
			return err
		}
		return j.check(&in.book)
	}, false)
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	return count(st.Calls) + " / " + count(int(j.refused.Load())), nil
}

// check tells whether just the items that are too large by themselves were
// refused.
func (j *judge) check(told *book) error {
	told.mu.Lock()
	defer told.mu.Unlock()
	for name, f := range told.told {
		if want := !j.bad[name]; want != (f.outcome == caperrors.Applied) {
			return fmt.Errorf("item %s is told as %v", name, f.outcome)
		}
	}
	return nil
}
