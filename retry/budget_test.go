package retry_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/retry"
)

func TestBudgetCapacity(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		budget *retry.Budget
		want   int
	}{
		"the zero budget":           {budget: &retry.Budget{}, want: 500},
		"no capacity":               {budget: retry.NewBudget(0), want: 500},
		"a negative capacity":       {budget: retry.NewBudget(-1), want: 500},
		"an own capacity":           {budget: retry.NewBudget(30), want: 30},
		"a capacity below any cost": {budget: retry.NewBudget(1), want: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.budget.Capacity())
			assert.Equal(t, test.want, test.budget.Tokens())
		})
	}
}

// From a full budget, with nothing but failures: 35 repetitions at 14 tokens
// with 10 left, 100 at 5.
func TestBudgetRunsDry(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		class       retry.Class
		repetitions int
		left        int
	}{
		"at 14 tokens":      {class: retry.Transport, repetitions: 35, left: 10},
		"of conflicts":      {class: retry.Conflict, repetitions: 35, left: 10},
		"of overload":       {class: retry.Overload, repetitions: 35, left: 10},
		"at 5 tokens":       {class: retry.Throttled, repetitions: 100, left: 0},
		"none is never one": {class: retry.None, repetitions: 0, left: 500},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			budget := retry.NewBudget(500)
			for range test.repetitions {
				cost, ok := budget.Take(test.class)
				require.True(t, ok)
				require.Equal(t, test.class.Cost(), cost)
			}
			cost, ok := budget.Take(test.class)
			assert.False(t, ok)
			assert.Zero(t, cost)
			assert.Equal(t, test.left, budget.Tokens())
		})
	}
}

func TestBudgetRefills(t *testing.T) {
	t.Parallel()
	budget := retry.NewBudget(30)
	budget.Success()
	assert.Equal(t, 30, budget.Tokens(), "never above the capacity")

	cost, ok := budget.Take(retry.Transport)
	require.True(t, ok)
	assert.Equal(t, 16, budget.Tokens())
	budget.Success()
	assert.Equal(t, 17, budget.Tokens())
	budget.Refund(cost)
	assert.Equal(t, 30, budget.Tokens(), "never above the capacity")

	_, ok = budget.Take(retry.Throttled)
	require.True(t, ok)
	budget.Refund(-7)
	budget.Refund(0)
	assert.Equal(t, 25, budget.Tokens())
}

func TestBudgetIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	budget := retry.NewBudget(140)
	var mu sync.Mutex
	var wg sync.WaitGroup
	taken := 0
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, ok := budget.Take(retry.Conflict); ok {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 10, taken)
	assert.Equal(t, 0, budget.Tokens())

	for range 8 {
		wg.Go(func() {
			for range 20 {
				budget.Success()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 140, budget.Tokens())
}

// amplification simulates calls whose every attempt fails with probability p,
// and returns sends per call and the share of calls that succeed.
func amplification(budget *retry.Budget, class retry.Class, attempts, calls int, p float64) (sends, succeeded float64) {
	random := rand.New(rand.NewPCG(1, 2))
	sent, done := 0, 0
	for range calls {
		cost := 0
		for attempt := 1; ; attempt++ {
			sent++
			if random.Float64() >= p {
				done++
				if attempt == 1 {
					budget.Success()
				}
				budget.Refund(cost)
				break
			}
			if attempt == attempts {
				break
			}
			var ok bool
			if cost, ok = budget.Take(class); !ok {
				break
			}
		}
	}
	return float64(sent) / float64(calls), float64(done) / float64(calls)
}

// Three attempts a call. Up to 20 % the budget is never in the way: 1 + p + p²
// sends. In the steady state of a dry budget a call earns 1−p tokens and a
// repetition costs, refunds counted, cost·p, so that there are (1−p)/(cost·p)
// repetitions a call: 1.071 sends at p = 0.5 and 14 tokens, 1.2 at 5.
func TestBudgetBoundsAmplification(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		p                   float64
		class               retry.Class
		sends, successShare float64
	}{
		"1 % fail, 14 tokens":  {p: 0.01, class: retry.Transport, sends: 1.010, successShare: 1.000},
		"10 % fail, 14 tokens": {p: 0.10, class: retry.Transport, sends: 1.110, successShare: 0.999},
		"20 % fail, 14 tokens": {p: 0.20, class: retry.Transport, sends: 1.241, successShare: 0.992},
		"30 % fail, 14 tokens": {p: 0.30, class: retry.Transport, sends: 1.167, successShare: 0.816},
		"50 % fail, 14 tokens": {p: 0.50, class: retry.Transport, sends: 1.073, successShare: 0.537},
		"90 % fail, 14 tokens": {p: 0.90, class: retry.Transport, sends: 1.008, successShare: 0.101},
		"all fail, 14 tokens":  {p: 1.00, class: retry.Transport, sends: 1.000, successShare: 0},
		"30 % fail, 5 tokens":  {p: 0.30, class: retry.Throttled, sends: 1.392, successShare: 0.972},
		"50 % fail, 5 tokens":  {p: 0.50, class: retry.Throttled, sends: 1.200, successShare: 0.600},
		"90 % fail, 5 tokens":  {p: 0.90, class: retry.Throttled, sends: 1.023, successShare: 0.102},
		"all fail, 5 tokens":   {p: 1.00, class: retry.Throttled, sends: 1.000, successShare: 0},
		"20 % fail, 5 tokens":  {p: 0.20, class: retry.Throttled, sends: 1.241, successShare: 0.992},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sends, share := amplification(retry.NewBudget(500), test.class, 3, 200_000, test.p)
			assert.InDelta(t, test.sends, sends, 0.006)
			assert.InDelta(t, test.successShare, share, 0.006)
		})
	}
}

// The bounds promised for the default policy, from a full budget: for all that
// goes wrong at the service. What is throttled costs less, as in the AWS SDKs;
// there the caller's pace bounds it.
func TestDefaultPolicyBoundsAmplification(t *testing.T) {
	t.Parallel()
	attempts := retry.Policy{}.WithDefaults().MaxAttempts
	for _, class := range []retry.Class{retry.Transport, retry.Conflict, retry.Overload} {
		t.Run(class.String(), func(t *testing.T) {
			t.Parallel()
			sends, _ := amplification(retry.NewBudget(0), class, attempts, 200_000, 0.5)
			assert.LessOrEqual(t, sends, 1.10, "half of the attempts fail")

			budget := retry.NewBudget(0)
			sends, _ = amplification(budget, class, attempts, 1000, 1)
			assert.InDelta(t, 1.035, sends, 1e-9, "35 repetitions from 500 tokens")
			sends, _ = amplification(budget, class, attempts, 1000, 1)
			assert.InDelta(t, 1.0, sends, 0, "and then none")

			_, share := amplification(retry.NewBudget(0), class, attempts, 200_000, 0.2)
			assert.GreaterOrEqual(t, share, 0.998, "success is unharmed at 20 %")
		})
	}
}
