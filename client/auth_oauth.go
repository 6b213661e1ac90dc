package client

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
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

// fetchToken asks the server for a token. Asking twice does no harm.
func (c *core) fetchToken(ctx context.Context, keys oauthKeys) (grant, error) {
	body, err := json.Marshal(map[string]string{"key": keys.key, "secret": keys.secret})
	if err != nil {
		return grant{}, argument("WithOAuth", "key and secret must be text")
	}
	asked := time.Now()
	turn := c.turn(tokenName)
	var got grant
	request := &transport.Request{
		Op:         tokenName,
		Method:     http.MethodPost,
		URL:        c.base + "/" + tokenName,
		Header:     c.header,
		Body:       body,
		Repeatable: true,
		Hide:       c.secrets.hide,
		Private:    true,
		Pace:       turn.wait,
		Judge: func(a *transport.Answer) transport.Judgement {
			turn.answered(a)
			var refusal error
			got, refusal = c.readToken(a, asked)
			return transport.Judgement{Err: aboutCredentials(refusal)}
		},
	}
	ctx, seen := c.observe(ctx, request)
	result, err := c.transport.Do(ctx, request)
	c.ended(ctx, seen, &exchange{request: *request}, &result, err)
	if err != nil {
		return grant{}, inner(err)
	}
	c.secrets.learn(got.value)
	return got, nil
}

// readToken reads the answer of the token call. The life is counted from the
// moment of asking, which is before it began.
func (c *core) readToken(a *transport.Answer, asked time.Time) (grant, error) {
	j := judge{
		single: true,
		secret: c.secrets,
		call:   wire.Call{Version: caperrors.V3, Entity: "oauth", Dialect: wire.V2Single, Count: 1},
	}
	if j.read(a); j.err != nil {
		return grant{}, j.err
	}
	var answer struct {
		Data struct {
			AccessToken string          `json:"accessToken"`
			TTLSeconds  json.RawMessage `json:"ttlSeconds"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil {
		return grant{}, notUnderstood(a, "the token call's answer has another form")
	}
	if checkHeaderValue(answer.Data.AccessToken) != "" {
		return grant{}, notUnderstood(a, "the token call's answer holds no usable token")
	}
	life := tokenLife(answer.Data.TTLSeconds)
	return grant{login: login{headerToken, answer.Data.AccessToken}, until: asked.Add(life * 4 / 5), ends: asked.Add(life)}, nil
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

// aboutCredentials makes a refusal of which the code says nothing more one of
// the credentials: the call has no other input. It quotes nothing of an answer
// that may hold a token.
func aboutCredentials(err error) error {
	var request *caperrors.RequestError
	var decode *caperrors.DecodeError
	switch {
	case errors.As(err, &request):
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
