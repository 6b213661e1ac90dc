package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Load is what the report tells of a load beside what its [Recorder] saw.
type Load struct {
	Program  string            // name and version of the program
	Endpoint string            // its name, such as "v2/transactions/bulk"
	Version  caperrors.Version // the endpoint's: codes are looked up by it
	Entity   string            // the endpoint's
	Target   string            // host of the API
	Input    string            // file, or what else the records come from
	Settings []Setting         // in the order in which they are shown

	Ended     time.Time
	Exit      int   // exit status of the program
	Err       error // why the load could not finish; nil if it did. It is shown masked
	Unread    bool  // the input goes on behind what was read
	Resumable bool  // the load did not finish, and a journal knows how to go on

	// Earlier are the records, by outcome, that had theirs before this run. They count among the load's records; all else is this run's.
	Earlier [caperrors.NotSent + 1]int

	Last int // number of the last record that was read

	Limit       int // items known to fit in a call; 0 if nothing is known
	MaxItems    int // items that no call carries more of, whatever the service takes
	Wasted      int // calls that settled no item
	RPM         int // calls a minute that were allowed; 0: any
	Concurrency int // calls in flight that were allowed
}

// Setting is a name and a value.
type Setting struct{ Name, Value string }

//go:embed page.html
var pageText string

// page is what page.html shows.
type page struct {
	Load
	State, Headline     string // done, some or failed; and in words
	Reason              string
	Started             time.Time
	Took                time.Duration
	Records, Sent       int
	Outcomes            []outcomeRow
	Codes               []codeRow
	Others              int
	Calls, Fewest, Lost int
	Attempts, Retries   int
	Waited              time.Duration
	Heavy, HotKey       int
	LimitMet            bool // more than Limit was refused, or not wanted
	Charts              []*chart
	LimitChart          *chart
	MoreSteps           int
	Failed              []reasonRow
	Waits               []reasonRow
	Failures            []failureRow
	NotDone, NewNotDone int // of the load, of this run
	Before, BeforeOpen  int // of the load's records, those of earlier runs; of these not done
}

type outcomeRow struct {
	Name, Meaning string
	Records       int
	Share         string
	From, Width   float64 // of the bar, in percent
}

type codeRow struct {
	Outcome, Code, Meaning, Example string
	Records                         int
	Share                           string
}

type reasonRow struct {
	Code, Text string
	Times      int
	Total      time.Duration
}

type failureRow struct {
	Record
	Code, Meaning, Outcome string
}

// outcomeText says what an outcome means for who reads the report.
func outcomeText(o caperrors.Outcome) string {
	switch o {
	case caperrors.Applied:
		return "the service did it"
	case caperrors.Duplicate:
		return "the service had it already"
	case caperrors.Refused:
		return "the service did not take it, or it could not be read"
	case caperrors.NotSent:
		return "no byte of it left"
	default:
		return "sent, and no answer: it may have been applied"
	}
}

// outcomeOrder is that of the page.
func outcomeOrder() []caperrors.Outcome {
	return []caperrors.Outcome{caperrors.Applied, caperrors.Duplicate, caperrors.Refused, caperrors.Unknown, caperrors.NotSent}
}

// Write writes the report to w. Nothing more must be recorded after it.
func (r *Recorder) Write(w io.Writer, l *Load) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := template.New("report").Funcs(template.FuncMap{
		"n": grouped, "counted": counted, "duration": duration, "percent": percent, "num": func(v float64) string { return fmt.Sprintf("%g", v) },
		"utc": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
		"add": func(a, b float64) float64 { return a + b },
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, r.page(l)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func (r *Recorder) page(l *Load) *page {
	took := max(0, l.Ended.Sub(r.started))
	p := &page{
		Load: *l, Started: r.started, Took: took, Sent: r.sent, Calls: r.calls,
		Attempts: r.attempts, Retries: max(0, r.attempts-r.sent), Others: r.others,
		Heavy: r.heavy, HotKey: r.hotKey,
	}
	p.outcomes(r)
	p.codes(r)
	p.reasons(r, took)
	p.failures(r)
	p.headline()
	p.LimitMet = l.Limit > 0 && (l.Limit >= l.MaxItems || r.sizeRefused)
	if p.LimitMet && r.sent > 0 {
		p.Fewest = (r.sent + l.Limit - 1) / l.Limit
	}
	if r.records > 0 || r.calls > 0 {
		all := r.timeline.until(took, stretches)
		p.Charts = []*chart{throughputChart(all, r.records, took), callsChart(all, l.RPM, took), concurrencyChart(all, l.Concurrency)}
	}
	if len(r.steps) > 0 {
		p.LimitChart, p.MoreSteps = limitChart(r.steps, r.calls, l.Limit, p.LimitMet), r.learnt
	}
	return p
}

func (p *page) outcomes(r *Recorder) {
	for _, o := range outcomeOrder() {
		p.Before += p.Earlier[o]
		if !o.Done() {
			p.BeforeOpen += p.Earlier[o]
			p.NewNotDone += r.outcomes[o]
		}
	}
	p.Records, p.NotDone = r.records+p.Before, p.NewNotDone+p.BeforeOpen
	from := 0.0
	for _, o := range outcomeOrder() {
		n := r.outcomes[o] + p.Earlier[o]
		row := outcomeRow{Name: o.String(), Meaning: outcomeText(o), Records: n, Share: percent(n, p.Records), From: from}
		if n > 0 {
			// What is there is seen, however little it is.
			row.Width = max(0.4, 100*float64(n)/float64(p.Records))
		}
		from = min(100, from+row.Width)
		p.Outcomes = append(p.Outcomes, row)
	}
}

// meaning returns ours of a code.
func (p *page) meaning(code caperrors.Code) string {
	if code == 0 {
		return ""
	}
	m, ok := caperrors.Lookup(caperrors.Scope{Version: p.Version, Entity: p.Entity, Level: caperrors.ItemLevel}, code)
	if !ok {
		return "not in our tables"
	}
	return m.Text
}

func codeText(code caperrors.Code) string {
	if code == 0 {
		return "–"
	}
	return strconv.Itoa(int(code))
}

func (p *page) codes(r *Recorder) {
	keys := make([]codeKey, 0, len(r.codes))
	for key := range r.codes {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b codeKey) int {
		return cmp.Or(r.codes[b].records-r.codes[a].records, int(a.outcome)-int(b.outcome), int(a.code)-int(b.code))
	})
	for _, key := range keys {
		c := r.codes[key]
		p.Codes = append(p.Codes, codeRow{
			Outcome: key.outcome.String(), Code: codeText(key.code), Meaning: p.meaning(key.code), Example: c.example,
			Records: c.records, Share: percent(c.records, r.records),
		})
	}
}

func (p *page) reasons(r *Recorder, took time.Duration) {
	for why, n := range r.failed {
		p.Failed = append(p.Failed, reasonRow{codeText(why.code), why.text, n, 0})
		p.Lost += n
	}
	overhang := max(0, r.timeline.waiting-took)
	for why, sum := range r.waits {
		total := sum.total
		if why == r.lastWait {
			total = max(0, total-overhang)
		}
		p.Waits = append(p.Waits, reasonRow{codeText(why.code), why.text, sum.times, total})
		p.Waited += total
	}
	for _, rows := range [][]reasonRow{p.Failed, p.Waits} {
		slices.SortFunc(rows, func(a, b reasonRow) int {
			return cmp.Or(cmp.Compare(b.Total, a.Total), b.Times-a.Times, cmp.Compare(a.Code, b.Code), cmp.Compare(a.Text, b.Text))
		})
	}
}

func (p *page) failures(r *Recorder) {
	for _, f := range r.failures {
		p.Failures = append(p.Failures, failureRow{f, codeText(f.Code), p.meaning(f.Code), f.Outcome.String()})
	}
}

// headline says in one sentence how the load ended.
func (p *page) headline() {
	switch {
	case p.Err != nil:
		p.State, p.Headline = "failed", "The load could not finish"
		p.Reason = caperrors.Mask(p.Err.Error())
	case p.NotDone > 0:
		p.State = "some"
		p.Headline = fmt.Sprintf("Finished; %s of %s not done", grouped(p.NotDone), counted(p.Records, "record"))
	case p.Records == 0:
		p.State, p.Headline = "done", "Finished; there were no records"
	default:
		p.State = "done"
		p.Headline = fmt.Sprintf("Finished; %s, all applied or duplicates", counted(p.Records, "record"))
	}
}
