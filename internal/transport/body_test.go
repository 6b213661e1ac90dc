package transport_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

func zipped(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.Copy(w, io.LimitReader(zeros{}, int64(size)))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, 40<<20)
	require.Less(t, len(bomb), 64<<10, "40 MiB in 40 KiB")
	corrupt := zipped(t, 1000)
	corrupt[len(corrupt)/2] ^= 0xff
	const zip = "gzip"
	tests := map[string]struct {
		status   int
		body     string
		encoding string
		limit    int64
		reason   string // of the DecodeError; none: it can be read
		offset   int64
		kind     caperrors.Kind
		outcome  caperrors.Outcome
	}{
		"as large as the limit":         {200, strings.Repeat("x", 1000), "", 1000, "", 0, 0, 0},
		"one byte more":                 {200, strings.Repeat("x", 1001), "", 1000, "body larger than 1000 bytes", 1000, 0, caperrors.Unknown},
		"much more":                     {200, strings.Repeat("x", 1<<20), "", 1000, "body larger than 1000 bytes", 1000, 0, caperrors.Unknown},
		"larger than what is set aside": {200, strings.Repeat("x", 1<<20), "", 0, "", 0, 0, 0},
		"counted after decompression":   {200, string(zipped(t, 1001)), zip, 1000, "body larger than 1000 bytes", 1000, 0, caperrors.Unknown},
		"compressed, at the limit":      {200, string(zipped(t, 1000)), zip, 1000, "", 0, 0, 0},
		"a bomb against the default":    {200, string(bomb), zip, 0, "body larger than 32 MiB", 32 << 20, 0, caperrors.Unknown},
		"a bomb against ten million":    {200, string(bomb), zip, 10_000_000, "body larger than 9.537 MiB", 10_000_000, 0, caperrors.Unknown},
		"a bomb against a million":      {200, string(bomb), zip, 1_000_000, "body larger than 976.6 KiB", 1_000_000, 0, caperrors.Unknown},
		"a bomb under a refusal":        {503, string(bomb), zip, 1000, "body larger than 1000 bytes", 1000, caperrors.ErrTransient, caperrors.Refused},
		"a bomb under a 404":            {404, string(bomb), zip, 1000, "body larger than 1000 bytes", 1000, caperrors.ErrNotFound, caperrors.Refused},
		"corrupt":                       {200, string(corrupt), zip, 0, "compressed body is corrupt", -2, 0, caperrors.Unknown},
		"not compressed at all":         {200, page, zip, 0, "compressed body is corrupt", 0, 0, caperrors.Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var header []string
				if test.encoding != "" {
					header = []string{"Content-Encoding", test.encoding}
				}
				m, got := serve(t, answer(test.status, test.body, append(header, "Content-Type", "text/html", "Retry-After", "1")...))
				tr := transport.New(transport.Config{HTTPClient: m.client, MaxBody: test.limit})
				var size int
				req := unsentOnly(write())
				req.Judge = func(a *transport.Answer) transport.Judgement {
					size = len(a.Body)
					return transport.Judgement{}
				}
				result, err := tr.Do(t.Context(), req)
				assert.Equal(t, 1, got.count())
				if test.reason == "" {
					require.NoError(t, err)
					if test.encoding == "" {
						assert.Equal(t, len(test.body), size)
					} else {
						assert.Equal(t, int(test.limit), size)
					}
					return
				}
				ce := callError(t, err)
				assert.Equal(t, test.outcome, ce.Outcome)
				var de *caperrors.DecodeError
				require.ErrorAs(t, err, &de)
				assert.Equal(t, test.reason, de.Reason)
				assert.Contains(t, err.Error(), test.reason, "the number is not masked")
				assert.Equal(t, test.kind, de.Kind)
				assert.Equal(t, test.outcome, de.Outcome)
				assert.Equal(t, test.status, de.HTTPStatus)
				assert.Equal(t, "text/html", de.ContentType)
				assert.Equal(t, time.Second, de.RetryAfter)
				if test.offset >= -1 {
					assert.Equal(t, test.offset, de.Offset)
				}
				assert.Nil(t, result.Answer.Body)
			})
		})
	}
}

// Every body is closed exactly once, also of attempts that are repeated.
func TestBodiesAreClosed(t *testing.T) {
	t.Parallel()
	for name, said := range map[string][]string{
		"at once":               {"ok"},
		"after repetitions":     {"461", "521", page, "ok"},
		"attempts used up":      {"461", "461", "461", "461"},
		"refused":               {"400"},
		"larger than the limit": {strings.Repeat("x", 200), "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var bodies []*countedBody
				tr := transport.New(transport.Config{MaxBody: 100, HTTPClient: &http.Client{
					Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						resp := reply(r, http.StatusServiceUnavailable, said[len(bodies)])
						body := &countedBody{ReadCloser: resp.Body}
						bodies, resp.Body = append(bodies, body), body
						return resp, nil
					}),
				}})
				_, _ = tr.Do(t.Context(), write())
				require.Len(t, bodies, len(said))
				for i, body := range bodies {
					assert.Equal(t, 1, body.closed, "attempt %d", i+1)
				}
			})
		})
	}
}

type countedBody struct {
	io.ReadCloser
	closed int
}

func (b *countedBody) Close() error {
	b.closed++
	return b.ReadCloser.Close()
}
