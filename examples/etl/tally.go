package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// tally counts records by what became of them.
type tally struct {
	outcomes [caperrors.NotSent + 1]int
	attempts int
	retries  int // attempts beyond each item's first
	keyed    bool
	reasons  map[reason]*example
}

// reason is why items are not done.
type reason struct {
	outcome caperrors.Outcome
	code    caperrors.Code
}

// example is how often a reason was given, and the first text given with it.
type example struct {
	count int
	text  string
}

// maxReasons bounds memory: an answer can hold any number as a code.
const maxReasons = 100

func (t *tally) count(line *resultLine) {
	t.outcomes[line.Outcome]++
	t.attempts += line.Attempts
	t.retries += max(0, line.Attempts-1)
	t.keyed = t.keyed || line.Key != ""
	if line.Outcome.Done() {
		return
	}
	if t.reasons == nil {
		t.reasons = make(map[reason]*example)
	}
	why := reason{line.Outcome, line.Code}
	e := t.reasons[why]
	if e == nil {
		if len(t.reasons) == maxReasons {
			return
		}
		e = &example{text: caperrors.Mask(line.Message)}
		t.reasons[why] = e
	}
	e.count++
}

// done returns how many records have an outcome.
func (t *tally) done() int {
	n := 0
	for _, count := range t.outcomes {
		n += count
	}
	return n
}

// notSent returns how many records were read and not sent.
func (t *tally) notSent() int { return t.outcomes[caperrors.NotSent] }

// allDone tells whether the server has every record.
func (t *tally) allDone() bool {
	return t.done() == t.outcomes[caperrors.Applied]+t.outcomes[caperrors.Duplicate]
}

// String returns the counts by outcome.
func (t *tally) String() string {
	return fmt.Sprintf("applied %d, duplicate %d, refused %d, unknown %d, not-sent %d", t.outcomes[caperrors.Applied],
		t.outcomes[caperrors.Duplicate], t.outcomes[caperrors.Refused], t.outcomes[caperrors.Unknown], t.outcomes[caperrors.NotSent])
}

// maxReasonLines is how many reasons are told, the most frequent ones.
const maxReasonLines = 5

// printReasons tells why items are not done.
func (t *tally) printReasons(w io.Writer) {
	all := make([]reason, 0, len(t.reasons))
	for why := range t.reasons {
		all = append(all, why)
	}
	slices.SortFunc(all, func(a, b reason) int {
		return cmp.Or(t.reasons[b].count-t.reasons[a].count, int(a.outcome)-int(b.outcome), int(a.code)-int(b.code))
	})
	for i, why := range all {
		if i == maxReasonLines {
			fmt.Fprintf(w, "etl: and %d more reasons\n", len(all)-i)
			return
		}
		e := t.reasons[why]
		fmt.Fprintf(w, "etl: %d %s", e.count, why.outcome)
		if why.code != 0 {
			fmt.Fprintf(w, ", code %d", int(why.code))
		}
		if e.text != "" {
			fmt.Fprintf(w, ", such as: %s", e.text)
		}
		fmt.Fprintln(w)
	}
}

// summary is the last line of a load.
func summary(t *tally, p *batch.Progress, elapsed time.Duration) string {
	return fmt.Sprintf("etl: %d records: %s; calls %d, wasted %d, attempts %d, retries %d, limit %s, elapsed %s",
		t.done(), t, p.Calls, p.Wasted, t.attempts, t.retries, limitText(p.Limit), elapsed.Round(10*time.Millisecond))
}

// limitText names what is known of how many items a call may carry.
func limitText(limit int) string {
	if limit == 0 {
		return "unknown"
	}
	return strconv.Itoa(limit)
}
