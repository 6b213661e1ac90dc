package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// lent is a request whose body is overwritten as soon as it is released.
func lent(body string) (req *transport.Request, released *atomic.Int32) {
	released = new(atomic.Int32)
	req = write()
	req.Body = []byte(body)
	req.Released = func() {
		released.Add(1)
		copy(req.Body, strings.Repeat("#", len(body)))
	}
	return req, released
}

func TestBodyIsReleasedOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 100_000)
	for name, body := range map[string]string{"short": "short", "long": long} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, got := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
			tr := transport.New(transport.Config{HTTPClient: m.client})
			req, released := lent(body)
			req.Judge = func(*transport.Answer) transport.Judgement {
				assert.Zero(t, released.Load())
				return transport.Judgement{}
			}
			_, err := tr.Do(t.Context(), req)
			require.NoError(t, err)
			// The goroutine that wrote the body may close it a little later.
			for released.Load() == 0 {
				runtime.Gosched()
			}
			assert.EqualValues(t, 1, released.Load())
			assert.Equal(t, body, got.all()[0].body)
			assert.EqualValues(t, len(body), got.all()[0].length)
		})
	}
}

// A round tripper may go on reading after it has answered.
func TestBodyIsNotReleasedWhileItIsRead(t *testing.T) {
	t.Parallel()
	var late io.ReadCloser
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		late = r.Body
		return reply(r, http.StatusOK, "early"), nil
	})}})
	req, released := lent("the body")
	req.Judge = func(*transport.Answer) transport.Judgement { return transport.Judgement{} }
	_, err := tr.Do(t.Context(), req)
	require.NoError(t, err)
	assert.Zero(t, released.Load())
	half := make([]byte, 4)
	_, err = io.ReadFull(late, half)
	require.NoError(t, err)
	assert.Equal(t, "the ", string(half))
	assert.Zero(t, released.Load())
	require.NoError(t, late.Close())
	require.NoError(t, late.Close())
	assert.EqualValues(t, 1, released.Load(), "a second close does nothing")
	n, err := late.Read(half)
	require.Error(t, err, "what was released is never read")
	assert.Zero(t, n)
}

func TestBodyCannotBeHadAgainOnceReleased(t *testing.T) {
	t.Parallel()
	var again func() (io.ReadCloser, error)
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		again = r.GetBody
		second, err := again()
		if err != nil {
			return nil, err
		}
		var both bytes.Buffer
		for _, body := range []io.ReadCloser{r.Body, second} {
			_, _ = both.ReadFrom(body)
			_ = body.Close()
		}
		return reply(r, http.StatusOK, both.String()), nil
	})}})
	req, released := lent("body")
	req.Judge = func(a *transport.Answer) transport.Judgement {
		assert.Equal(t, "bodybody", string(a.Body))
		return transport.Judgement{}
	}
	_, err := tr.Do(t.Context(), req)
	require.NoError(t, err)
	assert.EqualValues(t, 1, released.Load())
	_, err = again()
	require.Error(t, err)
}

func TestBodyOfEachAttemptIsWhole(t *testing.T) {
	t.Parallel()
	var bodies []string
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, string(body))
		_ = r.Body.Close()
		_ = r.Body.Close()
		return reply(r, http.StatusUnauthorized, "renew"), nil
	})}})
	req, released := lent("body")
	req.Authorize = func(context.Context, http.Header, bool) error { return nil }
	req.Judge = func(*transport.Answer) transport.Judgement {
		assert.Zero(t, released.Load(), "closed twice is closed once")
		if len(bodies) < 2 {
			return transport.Judgement{Err: &caperrors.RequestError{Kind: caperrors.ErrUnauthenticated}, Renew: true}
		}
		return transport.Judgement{}
	}
	_, err := tr.Do(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, []string{"body", "body"}, bodies)
	assert.EqualValues(t, 1, released.Load())
}

func TestBodyThatIsNeverClosedIsNeverReleased(t *testing.T) {
	t.Parallel()
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("broken")
	})}})
	req, released := lent("body")
	_, err := tr.Do(t.Context(), req)
	require.Error(t, err)
	assert.Zero(t, released.Load())
}

// Reading and closing at once, as HTTP/2 does, is for the race detector.
func TestBodyIsClosedWhileItIsRead(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		wg.Go(func() { _, _ = io.Copy(io.Discard, r.Body) })
		wg.Go(func() { _ = r.Body.Close() })
		return reply(r, http.StatusOK, "ok"), nil
	})}})
	for range 50 {
		req, _ := lent(strings.Repeat("body", 1000))
		req.Judge = func(*transport.Answer) transport.Judgement { return transport.Judgement{} }
		_, err := tr.Do(t.Context(), req)
		require.NoError(t, err)
	}
	wg.Wait()
}
