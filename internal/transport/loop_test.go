package transport_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// What is repeated, told by what the server received. The first answer is the
// test's, the next is a success.
func TestDoRepeatsOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	const never = caperrors.Outcome(100)
	type ends struct { // how each kind of request ends; never: it succeeds
		write, read, engineWrite, engineRead caperrors.Outcome
		writeStop                            caperrors.Stop
	}
	repeated := ends{never, never, caperrors.Refused, caperrors.Refused, 0}
	final := ends{caperrors.Refused, caperrors.Refused, caperrors.Refused, caperrors.Refused, 0}
	unknown := ends{caperrors.Unknown, never, caperrors.Unknown, caperrors.Unknown, caperrors.ErrNotRepeatable}
	tests := map[string]struct {
		first http.HandlerFunc
		ends  ends
	}{
		"461 in a 200":                       {answer(200, "461"), repeated},
		"503 in a 200":                       {answer(200, "503"), repeated},
		"521 in a 200":                       {answer(200, "521"), repeated},
		"429 in a 200":                       {answer(200, "429"), repeated},
		"461 as the status, too":             {answer(461, "461"), repeated},
		"503 as the status, with a body":     {answer(503, "503"), repeated},
		"500 is never repeated":              {answer(500, "500"), final},
		"400 is never repeated":              {answer(200, "400"), final},
		"400 in a 503 is never repeated":     {answer(503, "400"), final},
		"404 as a page":                      {answer(404, page), final},
		"429 of the edge":                    {answer(429, page), repeated},
		"503 of the edge":                    {answer(503, page), repeated},
		"521 of the edge":                    {answer(521, page), repeated},
		"500 of the edge":                    {answer(500, page), unknown},
		"502 of the edge":                    {answer(502, page), unknown},
		"504 of the edge":                    {answer(504, page), unknown},
		"520 of the edge":                    {answer(520, page), unknown},
		"524 of the edge":                    {answer(524, page), unknown},
		"a page under 200":                   {answer(200, page), unknown},
		"no body under 200":                  {answer(200, ""), unknown},
		"the connection cut after reading":   {cut, unknown},
		"the answer cut within its body":     {answer(200, "ok", "Content-Length", "100"), unknown},
		"a refusal cut within its body":      {answer(503, "<ht", "Content-Length", "100"), repeated},
		"no answer within the time":          {silent, unknown},
		"an answer that stops halfway":       {stall(200), unknown},
		"a refusal that stops halfway":       {stall(503), repeated},
		"an answer that is no HTTP":          {hijacked("SSH-2.0-OpenSSH\r\n"), unknown},
		"a redirect without a location":      {answer(302, ""), ends{caperrors.Unknown, caperrors.Unknown, caperrors.Unknown, caperrors.Unknown, 0}},
		"a permanent one without a location": {answer(308, ""), final},
	}
	requests := map[string]struct {
		request *transport.Request
		end     func(ends) caperrors.Outcome
		stop    bool
	}{
		"a write":              {write(), func(e ends) caperrors.Outcome { return e.write }, true},
		"a read":               {read(), func(e ends) caperrors.Outcome { return e.read }, false},
		"a repeatable write":   {repeatableWrite(), func(e ends) caperrors.Outcome { return e.read }, false},
		"a write of an engine": {unsentOnly(write()), func(e ends) caperrors.Outcome { return e.engineWrite }, true},
		"a read of an engine":  {unsentOnly(read()), func(e ends) caperrors.Outcome { return e.engineRead }, false},
	}
	for name, test := range tests {
		for kind, r := range requests {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m, got := serve(t, test.first, ok)
					tr := transport.New(transport.Config{HTTPClient: m.client})
					result, err := tr.Do(t.Context(), r.request)
					end := r.end(test.ends)
					if end == never {
						require.NoError(t, err)
						assert.Equal(t, 2, got.count())
						assert.Equal(t, 2, result.Attempts)
						assert.Equal(t, test.ends.write == caperrors.Unknown, result.AfterUnknown)
						return
					}
					ce := callError(t, err)
					assert.Equal(t, 1, got.count(), "%v", err)
					assert.Equal(t, 1, ce.Attempts)
					assert.Equal(t, end, ce.Outcome)
					if r.stop {
						assert.Equal(t, test.ends.writeStop, ce.Stop)
					} else {
						assert.Zero(t, ce.Stop)
					}
					assert.Equal(t, "test/"+kindOf(r.request), ce.Op)
					assert.False(t, result.AfterUnknown)
				})
			})
		}
	}
}

func kindOf(r *transport.Request) string {
	if r.Method == http.MethodGet {
		return "read"
	}
	return "write"
}

// stall sends a header and the beginning of a body, and then nothing.
func stall(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(status)
		w.Write([]byte("ok"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// hijacked writes raw bytes and closes.
func hijacked(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Write([]byte(raw))
		conn.Close()
	}
}

func TestDoGivesUpAfterTheLastAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "461", "X-Cap-RequestID", "r-1"), answer(200, "521", "X-CAP-REQUEST-ID", "r-2"), busy)
		tr := transport.New(transport.Config{HTTPClient: m.client})
		start := time.Now()
		result, err := tr.Do(t.Context(), write())
		ce := callError(t, err)
		assert.Equal(t, 4, got.count())
		assert.Equal(t, 4, ce.Attempts)
		assert.Equal(t, caperrors.ErrAttemptsExhausted, ce.Stop)
		assert.Equal(t, caperrors.Refused, ce.Outcome)
		assert.True(t, ce.Retryable())
		require.ErrorIs(t, err, caperrors.CodeSearchBusy)
		require.ErrorIs(t, err, caperrors.ErrTransient)
		require.NotErrorIs(t, err, caperrors.CodeCustomerBusy)
		assert.Equal(t, time.Since(start), ce.Elapsed)
		require.NotNil(t, result.Answer)
		assert.Equal(t, "461", string(result.Answer.Body))
		assert.Empty(t, ce.RequestID, "the last answer has none")
	})
}

func TestDoKeepsTheRequestID(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X-Cap-RequestID", "X-CAP-REQUEST-ID", "x-cap-requestid"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, _ := serve(t, answer(200, "400", name, "5670FF17B7D58"))
				_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), write())
				assert.Equal(t, "5670FF17B7D58", caperrors.RequestIDOf(err))
			})
		})
	}
}

// The wait of a repetition depends on the class and doubles.
func TestDoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "521"), answer(200, "461"), answer(200, "461"), ok)
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), write())
		require.NoError(t, err)
		require.Equal(t, 4, got.count())
		for i, ceiling := range []time.Duration{250 * ms, 2 * time.Second, 4 * time.Second} {
			wait := got.all()[i+1].at.Sub(got.all()[i].at)
			assert.Positive(t, wait)
			assert.LessOrEqual(t, wait, ceiling)
		}
	})
}

func TestDoSendsTheSameBodyEachTime(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"a body": "body", "an empty body": "", "none": "-"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, busy, busy, ok)
				req := write()
				req.Body = []byte(body)
				if body == "-" {
					body, req.Body = "", nil
				}
				_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
				require.NoError(t, err)
				require.Equal(t, 3, got.count())
				for _, d := range got.all() {
					assert.Equal(t, body, d.body)
					assert.Equal(t, int64(len(body)), d.length, "never in chunks")
					assert.Equal(t, http.MethodPost, d.method)
					assert.Equal(t, "/v2/write?key=1", d.uri)
				}
			})
		})
	}
}

// What one attempt does to its header, no other attempt sees.
func TestDoGivesEachAttemptAHeaderOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy, busy, ok)
		req := write()
		req.Header = http.Header{"X-Own": {"1"}}
		req.Authorize = func(_ context.Context, header http.Header, renew bool) error {
			assert.False(t, renew)
			header.Add("X-Seen", "1")
			header["X-Own"][0] += "+"
			return nil
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		for _, d := range got.all() {
			assert.Equal(t, []string{"1"}, d.header["X-Seen"])
			assert.Equal(t, []string{"1+"}, d.header["X-Own"])
		}
		assert.Equal(t, http.Header{"X-Own": {"1"}}, req.Header, "the request is read only")
	})
}

func TestDoJudgesEachAnswerOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, busy, cut, busy, ok)
		judged := 0
		req := repeatableWrite()
		req.Judge = func(a *transport.Answer) transport.Judgement {
			judged++
			return judge(a)
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, 3, judged)
	})
}

// An earlier attempt that is unknown keeps the whole call unknown, whatever the
// last answer refuses.
func TestDoTellsTheOutcomeOfAllAttempts(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	tests := map[string]struct {
		answers []http.HandlerFunc
		dials   []error
		outcome caperrors.Outcome
		unknown bool // whether an attempt before the last one was
	}{
		"nothing left":                          {nil, []error{refused, refused, refused, refused}, caperrors.NotSent, false},
		"refused after nothing left":            {[]http.HandlerFunc{answer(200, "400")}, []error{refused}, caperrors.Refused, false},
		"refused after an unknown attempt":      {[]http.HandlerFunc{cut, answer(200, "400")}, nil, caperrors.Unknown, true},
		"not sent after an unknown attempt":     {[]http.HandlerFunc{cut}, []error{nil, refused, refused, refused}, caperrors.Unknown, true},
		"not sent after a refusal":              {[]http.HandlerFunc{closing("461")}, []error{nil, refused, refused, refused}, caperrors.Refused, false},
		"unknown after a refusal":               {[]http.HandlerFunc{busy, busy, busy, cut}, nil, caperrors.Unknown, false},
		"unknown, a refusal, then not sent":     {[]http.HandlerFunc{cut, closing("461")}, []error{nil, nil, refused, refused}, caperrors.Unknown, true},
		"transient answers to the last attempt": {[]http.HandlerFunc{busy}, nil, caperrors.Refused, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, _ := serve(t, append(test.answers, cut)...)
				if len(test.answers) == 1 {
					m, _ = serve(t, test.answers...)
				}
				m.dialErrs = test.dials
				result, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), repeatableWrite())
				assert.Equal(t, test.outcome, callError(t, err).Outcome)
				assert.Equal(t, test.unknown, result.AfterUnknown)
			})
		})
	}
}

// closing answers and closes the connection.
func closing(body string) http.HandlerFunc { return answer(200, body, "Connection", "close") }

func TestDoHandsBackItemsThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		budget := retry.NewBudget(0)
		items := caperrors.NewBatchError("test/write", 2, []*caperrors.ItemError{{Index: 1}})
		req := write()
		req.Judge = func(*transport.Answer) transport.Judgement { return transport.Judgement{Err: items} }
		_, err := transport.New(transport.Config{HTTPClient: m.client, Budget: budget}).Do(t.Context(), req)
		ce := callError(t, err)
		assert.Equal(t, caperrors.Applied, ce.Outcome)
		assert.Same(t, items, ce.Err)
		assert.Equal(t, 1, got.count())
	})
}

func TestMaxElapsedEndsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "461", "Retry-After", "4"))
		tr := transport.New(transport.Config{
			HTTPClient: m.client, Policy: retry.Policy{MaxAttempts: 100, MaxElapsed: 10 * time.Second},
		})
		_, err := tr.Do(t.Context(), write())
		ce := callError(t, err)
		assert.Equal(t, caperrors.ErrRetryTimeExceeded, ce.Stop)
		assert.Equal(t, 3, got.count(), "at 0 s, after 4 to 4.4 s, and after 8 to 8.8 s")
		assert.Less(t, ce.Elapsed, 10*time.Second)
	})
}

// Many calls at once over one Transport: run with -race.
func TestDoIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy, answer(200, "521"), cut, busy, ok)
		tr := transport.New(transport.Config{HTTPClient: m.client})
		shared := repeatableWrite()
		shared.Header = http.Header{"X-Own": {"1"}}
		shared.Authorize = func(_ context.Context, header http.Header, _ bool) error {
			header.Set("Authorization", "secret")
			return nil
		}
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 10 {
					_, err := tr.Do(t.Context(), shared)
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 164, got.count())
	})
}
