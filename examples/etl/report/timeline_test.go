package report //nolint:testpackage // what is bounded is not to be seen from outside

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimelineKeepsItsSumsHoweverLongItIs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		tl := newTimeline(time.Time{})
		now, inFlight := time.Duration(0), 0
		var busy, waited time.Duration
		records, calls := 0, 0
		scale := time.Millisecond << rng.IntN(20)
		for range 2000 {
			step := time.Duration(rng.Int64N(int64(scale) + 1))
			busy += step * time.Duration(inFlight)
			now += step
			inFlight = rng.IntN(5)
			tl.flying(now, inFlight)
			n := rng.IntN(3)
			tl.at(now).records += n
			records += n
			tl.at(now).calls++
			calls++
			if rng.IntN(10) == 0 {
				waited += tl.wait(now, now+step)
			}
			require.LessOrEqual(t, len(tl.buckets), maxBuckets)
		}
		end := max(now, tl.waiting)
		busy += (end - now) * time.Duration(inFlight)
		all := tl.until(end, 50)
		require.LessOrEqual(t, len(all), 51)
		var sum bucket
		at := time.Duration(0)
		for i := range all {
			require.Equal(t, at, all[i].from)
			require.Greater(t, all[i].to, all[i].from)
			at = all[i].to
			sum.add(&all[i].bucket)
			assert.LessOrEqual(t, all[i].waited, all[i].to-all[i].from)
			assert.LessOrEqual(t, all[i].busy, (all[i].to-all[i].from)*4)
		}
		require.Equal(t, max(end, time.Millisecond), at)
		assert.Equal(t, []int{records, calls}, []int{sum.records, sum.calls})
		assert.Equal(t, []time.Duration{busy, waited}, []time.Duration{sum.busy, sum.waited})
	}
}

func TestTimelineFoldsWhenItIsFull(t *testing.T) {
	t.Parallel()
	tl := newTimeline(time.Time{})
	for i := range 240 { // one record in each of 240 buckets of 100 ms
		tl.at(time.Duration(i)*100*time.Millisecond).records++
	}
	assert.Equal(t, 100*time.Millisecond, tl.width)
	tl.at(24*time.Second).records++
	assert.Equal(t, 200*time.Millisecond, tl.width)
	assert.Len(t, tl.buckets, 121)
	assert.Equal(t, 2, tl.buckets[0].records)
	assert.Equal(t, 1, tl.buckets[120].records)
	tl.at(-time.Hour).records++
	assert.Equal(t, 3, tl.buckets[0].records, "before the start is the start")
}

func TestOverlappingWaitsCountOnce(t *testing.T) {
	t.Parallel()
	tl := newTimeline(time.Time{})
	assert.Equal(t, 3*time.Second, tl.wait(time.Second, 4*time.Second))
	assert.Equal(t, 2*time.Second, tl.wait(2*time.Second, 6*time.Second))
	assert.Zero(t, tl.wait(3*time.Second, 5*time.Second))
}

func TestConcurrencyIsAMeanOverTime(t *testing.T) {
	t.Parallel()
	tl := newTimeline(time.Time{})
	tl.flying(0, 1)
	tl.flying(2*time.Second, 3)
	tl.flying(3*time.Second, 0)
	all := tl.until(10*time.Second, 1)
	require.Len(t, all, 1)
	assert.InDelta(t, 0.5, inFlight(&all[0]), 1e-9) // (2·1 + 1·3) / 10
	assert.Equal(t, 3, all[0].peak)
}

func TestAxesEndAtRoundNumbers(t *testing.T) {
	t.Parallel()
	for most, want := range map[float64]float64{0: 1, 1: 1, 3: 3, 7: 8, 99: 100, 100: 100, 101: 150, 2900: 3000, 0.3: 0.3, 1_234_567: 1_500_000} {
		end, ticks := valueAxis(most)
		assert.InDelta(t, want, end, 1e-9, "%v", most)
		assert.LessOrEqual(t, len(ticks), 6)
		assert.InDelta(t, 0, ticks[0].at, 0)
		assert.InDelta(t, 1, ticks[len(ticks)-1].at, 1e-9)
	}
	for end, last := range map[time.Duration]string{
		time.Second: "1 s", 40 * time.Second: "40 s", 90 * time.Second: "1:30 min", 45 * time.Minute: "40 min",
		5 * time.Hour: "5 h", 100 * time.Hour: "96 h", 350 * time.Millisecond: "0.35 s",
	} {
		ticks := timeAxis(end)
		assert.Equal(t, last, ticks[len(ticks)-1].label)
		assert.LessOrEqual(t, len(ticks), 9)
	}
	end, ticks := countAxis(2)
	assert.InDelta(t, 2, end, 0)
	assert.Len(t, ticks, 3)
}

func TestNumbersAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		assert.Equal(t, want, grouped(n))
	}
	for v, want := range map[float64]string{0: "0", 0.12345: "0.123", 2.5: "2.5", 12.34: "12.3", 1234.5: "1,235"} {
		assert.Equal(t, want, short(v))
	}
	for d, want := range map[time.Duration]string{
		12 * time.Millisecond: "12 ms", 1234 * time.Millisecond: "1.23 s", 42 * time.Second: "42 s", time.Minute: "1 min",
		61 * time.Second: "1 min 01 s", 3*time.Hour + 5*time.Minute: "3 h 05 min", 59*time.Minute + 59*time.Second + 900*time.Millisecond: "1 h 00 min",
	} {
		assert.Equal(t, want, duration(d))
	}
	assert.Equal(t, []string{"–", "0 %", "100 %", "< 0.1 %", "> 99.9 %", "12.5 %"},
		[]string{percent(0, 0), percent(0, 5), percent(5, 5), percent(1, 5000), percent(4999, 5000), percent(1, 8)})
}
