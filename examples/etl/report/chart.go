package report

import (
	"fmt"
	"time"
)

// The size of every chart, in units of its own. What is drawn stands between left and right, top and bottom.
const (
	chartWidth, chartHeight = 960.0, 226.0
	left, right             = 66.0, 948.0
	top, bottom             = 30.0, 186.0
)

// chart is a picture, ready to be written. Coordinates are in the chart's own units.
type chart struct {
	ID, Title, Unit, XUnit string
	Summary                string // the picture in words
	Width, Height          float64
	Left, Right            float64
	Top, Bottom            float64
	X, Y                   []label
	Bars                   []bar
	Marks                  []mark
	Rules                  []rule
	Legend                 []entry
}

type label struct {
	At   float64
	Text string
}

// bar is a rectangle; its title is shown when it is pointed at.
type bar struct {
	X, Y, W, H   float64
	Class, Title string
}

// mark is a point with a text beside it.
type mark struct {
	X, Y         float64
	Accepted     bool
	Title, Label string
}

// rule is a level across the chart, with its name at Name.
type rule struct {
	Y, Name float64
	Text    string
}

func newRule(y float64) rule { return rule{Y: y, Name: y - 4} }

type entry struct{ Class, Text string }

func newChart(id, title, unit string) *chart {
	return &chart{
		ID: id, Title: title, Unit: unit, XUnit: "time since the start",
		Width: chartWidth, Height: chartHeight, Left: left, Right: right, Top: top, Bottom: bottom,
	}
}

func xAt(share float64) float64 { return round1(left + share*(right-left)) }
func yAt(share float64) float64 { return round1(bottom - share*(bottom-top)) }

// round1 keeps the file small: a tenth of a unit is less than is seen.
func round1(v float64) float64 { return float64(int(v*10+0.5)) / 10 }

func (c *chart) axes(x, y []tick) {
	for _, t := range x {
		c.X = append(c.X, label{xAt(t.at), t.label})
	}
	for _, t := range y {
		c.Y = append(c.Y, label{yAt(t.at), t.label})
	}
}

// layer is one height of a stretch's bar; several stand one on the other.
type layer struct {
	class string
	value func(*stretch) float64
}

// overTime draws bars over time. The value axis has room for least, whatever the bars need.
func (c *chart) overTime(all []stretch, layers []layer, least float64, whole bool, tell func(*stretch) string) {
	end := all[len(all)-1].to
	most := least
	for i := range all {
		sum := 0.0
		for _, l := range layers {
			sum += l.value(&all[i])
		}
		most = max(most, sum)
	}
	topValue, ticks := valueAxis(most)
	if whole {
		topValue, ticks = countAxis(int(most + 0.999))
	}
	c.axes(timeAxis(end), ticks)
	for i := range all {
		s := &all[i]
		x0, x1 := xAt(float64(s.from)/float64(end)), xAt(float64(s.to)/float64(end))
		title := fmt.Sprintf("%s to %s: %s", duration(s.from), duration(s.to), tell(s))
		base := 0.0
		for _, l := range layers {
			v := l.value(s)
			if v <= 0 {
				continue
			}
			y0, y1 := yAt(base/topValue), yAt((base+v)/topValue)
			c.Bars = append(c.Bars, bar{x0, y1, round1(max(0.5, x1-x0-gap(len(all)))), round1(y0 - y1), l.class, title})
			base += v
		}
	}
	if least > 0 {
		c.Rules = append(c.Rules, newRule(yAt(least/topValue)))
	}
}

// gap is what parts two bars.
func gap(bars int) float64 {
	if bars > 120 {
		return 0
	}
	return 1
}

// perSecond and perMinute are rates over a stretch.
func perSecond(n int, s *stretch) float64 { return float64(n) / max(1e-3, (s.to-s.from).Seconds()) }
func perMinute(n int, s *stretch) float64 { return 60 * perSecond(n, s) }

// inFlight is the mean number of calls in flight.
func inFlight(s *stretch) float64 {
	return float64(s.busy) / float64(max(time.Millisecond, s.to-s.from))
}
