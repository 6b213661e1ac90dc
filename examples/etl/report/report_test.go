package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/examples/etl/report"
)

var start = time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)

func write(t *testing.T, r *report.Recorder, l report.Load) string {
	t.Helper()
	var b bytes.Buffer
	l.Endpoint, l.Version, l.Entity = "v2/transactions/bulk", caperrors.V2, "transaction"
	require.NoError(t, r.Write(&b, &l))
	return b.String()
}

// words returns the text of a page without its elements, blanks made one.
func words(page string) string {
	_, body, _ := strings.Cut(page, "<body>")
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")
	return strings.Join(strings.Fields(text), " ")
}

// tenCalls is a load of 10 calls a second with 100 records each: two tries of 200 are refused, one call is refused for now.
func tenCalls() *report.Recorder {
	r := report.NewRecorder(start)
	busy := &caperrors.CallError{Err: &caperrors.RequestError{
		Scope: caperrors.Scope{Version: caperrors.V2, Entity: "transaction"}, Code: 461, Kind: caperrors.ErrTransient,
	}}
	row := 0
	for i := range 10 {
		at := start.Add(time.Duration(i) * time.Second)
		r.Observe(batch.Event{Kind: batch.CallStarted, At: at, Items: 100, InFlight: 1})
		end := batch.Event{Kind: batch.CallEnded, At: at.Add(500 * time.Millisecond), Items: 100, InFlight: 1, Took: 500 * time.Millisecond}
		switch i {
		case 1, 3:
			r.Observe(batch.Event{Kind: batch.LimitRejected, At: end.At, Items: 200})
			r.Observe(batch.Event{Kind: batch.LimitRejected, At: end.At, Items: 90, Bytes: 1 << 20})
			r.Observe(batch.Event{Kind: batch.HotKey, At: end.At, Items: 5000 - i})
		case 2:
			end.Err = busy
			r.Observe(batch.Event{Kind: batch.Waiting, At: end.At, Took: 300 * time.Millisecond, Err: busy})
		case 0:
			r.Observe(batch.Event{Kind: batch.LimitLearned, At: end.At, Items: 100})
		}
		r.Observe(end)
		for range 100 {
			row++
			r.Record(end.At, report.Record{Row: row, Outcome: caperrors.Applied, Attempts: 1})
		}
	}
	return r
}

func TestReportTellsTheLoad(t *testing.T) {
	t.Parallel()
	r := tenCalls()
	r.Record(start.Add(9*time.Second), report.Record{
		Row: 1001, ID: "B-1001", Outcome: caperrors.Refused, Code: 8015, Message: "no customer 447700900001", Attempts: 3, RequestID: "req-1",
	})
	page := write(t, r, report.Load{
		Ended: start.Add(10 * time.Second), Exit: 3, Limit: 100, Wasted: 3, RPM: 120, Concurrency: 4, Program: "etl v1",
		Input: "bills.csv", Target: "api.example.com", Settings: []report.Setting{{Name: "format", Value: "csv"}},
	})
	text := words(page)
	for _, want := range []string{
		"Finished; 1 of 1,001 records not done",
		"bills.csv to v2/transactions/bulk at api.example.com · 1 March 2026, 22:00:00 UTC · 10 s · exit status 3",
		"applied 1,000 &gt; 99.9 % the service did it",
		"refused 8015 customer not found 1 &lt; 0.1 % no customer ***",
		"10 calls for 1,001 records sent. 11 calls of 100 records would be the fewest",
		"3 calls settled no record. 1 call came to nothing", "Records were sent 1,003 times, 2 of these again.",
		"1 461 search engine busy", "of one customer: 4,999 at the most", "2 calls refused for the size of the request in bytes", "Waits in which no call went out: 300 ms in all",
		"100 records a second on average", "60 calls a minute on average", "-rpm 120", "-concurrency 4",
		"0.5 calls in flight on average, 1 at the most.",
		"3 sizes told something, in the first 4 of 10 calls: 1 accepted, 2 refused.", "the limit: 100", "100 items a call may carry",
		"1,001 B-1001 refused 8015 customer not found no customer *** 3 req-1",
		"format csv", "etl v1. From 1 March 2026, 22:00:00 UTC to 1 March 2026, 22:00:10 UTC.",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, page, "447700900001")
}

func TestReportOfALoadThatWasBegunBeforeTellsAllOfIt(t *testing.T) {
	t.Parallel()
	r := tenCalls()
	r.Record(start.Add(9*time.Second), report.Record{Row: 1001, ID: "B-1001", Outcome: caperrors.Unknown, Attempts: 1})
	l := report.Load{Ended: start.Add(10 * time.Second), Exit: 3, Limit: 100}
	l.Earlier[caperrors.Applied], l.Earlier[caperrors.Refused], l.Earlier[caperrors.Unknown] = 3989, 7, 3
	text := words(write(t, r, l))
	for _, want := range []string{
		"Finished; 11 of 5,000 records not done", "3,999 records of it had their outcome already, 10 of them not done",
		"applied 4,989 99.8 %", "refused 7 0.1 %", "unknown 4 < 0.1 %", "10 calls for 1,001 records sent",
		"All 1 of this run; 10 records of earlier runs stand in the results.",
	} {
		assert.Contains(t, strings.ReplaceAll(text, "&lt;", "<"), want)
	}

	l = report.Load{Ended: start, Exit: 1, Err: errors.New("interrupted"), Unread: true, Resumable: true}
	text = words(write(t, report.NewRecorder(start), l))
	assert.Contains(t, text, "the same command goes on with the journal")
	assert.NotContains(t, text, "stands in no file")

	l = report.Load{Ended: start, Limit: 100}
	l.Earlier[caperrors.Applied] = 5
	text = words(write(t, report.NewRecorder(start), l))
	assert.Contains(t, text, "Finished; 5 records, all applied or duplicates")
	assert.Contains(t, text, "That 100 may go in a call was known from before")
}

func TestReportNeedsNothingBesideItself(t *testing.T) {
	t.Parallel()
	page := write(t, tenCalls(), report.Load{Ended: start.Add(10 * time.Second), Limit: 100})
	for _, outside := range []string{"<script", "http:", "https:", "url(", "@import", " src=", "javascript:", "onload"} {
		assert.NotContains(t, page, outside)
	}
	assert.Equal(t, 1, strings.Count(page, "href="))
	assert.Contains(t, page, `<link rel="icon" href="data:,">`, "or the browser would ask for one")
	for _, wanted := range []string{"prefers-color-scheme: dark", "@media print", `lang="en"`, `role="img"`, "<desc "} {
		assert.Contains(t, page, wanted)
	}
	assert.Equal(t, strings.Count(page, "<svg"), strings.Count(page, `role="img"`), "each picture has its words")
	ids := regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1)
	seen := map[string]bool{}
	for _, id := range ids {
		assert.False(t, seen[id[1]], "id %s is there twice", id[1])
		seen[id[1]] = true
	}
	for _, refs := range regexp.MustCompile(`aria-labelledby="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		for ref := range strings.FieldsSeq(refs[1]) {
			assert.True(t, seen[ref], "%s names nothing", ref)
		}
	}
}

func TestReportOfEveryEnd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		load  report.Load
		calls bool
		want  []string
	}{
		"all done": {report.Load{Ended: start.Add(time.Minute)}, true, []string{"Finished; 1,000 records, all applied or duplicates", "· 1 min ·"}},
		"nothing to load": {
			report.Load{Ended: start},
			false,
			[]string{"there were no records", "Nothing was learned", "– items fitted in a call"},
		},
		"stopped": {
			report.Load{Ended: start.Add(time.Minute), Err: errors.New("401 for till 447700900001"), Unread: true, Last: 1000, Exit: 1},
			true,
			[]string{"The load could not finish 401 for till ***", "read up to record 1,000."},
		},
		"no size was ever refused": {
			report.Load{Ended: start.Add(time.Minute), Limit: 100, MaxItems: 1000}, false, []string{"100 items fitted in a call", "0 calls for 0 records sent."},
		},
		"a clock that went back": {report.Load{Ended: start.Add(-time.Hour)}, true, []string{"0 ms"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report.NewRecorder(start)
			if tt.calls {
				r = tenCalls()
			}
			text := words(write(t, r, tt.load))
			for _, want := range tt.want {
				assert.Contains(t, text, want)
			}
		})
	}
}

func TestForeignTextsStayTexts(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	r := report.NewRecorder(start)
	r.Record(start, report.Record{Row: 1, ID: evil, Outcome: caperrors.Refused, Code: 1, Message: evil, RequestID: evil})
	page := write(t, r, report.Load{Ended: start, Err: errors.New(evil), Input: evil, Target: evil, Program: evil, Settings: []report.Setting{{Name: evil, Value: evil}}})
	assert.NotContains(t, page, "<script")
	assert.Contains(t, page, "not in our tables", "a code that no table has")
}

func TestReportStaysSmallHoweverLongTheLoadIs(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder(start)
	at := start
	for i := range 300_000 {
		at = at.Add(time.Duration(i%7) * time.Second)
		err := error(&caperrors.CallError{Err: &caperrors.RequestError{Code: caperrors.Code(i)}})
		r.Observe(batch.Event{Kind: batch.CallStarted, At: at, Items: i, InFlight: 1})
		r.Observe(batch.Event{Kind: batch.CallEnded, At: at, Items: i, InFlight: 1, Err: err})
		r.Observe(batch.Event{Kind: batch.Waiting, At: at, Took: time.Second, Err: err})
		r.Observe(batch.Event{Kind: batch.LimitRejected, At: at, Items: i})
		r.Record(at, report.Record{Row: i, ID: strconv.Itoa(i), Outcome: caperrors.Refused, Code: caperrors.Code(i), Message: strings.Repeat("x", 1000)})
	}
	page := write(t, r, report.Load{Ended: at, Limit: 100})
	assert.Less(t, len(page), 300_000)
	text := words(page)
	assert.Contains(t, text, "299,900 records with further codes.")
	assert.Contains(t, text, "The first 100 of 300,000.")
	assert.Contains(t, text, "Later tries that are not drawn: 299,900.")
	assert.Contains(t, text, "other reasons")
}

func ExampleRecorder() {
	recorder := report.NewRecorder(time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC))
	// Give recorder.Observe to batch.Config, and tell each record's fate as it comes.
	recorder.Record(time.Date(2026, 3, 1, 22, 0, 1, 0, time.UTC), report.Record{Row: 1, Outcome: caperrors.Applied, Attempts: 1})

	var page bytes.Buffer
	err := recorder.Write(&page, &report.Load{Endpoint: "v2/transactions/bulk", Ended: time.Date(2026, 3, 1, 22, 0, 2, 0, time.UTC)})
	fmt.Println(err, strings.Contains(page.String(), "1 record, all applied or duplicates"))
	// Output: <nil> true
}
