package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
)

// metrics are counters in the text format of Prometheus, by hand: a program that has OpenTelemetry takes client/otelcapillary instead.
type metrics struct {
	rejected atomic.Int64
	wasted   atomic.Int64
	limit    atomic.Int64
	tokens   atomic.Int64

	mu       sync.Mutex
	counters map[series]int64
}

// series is one line. Its labels have few values: routes, endpoints, outcomes.
type series struct{ name, label, value, more string }

func newMetrics() *metrics { return &metrics{counters: make(map[series]int64)} }

func (m *metrics) add(s series, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counters[s] += int64(n)
}

func (m *metrics) request(route string, status int) {
	m.add(series{"service_requests_total", "route", route, `,status="` + strconv.Itoa(status) + `"`}, 1)
}

// observe is told of the client's calls.
func (m *metrics) observe(ctx context.Context, e client.Event) context.Context {
	switch e.Kind {
	case client.AttemptEnded:
		m.tokens.Store(int64(e.Tokens))
		m.add(series{"capillary_attempts_total", "endpoint", e.Endpoint, `,outcome="` + e.Outcome.String() + `"`}, 1)
	case client.CallEnded:
		items := map[string]int{
			"applied": e.Items.Applied, "duplicate": e.Items.Duplicate, "refused": e.Items.Refused,
			"unknown": e.Items.Unknown, "not-sent": e.Items.NotSent,
		}
		for outcome, n := range items {
			if n > 0 {
				m.add(series{"capillary_items_total", "endpoint", e.Endpoint, `,outcome="` + outcome + `"`}, n)
			}
		}
	default:
	}
	return ctx
}

// observeBatch is told of the engine.
func (m *metrics) observeBatch(e batch.Event) {
	switch e.Kind {
	case batch.CallWasted:
		m.wasted.Add(1)
	case batch.LimitLearned:
		m.limit.Store(int64(e.Items))
	default:
	}
}

func (s *service) getMetrics(w http.ResponseWriter, _ *http.Request) {
	m := s.metrics
	m.mu.Lock()
	counters := maps.Clone(m.counters)
	m.mu.Unlock()
	var b strings.Builder
	lines := slices.SortedFunc(maps.Keys(counters), func(x, y series) int {
		return cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(x.value, y.value), cmp.Compare(x.more, y.more))
	})
	last := ""
	for _, l := range lines {
		if l.name != last {
			fmt.Fprintf(&b, "# TYPE %s counter\n", l.name)
			last = l.name
		}
		fmt.Fprintf(&b, "%s{%s=%q%s} %d\n", l.name, l.label, l.value, l.more, counters[l])
	}
	for _, g := range []struct {
		name, kind string
		value      int64
	}{
		{"capillary_batch_calls_wasted_total", "counter", m.wasted.Load()},
		{"capillary_batch_limit", "gauge", m.limit.Load()},
		{"capillary_retry_budget_tokens", "gauge", m.tokens.Load()},
		{"service_queue_bills", "gauge", s.queued.Load()},
		{"service_queue_limit", "gauge", int64(s.cfg.queue)},
		{"service_queue_rejected_total", "counter", m.rejected.Load()},
	} {
		fmt.Fprintf(&b, "# TYPE %s %s\n%s %d\n", g.name, g.kind, g.name, g.value)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(b.String())) // fails only if the caller has left
}
