package report

import "time"

// maxBuckets bounds a timeline: when they are full, every two become one and each covers twice the time.
const maxBuckets = 240

// firstWidth is the time that a bucket covers at first.
const firstWidth = 100 * time.Millisecond

// bucket is what happened in a stretch of time.
type bucket struct {
	records int           // that got their final outcome
	calls   int           // that came back with a verdict on each item
	failed  int           // that came to nothing
	peak    int           // most calls in flight
	busy    time.Duration // calls in flight, added up over the time
	waited  time.Duration // during which no call could go out
}

func (b *bucket) add(other *bucket) {
	b.records += other.records
	b.calls += other.calls
	b.failed += other.failed
	b.peak = max(b.peak, other.peak)
	b.busy += other.busy
	b.waited += other.waited
}

// timeline is what happened over time, in memory that does not grow. Times before its start count as its start.
type timeline struct {
	started time.Time
	width   time.Duration
	buckets []bucket

	inFlight int           // since changed
	changed  time.Duration // after the start
	waiting  time.Duration // the waits so far end there
}

func newTimeline(started time.Time) *timeline { return &timeline{started: started, width: firstWidth} }

// at returns the bucket of a moment after the start.
func (t *timeline) at(moment time.Duration) *bucket {
	moment = max(0, moment)
	for moment >= t.width*maxBuckets {
		t.fold()
	}
	i := int(moment / t.width)
	for len(t.buckets) <= i {
		t.buckets = append(t.buckets, bucket{})
	}
	return &t.buckets[i]
}

func (t *timeline) fold() {
	half := (len(t.buckets) + 1) / 2
	for i := range half {
		b := t.buckets[2*i]
		if 2*i+1 < len(t.buckets) {
			b.add(&t.buckets[2*i+1])
		}
		t.buckets[i] = b
	}
	t.buckets = t.buckets[:half]
	t.width *= 2
}

// flying notes that so many calls are in flight from a moment on.
func (t *timeline) flying(moment time.Duration, calls int) {
	moment = max(moment, t.changed)
	t.spread(t.changed, moment, func(b *bucket, d time.Duration) {
		b.busy += time.Duration(t.inFlight) * d
		b.peak = max(b.peak, t.inFlight)
	})
	t.inFlight, t.changed = calls, moment
	b := t.at(moment)
	b.peak = max(b.peak, calls)
}

// wait notes that no call could go out for a while. What two waits have in common counts once. It returns what counted.
func (t *timeline) wait(from, to time.Duration) time.Duration {
	from = max(from, t.waiting, 0)
	if to <= from {
		return 0
	}
	t.waiting = to
	t.spread(from, to, func(b *bucket, d time.Duration) { b.waited += d })
	return to - from
}

// spread hands a stretch of time to the buckets that it goes through.
func (t *timeline) spread(from, to time.Duration, note func(*bucket, time.Duration)) {
	if to <= from {
		return
	}
	t.at(to) // folds first, so that the width stays below
	for from < to {
		end := min(to, from-from%t.width+t.width)
		note(t.at(from), end-from)
		from = end
	}
}

// stretch is what happened between two moments.
type stretch struct {
	from, to time.Duration
	bucket
}

// fewestCalls is how many calls a stretch should have in the mean, so that its rates say something.
const fewestCalls = 6

// until returns the timeline up to its end, in at most that many stretches of one width. The last one takes in what would be less than
// half a stretch.
func (t *timeline) until(end time.Duration, most int) []stretch {
	end = max(end, time.Millisecond)
	t.flying(end, t.inFlight)
	calls := 0
	for i := range t.buckets {
		calls += t.buckets[i].calls + t.buckets[i].failed
	}
	most = max(1, min(most, max(8, calls/fewestCalls)))
	used := int((end + t.width - 1) / t.width)
	group := max(1, (used+most-1)/most)
	width := time.Duration(group) * t.width
	var all []stretch
	for i := range t.buckets {
		from := time.Duration(i) * t.width
		if from > end {
			break
		}
		if i%group == 0 && (i == 0 || end-from >= width/2) {
			all = append(all, stretch{from: from})
		}
		last := &all[len(all)-1]
		last.add(&t.buckets[i])
		last.to = min(end, from+t.width)
	}
	return all
}
