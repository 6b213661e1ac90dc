package transport_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// The vectors of the AWS SDKs' retry rules of 2026: what the budget holds at
// each send, the longest wait before it, and how the call ends. There a wait is
// its ceiling times a random number; here the ceiling is checked.
func TestBudgetVectors(t *testing.T) {
	t.Parallel()
	type call struct {
		answers []string // "t": connection refused, else a body
		tokens  []int    // at each send
		waits   []time.Duration
		stop    caperrors.Stop
		left    int
	}
	three := retry.Policy{MaxAttempts: 3}
	five := retry.Policy{MaxAttempts: 5}
	tests := map[string]struct {
		policy retry.Policy
		bucket int
		calls  []call
	}{
		"recovers": {three, 500, []call{
			{[]string{"t", "t", "ok"}, []int{500, 486, 472}, []time.Duration{50 * ms, 100 * ms}, 0, 486},
		}},
		"attempts used up": {three, 500, []call{
			{[]string{"t", "t", "t"}, []int{500, 486, 472}, []time.Duration{50 * ms, 100 * ms}, caperrors.ErrAttemptsExhausted, 472},
		}},
		"a bucket of 14": {three, 14, []call{
			{[]string{"t", "t"}, []int{14, 0}, []time.Duration{50 * ms}, caperrors.ErrRetryBudget, 0},
		}},
		"a bucket of 13": {three, 13, []call{
			{[]string{"t"}, []int{13}, nil, caperrors.ErrRetryBudget, 13},
		}},
		"five attempts": {five, 500, []call{
			{
				[]string{"t", "t", "t", "t", "t"},
				[]int{500, 486, 472, 458, 444},
				[]time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms},
				caperrors.ErrAttemptsExhausted, 444,
			},
		}},
		"five attempts, at most 200 ms": {retry.Policy{MaxAttempts: 5, MaxDelay: 200 * ms}, 500, []call{
			{
				[]string{"t", "t", "t", "t", "t"},
				[]int{500, 486, 472, 458, 444},
				[]time.Duration{50 * ms, 100 * ms, 200 * ms, 200 * ms},
				caperrors.ErrAttemptsExhausted, 444,
			},
		}},
		"a bucket of 20": {three, 20, []call{
			{[]string{"t", "t"}, []int{20, 6}, []time.Duration{50 * ms}, caperrors.ErrRetryBudget, 6},
		}},
		"a bucket of 30, two calls": {three, 30, []call{
			{[]string{"t", "t", "ok"}, []int{30, 16, 2}, []time.Duration{50 * ms, 100 * ms}, 0, 16},
			{[]string{"t", "ok"}, []int{16, 2}, []time.Duration{50 * ms}, 0, 16},
		}},
		"throttled": {three, 500, []call{
			{[]string{"429", "ok"}, []int{500, 495}, []time.Duration{time.Second}, 0, 500},
		}},
		"busy": {three, 500, []call{
			{[]string{"461", "503", "ok"}, []int{500, 486, 472}, []time.Duration{time.Second, 2 * time.Second}, 0, 486},
		}},
		"one customer's lock": {three, 500, []call{
			{[]string{"521", "ok"}, []int{500, 486}, []time.Duration{250 * ms}, 0, 500},
		}},
		"four attempts from 25 ms": {retry.Policy{MaxAttempts: 4, TransportDelay: 25 * ms}, 500, []call{
			{
				[]string{"t", "t", "t", "t"},
				[]int{500, 486, 472, 458},
				[]time.Duration{25 * ms, 50 * ms, 100 * ms},
				caperrors.ErrAttemptsExhausted, 458,
			},
		}},
		"a first try that succeeds earns a token": {three, 30, []call{
			{[]string{"t", "400"}, []int{30, 16}, []time.Duration{50 * ms}, 0, 16},
			{[]string{"ok"}, []int{16}, nil, 0, 17},
			{[]string{"400"}, []int{17}, nil, 0, 17},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				budget := retry.NewBudget(test.bucket)
				for i, call := range test.calls {
					var tokens []int
					var sent []time.Time
					next := func(r *http.Request) (*http.Response, error) {
						said := call.answers[len(tokens)]
						tokens, sent = append(tokens, budget.Tokens()), append(sent, time.Now())
						if said == "t" {
							return nil, errRefused
						}
						return reply(r, http.StatusOK, said), nil
					}
					tr := transport.New(transport.Config{
						HTTPClient: &http.Client{Transport: roundTripper(next)}, Policy: test.policy, Budget: budget,
					})
					result, err := tr.Do(t.Context(), write())
					assert.Equal(t, call.tokens, tokens, "call %d", i)
					assert.Equal(t, call.left, budget.Tokens(), "call %d", i)
					assert.Equal(t, len(call.answers), result.Attempts)
					if call.stop == caperrors.ErrRetryBudget {
						assert.Positive(t, time.Since(sent[len(sent)-1]), "call %d sleeps once, for whoever calls in a loop", i)
					} else {
						assert.Zero(t, time.Since(sent[len(sent)-1]), "call %d: no sleep after a success, a final answer or the last attempt", i)
					}
					for n, ceiling := range call.waits {
						assert.LessOrEqual(t, sent[n+1].Sub(sent[n]), ceiling)
					}
					if call.answers[len(call.answers)-1] == "ok" {
						require.NoError(t, err)
						continue
					}
					assert.Equal(t, call.stop, callError(t, err).Stop)
				}
			})
		})
	}
}

func TestRetryAfterVectors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header      []string
		least, most time.Duration
		stop        caperrors.Stop
	}{
		"whole seconds, and a tenth of jitter":  {[]string{"2"}, 2 * time.Second, 2200 * ms, 0},
		"zero leaves the own wait":              {[]string{"0"}, 0, time.Second, 0},
		"a fraction is ignored":                 {[]string{"1.5"}, 0, time.Second, 0},
		"a negative number is ignored":          {[]string{"-1"}, 0, time.Second, 0},
		"a word is ignored":                     {[]string{"invalid"}, 0, time.Second, 0},
		"the longer of two headers counts":      {[]string{"7", "3"}, 7 * time.Second, 7700 * ms, 0},
		"ten seconds are waited in full":        {[]string{"10"}, 10 * time.Second, 11 * time.Second, 0},
		"an hour ends the call":                 {[]string{"3600"}, 0, 0, caperrors.ErrRetryAfterTooLong},
		"a number that overflows ends the call": {[]string{"9223372037"}, 0, 0, caperrors.ErrRetryAfterTooLong},
		"a date in RFC 1123":                    {[]string{"Sat, 01 Jan 2000 01:00:05 GMT"}, 5 * time.Second, 5500 * ms, 0},
		"a date in RFC 850":                     {[]string{"Saturday, 01-Jan-00 01:00:05 GMT"}, 5 * time.Second, 5500 * ms, 0},
		"a date in asctime":                     {[]string{"Sat Jan  1 01:00:05 2000"}, 5 * time.Second, 5500 * ms, 0},
		"a date in the past":                    {[]string{"Sat, 01 Jan 2000 00:59:59 GMT"}, 0, time.Second, 0},
	}
	for name, test := range tests {
		for _, body := range []string{"461", "503", "521", page} {
			t.Run(name+", "+body, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					// The server's clock is an hour ahead of the bubble's, which
					// starts with the year 2000.
					header := []string{"Date", "Sat, 01 Jan 2000 01:00:00 GMT"}
					for _, value := range test.header {
						header = append(header, "Retry-After", value)
					}
					m, got := serve(t, answer(http.StatusServiceUnavailable, body, header...), ok)
					tr := transport.New(transport.Config{HTTPClient: m.client})
					_, err := tr.Do(t.Context(), write())
					if test.stop != 0 {
						assert.Equal(t, test.stop, callError(t, err).Stop)
						assert.Equal(t, 1, got.count())
						return
					}
					require.NoError(t, err)
					require.Equal(t, 2, got.count())
					wait := got.all()[1].at.Sub(got.all()[0].at)
					assert.GreaterOrEqual(t, wait, test.least)
					assert.LessOrEqual(t, wait, test.most)
				})
			})
		}
	}
}

// A caller in a loop must not come back faster because the budget is empty.
func TestEmptyBudgetDoesNotSpeedUpALoop(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request *transport.Request
		body    string
		pauses  bool
		stop    caperrors.Stop
		policy  retry.Policy
	}{
		"a refused repetition pauses once":  {write(), "461", true, caperrors.ErrRetryBudget, retry.Policy{}},
		"an engine has waits of its own":    {unsentOnly(write()), "461", false, 0, retry.Policy{}},
		"a final answer does not pause":     {write(), "400", false, 0, retry.Policy{}},
		"nor does an unknown write":         {write(), page, false, caperrors.ErrNotRepeatable, retry.Policy{}},
		"an unknown read pauses, of course": {read(), page, true, caperrors.ErrRetryBudget, retry.Policy{}},
		"nor does the last attempt":         {write(), "461", false, caperrors.ErrAttemptsExhausted, retry.Policy{MaxAttempts: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, answer(http.StatusBadGateway, test.body))
				budget := retry.NewBudget(1)
				tr := transport.New(transport.Config{HTTPClient: m.client, Budget: budget, Policy: test.policy})
				start := time.Now()
				_, err := tr.Do(t.Context(), test.request)
				assert.Equal(t, test.stop, callError(t, err).Stop)
				assert.Equal(t, 1, got.count())
				assert.Equal(t, 1, budget.Tokens())
				if test.pauses {
					assert.Positive(t, time.Since(start))
					assert.LessOrEqual(t, time.Since(start), time.Second)
				} else {
					assert.Zero(t, time.Since(start))
				}
			})
		})
	}
}

func TestBudgetOfAWaitThatTheContextEndsIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "461", "Retry-After", "30"))
		budget := retry.NewBudget(0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		during := 0
		time.AfterFunc(time.Second, func() {
			during = budget.Tokens()
			cancel()
		})
		_, err := transport.New(transport.Config{HTTPClient: m.client, Budget: budget}).Do(ctx, write())
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 1, got.count())
		assert.Equal(t, 486, during, "taken before the wait")
		assert.Equal(t, 500, budget.Tokens())
	})
}

func TestEngineDoesNotPauseForAnEmptyBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := transport.New(transport.Config{Budget: retry.NewBudget(1), HTTPClient: &http.Client{
			Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errRefused }),
		}})
		start := time.Now()
		_, err := tr.Do(t.Context(), unsentOnly(write()))
		assert.Equal(t, caperrors.ErrRetryBudget, callError(t, err).Stop)
		assert.Zero(t, time.Since(start))
	})
}

// The answer itself may name a wait.
func TestRetryAfterOfTheJudgement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy, ok)
		req := write()
		req.Judge = func(a *transport.Answer) transport.Judgement {
			if string(a.Body) == "ok" {
				return transport.Judgement{}
			}
			return transport.Judgement{Err: &caperrors.RequestError{Kind: caperrors.ErrTransient, RetryAfter: 1500 * ms}}
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		wait := got.all()[1].at.Sub(got.all()[0].at)
		assert.GreaterOrEqual(t, wait, 1500*ms)
		assert.LessOrEqual(t, wait, 1650*ms)
	})
}

func TestBudgetOfARepetitionThatIsNeverMadeIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy)
		budget := retry.NewBudget(0)
		tr := transport.New(transport.Config{HTTPClient: m.client, Budget: budget})
		paced := 0
		req := write()
		req.Pace = func(ctx context.Context) error {
			if paced++; paced == 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := tr.Do(ctx, req)
		assert.Equal(t, caperrors.ErrContextEnded, callError(t, err).Stop)
		assert.Equal(t, 1, got.count())
		assert.Equal(t, 500, budget.Tokens())
	})
}

// The budget fills in every mode: with engines only, it would else stay empty.
func TestBudgetFillsInEveryMode(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]*transport.Request{
		"a write": write(), "a read": read(), "an engine's write": unsentOnly(write()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			budget := retry.NewBudget(0)
			_, taken := budget.Take(retry.Transport)
			require.True(t, taken)
			tr := transport.New(transport.Config{Budget: budget, HTTPClient: &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) { return reply(r, http.StatusOK, "ok"), nil }),
			}})
			for i := range 20 {
				_, err := tr.Do(t.Context(), request)
				require.NoError(t, err, strconv.Itoa(i))
			}
			assert.Equal(t, 500, budget.Tokens())
		})
	}
}
