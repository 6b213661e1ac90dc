package report

import (
	"fmt"
	"math"
	"time"
)

// tick is a place on an axis, from 0 to 1, and what stands there.
type tick struct {
	at    float64
	label string
}

// valueAxis returns the end of an axis that begins at 0 and has room for a value, and its ticks at round numbers.
func valueAxis(most float64) (end float64, ticks []tick) {
	if most <= 0 {
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if most/(step*m) <= 4 {
			step *= m
			break
		}
	}
	n := int(math.Ceil(most/step - 1e-9))
	end = step * float64(n)
	for i := range n + 1 {
		v := step * float64(i)
		ticks = append(ticks, tick{v / end, short(v)})
	}
	return end, ticks
}

// countAxis is valueAxis for things that come whole.
func countAxis(most int) (end float64, ticks []tick) {
	if most > 4 {
		return valueAxis(float64(most))
	}
	most = max(1, most)
	for i := range most + 1 {
		ticks = append(ticks, tick{float64(i) / float64(most), grouped(i)})
	}
	return float64(most), ticks
}

// timeSteps are what people count time in.
var timeSteps = [...]time.Duration{
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// timeAxis returns the ticks of an axis that goes from 0 to end.
func timeAxis(end time.Duration) []tick {
	const most = 8
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if end/s <= most {
			step = s
			break
		}
	}
	for end/step > most {
		step *= 2
	}
	var ticks []tick
	for at := time.Duration(0); at <= end; at += step {
		ticks = append(ticks, tick{float64(at) / float64(end), moment(at, step)})
	}
	return ticks
}

// moment writes a time since the start as exactly as the step between two needs it.
func moment(at, step time.Duration) string {
	switch {
	case at == 0:
		return "0"
	case step < time.Second:
		return short(at.Seconds()) + " s"
	case at < time.Minute:
		return fmt.Sprintf("%d s", int(at.Seconds()))
	case step < time.Minute:
		return fmt.Sprintf("%d:%02d min", int(at.Minutes()), int(at.Seconds())%60)
	case at < time.Hour:
		return fmt.Sprintf("%d min", int(at.Minutes()))
	case step < time.Hour:
		return fmt.Sprintf("%d:%02d h", int(at.Hours()), int(at.Minutes())%60)
	default:
		return grouped(int(at.Hours())) + " h"
	}
}
