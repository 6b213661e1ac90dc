package client

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/internal/wire"
)

const (
	headerToken = "X-CAP-API-OAUTH-TOKEN"   //nolint:gosec // a header's name, no credential
	tokenName   = "v3/oauth/token/generate" //nolint:gosec // a path, no credential

	// The documents show tokens of 300 s and of up to 30 days. An answer that
	// tells no life is taken to mean the shortest, and none is believed to be
	// longer than the longest.
	defaultTokenLife = 300 * time.Second
	maxTokenLife     = 30 * 24 * time.Hour
)

type oauthKeys struct{ key, secret string }

// token is what the server gave out.
type token struct {
	value string
	until time.Time // when to ask for the next one
}

// tokenSource shares one token between all calls of a client.
type tokenSource struct {
	fetch func(context.Context) (token, error)

	mu     sync.Mutex
	token  token
	flight *flight // the fetch under way; nil if none is
}

// flight is one fetch that callers wait for together. It belongs to them all:
// it ends when it has an answer, or when the last of them has left.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	token   token // valid once done is closed, like err
	err     error
}

func newTokenSource(c *core, keys oauthKeys) *tokenSource {
	return &tokenSource{fetch: func(ctx context.Context) (token, error) { return c.fetchToken(ctx, keys) }}
}

// get returns a token that is not refused. It fetches one if there is none or
// its life is nearly over.
func (s *tokenSource) get(ctx context.Context, refused string) (string, error) {
	s.mu.Lock()
	if s.token.value != "" && s.token.value != refused && time.Now().Before(s.token.until) {
		defer s.mu.Unlock()
		return s.token.value, nil
	}
	f := s.flight
	if f == nil {
		f = s.start(ctx)
	}
	f.waiters++
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.token.value, f.err
	case <-ctx.Done():
		s.leave(f)
		return "", ctx.Err()
	}
}

// start begins a fetch. It keeps the values of ctx, for traces, but not its
// end: others may wait longer. The caller holds the lock.
func (s *tokenSource) start(ctx context.Context) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	s.flight = f
	go func() {
		defer cancel()
		f.token, f.err = s.fetch(ctx)
		s.mu.Lock()
		if f.err == nil {
			s.token = f.token
		}
		if s.flight == f {
			s.flight = nil
		}
		s.mu.Unlock()
		close(f.done)
	}()
	return f
}

// leave gives up waiting. The last to leave ends the fetch and waits for that.
func (s *tokenSource) leave(f *flight) {
	s.mu.Lock()
	f.waiters--
	last := f.waiters == 0
	if last {
		f.cancel()
		if s.flight == f {
			s.flight = nil // its answer is of no use to those who come now
		}
	}
	s.mu.Unlock()
	if last {
		<-f.done
	}
}

// fetchToken asks the server for a token. Asking twice does no harm.
func (c *core) fetchToken(ctx context.Context, keys oauthKeys) (token, error) {
	body, err := json.Marshal(map[string]string{"key": keys.key, "secret": keys.secret})
	if err != nil {
		return token{}, argument("WithOAuth", "key and secret must be text")
	}
	asked := time.Now()
	turn := c.turn(tokenName)
	var got token
	request := &transport.Request{
		Op:         tokenName,
		Method:     http.MethodPost,
		URL:        c.base + "/" + tokenName,
		Header:     c.header,
		Body:       body,
		Repeatable: true,
		Pace:       turn.wait,
		Judge: func(a *transport.Answer) transport.Judgement {
			turn.answered(a)
			var refusal error
			got, refusal = readToken(a, asked)
			return transport.Judgement{Err: hideSecrets(refusal, keys)}
		},
	}
	ctx, seen := c.observe(ctx, request)
	result, err := c.transport.Do(ctx, request)
	c.ended(ctx, seen, &exchange{request: request, judge: new(judge)}, &result, err)
	if err != nil {
		return token{}, inner(err)
	}
	return got, nil
}

// readToken reads the answer of the token call. The life is counted from the
// moment of asking, which is before it began.
func readToken(a *transport.Answer, asked time.Time) (token, error) {
	j := judge{
		single: true,
		call:   wire.Call{Version: caperrors.V3, Entity: "oauth", Dialect: wire.V2Single, Count: 1},
	}
	if j.read(a); j.err != nil {
		return token{}, j.err
	}
	var answer struct {
		Data struct {
			AccessToken string          `json:"accessToken"`
			TTLSeconds  json.RawMessage `json:"ttlSeconds"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil {
		return token{}, notUnderstood(a, "the token call's answer has another form")
	}
	if checkHeaderValue(answer.Data.AccessToken) != "" {
		return token{}, notUnderstood(a, "the token call's answer holds no usable token")
	}
	life := tokenLife(answer.Data.TTLSeconds)
	return token{value: answer.Data.AccessToken, until: asked.Add(life * 4 / 5)}, nil
}

// tokenLife reads ttlSeconds, a number or a number in a string.
func tokenLife(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return defaultTokenLife
	}
	if seconds >= maxTokenLife.Seconds() {
		return maxTokenLife
	}
	return time.Duration(seconds * float64(time.Second))
}

// notUnderstood quotes nothing of the body, which may hold a token.
func notUnderstood(a *transport.Answer, reason string) error {
	return &caperrors.DecodeError{
		HTTPStatus:  a.Status,
		ContentType: a.Header.Get("Content-Type"),
		Offset:      -1,
		Reason:      reason,
		RequestID:   a.RequestID,
	}
}

// hideSecrets keeps an answer that quotes what was sent, or a token, out of
// the error. A refusal of which the code says nothing more is one of the
// credentials: the call has no other input.
func hideSecrets(err error, keys oauthKeys) error {
	var request *caperrors.RequestError
	var decode *caperrors.DecodeError
	switch {
	case errors.As(err, &request):
		for _, secret := range []string{keys.secret, keys.key} {
			request.Message = strings.ReplaceAll(request.Message, secret, "***")
		}
		switch request.Kind {
		case caperrors.ErrInvalid, caperrors.ErrRefused, caperrors.ErrUnrecognised:
			request.Kind = caperrors.ErrUnauthenticated
		default:
		}
	case errors.As(err, &decode):
		decode.Excerpt = ""
	}
	return err
}

// inner returns what came back from the token call, without the layer that
// tells of the call: there is one such layer in a chain, that of the call which
// needed the token.
func inner(err error) error {
	var call *caperrors.CallError
	if errors.As(err, &call) && call.Err != nil {
		return call.Err
	}
	return err
}
