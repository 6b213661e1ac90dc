package retry_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/retry"
)

const ms = time.Millisecond

// T-26 (of the mistakes that package batch numbers): no delay is negative, however many attempts.
func TestDelayCeiling(t *testing.T) {
	t.Parallel()
	huge := retry.Policy{TransportDelay: math.MaxInt64, MaxDelay: math.MaxInt64}
	tests := map[string]struct {
		policy retry.Policy
		class  retry.Class
		n      int
		want   time.Duration
	}{
		"transport starts at 50 ms":                 {class: retry.Transport, n: 0, want: 50 * ms},
		"transport doubles":                         {class: retry.Transport, n: 1, want: 100 * ms},
		"transport doubles again":                   {class: retry.Transport, n: 2, want: 200 * ms},
		"transport doubles a third time":            {class: retry.Transport, n: 3, want: 400 * ms},
		"transport just below the cap":              {class: retry.Transport, n: 8, want: 12800 * ms},
		"transport at the cap":                      {class: retry.Transport, n: 9, want: 20 * time.Second},
		"conflict starts at 250 ms":                 {class: retry.Conflict, n: 0, want: 250 * ms},
		"conflict doubles":                          {class: retry.Conflict, n: 3, want: 2 * time.Second},
		"overload starts at 1 s":                    {class: retry.Overload, n: 0, want: time.Second},
		"throttled starts there, too":               {class: retry.Throttled, n: 0, want: time.Second},
		"overload at the cap":                       {class: retry.Overload, n: 5, want: 20 * time.Second},
		"none does not wait":                        {class: retry.None, n: 3, want: 0},
		"an own cap holds":                          {policy: retry.Policy{MaxDelay: 200 * ms}, class: retry.Transport, n: 3, want: 200 * ms},
		"an own base counts":                        {policy: retry.Policy{TransportDelay: 25 * ms}, class: retry.Transport, n: 1, want: 50 * ms},
		"a cap below the base holds":                {policy: retry.Policy{MaxDelay: ms}, class: retry.Overload, n: 0, want: ms},
		"n = 62 does not overflow":                  {class: retry.Transport, n: 62, want: 20 * time.Second},
		"n = 64 does not overflow":                  {class: retry.Transport, n: 64, want: 20 * time.Second},
		"the largest n does not overflow":           {class: retry.Transport, n: math.MaxInt, want: 20 * time.Second},
		"a negative n is the first":                 {class: retry.Transport, n: math.MinInt, want: 50 * ms},
		"the largest durations don't overflow":      {policy: huge, class: retry.Transport, n: 1, want: math.MaxInt64},
		"a policy that is not valid does not panic": {policy: retry.Policy{TransportDelay: -1}, class: retry.Transport, n: 1, want: 0},
		"a negative cap does not panic":             {policy: retry.Policy{MaxDelay: -1}, class: retry.Transport, n: 1, want: 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, retry.Ceiling(test.policy, test.class, test.n))
			for range 1000 {
				got := test.policy.Delay(test.class, test.n)
				if got < 0 || got > test.want {
					t.Fatalf("drew %v, want 0 to %v", got, test.want)
				}
			}
		})
	}
}

// Full jitter: even over the whole range, so the mean is the half and both ends
// are reached. 20,000 draws put the mean's standard error at 0.2 %.
func TestDelayIsFullJitter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		n       int
		ceiling time.Duration
	}{
		"before the first repetition": {n: 0, ceiling: 50 * ms},
		"before the sixth":            {n: 5, ceiling: 1600 * ms},
		"at the cap":                  {n: 9, ceiling: 20 * time.Second},
		"far beyond the cap":          {n: 1 << 40, ceiling: 20 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const draws = 20_000
			sum, least, most := 0.0, time.Duration(math.MaxInt64), time.Duration(0)
			for range draws {
				d := retry.Policy{}.Delay(retry.Transport, test.n)
				sum += float64(d)
				least, most = min(least, d), max(most, d)
			}
			assert.InEpsilon(t, float64(test.ceiling)/2, sum/draws, 0.02)
			assert.Less(t, least, test.ceiling/100)
			assert.Greater(t, most, test.ceiling*99/100)
			assert.LessOrEqual(t, most, test.ceiling)
		})
	}
}

func TestDelayIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	policy := retry.Policy{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 200 {
				assert.LessOrEqual(t, policy.Delay(retry.Overload, n), 20*time.Second)
			}
		})
	}
	wg.Wait()
}
