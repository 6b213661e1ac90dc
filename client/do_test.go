package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestDoReadsTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	type created struct {
		CreatedID int64 `json:"createdId"`
	}
	v, resp, err := client.Do[created](t.Context(), w.client(t), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.NoError(t, err)
	assert.Positive(t, v.CreatedID)
	assert.Equal(t, caperrors.Applied, resp.Outcome)
	v, resp, err = client.Do[created](t.Context(), w.client(t), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.ErrorIs(t, err, caperrors.ErrDuplicate)
	assert.Zero(t, v)
	assert.Equal(t, caperrors.Duplicate, resp.Outcome)
}

func TestDoOfAnAnswerThatDoesNotFit(t *testing.T) {
	t.Parallel()
	const mobile = "447700900001"
	tests := map[string]struct {
		body   string
		reason string
	}{
		"a number that is too large": {`{"createdId":` + mobile + `}`, "member createdId is no int8"},
		"a text":                     {`{"createdId":"` + mobile + `"}`, "member createdId is no int8"},
		"a time":                     {`{"at":"` + mobile + `"}`, "does not fit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.intercept = func(*http.Request) *http.Response { return answer(http.StatusOK, tt.body) }
			type created struct {
				CreatedID int8      `json:"createdId"`
				At        time.Time `json:"at"`
			}
			v, resp, err := client.Do[created](t.Context(), w.client(t), client.TransactionAdd, client.Request{Body: bill("1", "2")})
			assert.Zero(t, v)
			require.NotNil(t, resp)
			assert.Equal(t, caperrors.Applied, caperrors.OutcomeOf(err), "it was done")
			var decode *caperrors.DecodeError
			require.ErrorAs(t, err, &decode)
			assert.Contains(t, decode.Reason, tt.reason)
			for _, text := range everyForm(err) {
				assert.NotContains(t, text, mobile)
			}
		})
	}
}

// list serves a list of so many things in pages.
type list struct {
	things int
	most   int // things a page, whatever is asked for
	total  bool
	stuck  bool // the offset is not looked at
	asked  []url.Values
}

func (l *list) answer(r *http.Request) *http.Response {
	q := r.URL.Query()
	l.asked = append(l.asked, q)
	from, _ := strconv.Atoi(q.Get("offset"))
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit > l.most {
		limit = l.most
	}
	if l.stuck {
		from = 0
	}
	var body strings.Builder
	body.WriteString(`{"data":[`)
	for i := from; i < min(from+limit, l.things); i++ {
		if i > from {
			body.WriteByte(',')
		}
		body.WriteString(`{"userId":` + strconv.Itoa(i) + `}`)
	}
	body.WriteString(`]`)
	if l.total {
		body.WriteString(`,"pagination":{"limit":` + strconv.Itoa(limit) + `,"offset":` + strconv.Itoa(from) + `,"total":` + strconv.Itoa(l.things) + `}`)
	}
	return answer(http.StatusOK, body.String()+`}`)
}

type user struct {
	UserID int `json:"userId"`
}

func TestAllReadsEveryPage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		list  list
		limit string
		start string
		calls int
		from  int
	}{
		"pages that fit":               {list: list{things: 30, most: 10, total: true}, limit: "10", calls: 3},
		"a shorter last page":          {list: list{things: 33, most: 10, total: true}, limit: "10", calls: 4},
		"a server that caps the limit": {list: list{things: 33, most: 10, total: true}, limit: "100", calls: 4},
		"no limit asked for":           {list: list{things: 33, most: 10, total: true}, calls: 4},
		"no total told":                {list: list{things: 33, most: 10}, limit: "10", calls: 5},
		"one thing":                    {list: list{things: 1, most: 10, total: true}, calls: 1},
		"pages of one":                 {list: list{things: 3, most: 1, total: true}, calls: 3},
		"nothing":                      {list: list{most: 10, total: true}, calls: 1},
		"from the middle":              {list: list{things: 33, most: 10, total: true}, start: "25", calls: 1, from: 25},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.intercept = tt.list.answer
			req := client.Request{Query: url.Values{"name": {"Tom"}}}
			if tt.limit != "" {
				req.Query.Set("limit", tt.limit)
			}
			if tt.start != "" {
				req.Query.Set("offset", tt.start)
			}
			next := tt.from
			for u, err := range client.All[user](t.Context(), w.client(t), client.CustomerSearch, req) {
				require.NoError(t, err)
				require.Equal(t, next, u.UserID)
				next++
			}
			assert.Equal(t, tt.list.things, next)
			assert.Len(t, tt.list.asked, tt.calls)
			for _, q := range tt.list.asked {
				assert.Equal(t, "Tom", q.Get("name"))
				assert.Equal(t, tt.limit, q.Get("limit"))
			}
			assert.Equal(t, tt.start, req.Query.Get("offset"), "the caller's query is left alone")
		})
	}
}

// collect returns what came before the end, and the error.
func collect(t *testing.T, ctx context.Context, c *client.Client, ep client.Endpoint, req client.Request) ([]int, error) { //nolint:revive // t first, as elsewhere
	t.Helper()
	var ids []int
	var last error
	for u, err := range client.All[user](ctx, c, ep, req) {
		require.NoError(t, last, "nothing comes after an error")
		if last = err; err == nil {
			ids = append(ids, u.UserID)
		}
	}
	return ids, last
}

func TestAllEndsWithAnError(t *testing.T) {
	t.Parallel()
	t.Run("the same page twice", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{})
		l := list{things: 30, most: 10, total: true, stuck: true}
		w.intercept = l.answer
		ids, err := collect(t, t.Context(), w.client(t), client.CustomerSearch, client.Request{})
		require.ErrorContains(t, err, "same page twice")
		assert.Len(t, ids, 10)
		assert.Len(t, l.asked, 2)
	})
	t.Run("a list without an end", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{})
		l := list{things: 1 << 40, most: 1}
		w.intercept = l.answer
		ids, err := collect(t, t.Context(), w.client(t), client.CustomerSearch, client.Request{})
		require.ErrorContains(t, err, "10000 pages")
		assert.Len(t, ids, 9_999)
		assert.Len(t, l.asked, 10_000)
	})
	t.Run("a page that is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{})
		l := list{things: 30, most: 10, total: true}
		w.intercept = func(r *http.Request) *http.Response {
			if len(l.asked) == 2 {
				return answer(http.StatusOK, v2Error("400"))
			}
			return l.answer(r)
		}
		ids, err := collect(t, t.Context(), w.client(t), client.CustomerSearch, client.Request{})
		require.ErrorIs(t, err, caperrors.ErrInvalid)
		assert.Len(t, ids, 20)
	})
	t.Run("a thing that does not fit", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{})
		w.intercept = func(*http.Request) *http.Response {
			return answer(http.StatusOK, `{"data":[{"userId":1},{"userId":"x"}]}`)
		}
		ids, err := collect(t, t.Context(), w.client(t), client.CustomerSearch, client.Request{})
		require.ErrorContains(t, err, "member userId")
		assert.Equal(t, []int{1}, ids)
		var kind *json.UnmarshalTypeError
		assert.NotErrorAs(t, err, &kind, "what may quote the answer stays out of the chain")
	})
	t.Run("the context", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{})
		l := list{things: 30, most: 10, total: true}
		ctx, cancel := context.WithCancel(t.Context())
		w.intercept = func(r *http.Request) *http.Response {
			if len(l.asked) == 1 {
				cancel()
			}
			return l.answer(r)
		}
		ids, err := collect(t, ctx, w.client(t), client.CustomerSearch, client.Request{})
		require.ErrorIs(t, err, context.Canceled)
		assert.NotEmpty(t, ids)
		assert.LessOrEqual(t, len(l.asked), 2)
	})
	for name, tt := range map[string]struct {
		ep  client.Endpoint
		req client.Request
	}{
		"a write":                    {ep: client.TransactionsBulk},
		"a read of one thing":        {ep: client.CustomerByID},
		"an offset that is none":     {ep: client.CustomerSearch, req: client.Request{Query: url.Values{"offset": {"x"}}}},
		"an offset below zero":       {ep: client.CustomerSearch, req: client.Request{Query: url.Values{"offset": {"-1"}}}},
		"a body":                     {ep: client.CustomersByIDs, req: client.Request{Body: []int{1}}},
		"an endpoint that is faulty": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			_, err := collect(t, t.Context(), w.client(t), tt.ep, tt.req)
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			assert.Empty(t, w.requests())
		})
	}
}

func TestAllStopsWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	l := list{things: 30, most: 10, total: true}
	w.intercept = l.answer
	seen := 0
	for range client.All[user](t.Context(), w.client(t), client.CustomerSearch, client.Request{}) {
		if seen++; seen == 15 {
			break
		}
	}
	assert.Len(t, l.asked, 2)
}
