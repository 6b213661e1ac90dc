package report

import (
	"fmt"
	"time"
)

// stretches is how many bars a chart has at most.
const stretches = 120

// throughputChart shows records a second over time.
func throughputChart(all []stretch, records int, took time.Duration) *chart {
	c := newChart("throughput", "Throughput", "records a second")
	rate := func(s *stretch) float64 { return perSecond(s.records, s) }
	c.overTime(all, []layer{{"s1", rate}}, 0, false, func(s *stretch) string { return short(rate(s)) + " records a second" })
	best := 0.0
	for i := range all {
		best = max(best, rate(&all[i]))
	}
	c.Summary = fmt.Sprintf("%s records a second on average, %s at the best.", short(float64(records)/max(1e-3, took.Seconds())), short(best))
	return c
}

// callsChart shows calls a minute over time, and the pace that was asked for.
func callsChart(all []stretch, rpm int, took time.Duration) *chart {
	c := newChart("calls", "Calls", "calls a minute")
	good := func(s *stretch) float64 { return perMinute(s.calls, s) }
	bad := func(s *stretch) float64 { return perMinute(s.failed, s) }
	c.overTime(all, []layer{{"s1", good}, {"s2", bad}}, float64(rpm), false, func(s *stretch) string {
		text := short(good(s)) + " calls a minute"
		if s.failed > 0 {
			text += ", and " + short(bad(s)) + " that came to nothing"
		}
		if s.waited > 0 {
			text += "; waited for " + duration(s.waited)
		}
		return text
	})
	if rpm > 0 {
		c.Rules[0].Text = "-rpm " + grouped(rpm)
	}
	calls, failed, best := 0, 0, 0.0
	for i := range all {
		calls += all[i].calls + all[i].failed
		failed += all[i].failed
		best = max(best, good(&all[i])+bad(&all[i]))
	}
	c.Summary = fmt.Sprintf("%s calls a minute on average, %s at the most; %s of %s calls came to nothing.",
		short(float64(calls)/max(1e-3, took.Minutes())), short(best), grouped(failed), grouped(calls))
	if failed > 0 {
		c.Legend = []entry{{"s1", "answered item by item"}, {"s2", "came to nothing: refused as a whole, or without an answer"}}
	}
	return c
}

// concurrencyChart shows the mean number of calls in flight over time, and how many were allowed.
func concurrencyChart(all []stretch, allowed int) *chart {
	c := newChart("concurrency", "Concurrency", "calls in flight (mean)")
	c.overTime(all, []layer{{"s1", inFlight}}, float64(allowed), true, func(s *stretch) string {
		return fmt.Sprintf("%s calls in flight on average, %d at the most", short(round1(inFlight(s))), s.peak)
	})
	if allowed > 0 {
		c.Rules[0].Text = "-concurrency " + grouped(allowed)
	}
	peak, busy, end := 0, time.Duration(0), all[len(all)-1].to
	for i := range all {
		peak = max(peak, all[i].peak)
		busy += all[i].busy
	}
	c.Summary = fmt.Sprintf("%s calls in flight on average, %d at the most.", short(round1(float64(busy)/float64(end))), peak)
	return c
}

// mostLabels is how many texts stand side by side and can still be read.
const mostLabels = 16

// limitChart shows the sizes that were tried, one after another, and what the service said to each. Tries are evenly apart: most come in
// the first calls.
func limitChart(steps []step, calls, limit int, met bool) *chart {
	c := newChart("limit", "How the limit was learned", "items in the call")
	c.XUnit = "number of the call"
	most, accepted := limit, 0
	for _, s := range steps {
		most = max(most, s.items)
	}
	// A tenth more, for the texts above the points.
	end, y := countAxis(most + most/10)
	c.axes(nil, y)
	every := (len(steps) + mostLabels - 1) / mostLabels
	for i, s := range steps {
		said := "refused"
		if s.accepted {
			said = "accepted"
			accepted++
		}
		m := mark{
			X: xAt((float64(i) + 0.5) / float64(len(steps))), Y: yAt(float64(s.items) / end), Accepted: s.accepted,
			Title: fmt.Sprintf("call %s with %s items: %s", grouped(s.call), grouped(s.items), said),
		}
		if i%every == 0 {
			m.Label = grouped(s.items)
			c.X = append(c.X, label{m.X, grouped(s.call)})
		}
		c.Marks = append(c.Marks, m)
	}
	if limit > 0 {
		y := yAt(float64(limit) / end)
		text := "the limit: "
		if !met {
			text = "fits: "
		}
		c.Rules = []rule{{y, y + 14, text + grouped(limit)}} // below: above are the tries
	}
	c.Summary = fmt.Sprintf("%s told something, in the first %s of %s calls: %d accepted, %d refused.",
		counted(len(steps), "size"), grouped(steps[len(steps)-1].call), grouped(calls), accepted, len(steps)-accepted)
	c.Legend = []entry{{"ok", "accepted"}, {"no", "refused as too large"}}
	return c
}
