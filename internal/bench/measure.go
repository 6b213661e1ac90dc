package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// tally is what a contender says became of its work.
type tally struct{ accepted, refused int }

// contender does units of work and tells what became of them. It is used again
// and again, never by two at once.
type contender struct {
	name string
	run  func(units int) (tally, error)
}

// sample is what one round of one contender cost.
type sample struct{ rate, cpu, allocs, bytes float64 }

// table is a comparison: all contenders do the same work, round by round, so
// that whatever else the machine does hits all of them alike.
type table struct {
	title      string
	unit       string
	contenders []contender
	samples    [][]sample // by contender, then round
}

// measure runs all contenders once to warm up and then rounds times. A
// contender that lost work, or did some twice, is an error.
func (t *table) measure(url string, units, rounds int) error {
	t.samples = make([][]sample, len(t.contenders))
	for round := range rounds + 1 {
		for i, c := range t.contenders {
			s, err := t.once(c, url, units)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", t.title, c.name, err)
			}
			if round > 0 {
				t.samples[i] = append(t.samples[i], s)
			}
		}
	}
	return nil
}

func (t *table) once(c contender, url string, units int) (sample, error) {
	seen, err := countsOf(url)
	if err != nil {
		return sample{}, err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := processorTime(), time.Now()
	got, err := c.run(units)
	took := time.Since(start)
	cpu = processorTime() - cpu
	runtime.ReadMemStats(&after)
	if err != nil {
		return sample{}, err
	}
	if err = account(url, seen, got, units); err != nil {
		return sample{}, err
	}
	n := float64(units)
	return sample{
		rate:   n / took.Seconds(),
		cpu:    float64(cpu.Nanoseconds()) / 1000 / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, nil
}

// account compares what a contender says with what the server saw.
func account(url string, before counts, got tally, units int) error {
	now, err := countsOf(url)
	if err != nil {
		return err
	}
	if n := now.Items - before.Items; n != int64(units) {
		return fmt.Errorf("%d of %d arrived", n, units)
	}
	if n := now.Refused - before.Refused; n != int64(got.refused) || got.accepted+got.refused != units {
		return fmt.Errorf("%d accepted and %d refused for %d, of which the server refused %d", got.accepted, got.refused, units, n)
	}
	return nil
}

// print writes one line for each contender: medians, and the median of the
// ratios to the first one, taken round by round.
func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s (median of %d rounds)\n", t.title, len(t.samples[0]))
	fmt.Fprintf(w, "%-40s %12s %7s %13s %9s %11s %10s\n", "", t.unit+"s/s", "ratio", "cpu µs/"+t.unit, "cpu ratio", "allocs/"+t.unit, "B/"+t.unit)
	for i, c := range t.contenders {
		fmt.Fprintf(w, "%-40s %12.0f %7.3f %13.2f %9.2f %11.2f %10.0f\n", c.name,
			t.median(i, sample.theRate), t.ratio(i, 0, sample.theRate), t.median(i, sample.theCPU), t.ratio(i, 0, sample.theCPU),
			t.median(i, sample.theAllocs), t.median(i, sample.theBytes))
	}
}

func (s sample) theRate() float64   { return s.rate }
func (s sample) theCPU() float64    { return s.cpu }
func (s sample) theAllocs() float64 { return s.allocs }
func (s sample) theBytes() float64  { return s.bytes }

func (t *table) median(i int, of func(sample) float64) float64 {
	values := make([]float64, 0, len(t.samples[i]))
	for _, s := range t.samples[i] {
		values = append(values, of(s))
	}
	return median(values)
}

// ratio is the median of contender i's figures divided by those of contender j
// in the same round.
func (t *table) ratio(i, j int, of func(sample) float64) float64 {
	values := make([]float64, len(t.samples[i]))
	for round := range values {
		values[round] = of(t.samples[i][round]) / of(t.samples[j][round])
	}
	return median(values)
}

// place returns the number of the contender with that name.
func (t *table) place(name string) int {
	return slices.IndexFunc(t.contenders, func(c contender) bool { return c.name == name })
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}
