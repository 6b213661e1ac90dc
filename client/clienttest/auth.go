package clienttest

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the API's Basic scheme is made of it
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	tokenPath   = "/v3/oauth/token/generate" //nolint:gosec // a path, no credential
	tokenHeader = "X-CAP-API-OAUTH-TOKEN"    //nolint:gosec // a header's name, no credential
	codeBadKey  = 320001
)

// authorize returns the request-level code and text for wrong credentials, 0 for right ones.
func (s *Simulator) authorize(r *http.Request, opts Options, v1 bool) (int, string) {
	if opts.Username == "" && opts.Key == "" {
		return 0, ""
	}
	if token := r.Header.Get(tokenHeader); token != "" && opts.Key != "" {
		return s.checkToken(token, v1)
	}
	if user, hash, ok := r.BasicAuth(); ok && opts.Username != "" {
		sum := md5.Sum([]byte(opts.Password)) //nolint:gosec // see the import
		if equal(user, opts.Username) && equal(hash, hex.EncodeToString(sum[:])) {
			return 0, ""
		}
	}
	return http.StatusUnauthorized, requestText(http.StatusUnauthorized)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// claims are what a token says. Times are in nanoseconds since 1970 beside the usual seconds, so that a lifetime ends exactly.
type claims struct {
	Number  int   `json:"jti"`
	Issued  int64 `json:"iat"`
	Expires int64 `json:"exp"`
	Exact   int64 `json:"exact"`
}

// serveToken answers a token call. Each gives another token.
func (s *Simulator) serveToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.stats.TokenCalls++
	number, opts := s.stats.TokenCalls, s.opts
	s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if !wait(r.Context(), opts.Latency) {
		panic(http.ErrAbortHandler)
	}
	var sent struct {
		Key    string `json:"key"`
		Secret string `json:"secret"`
	}
	rep := reply{status: http.StatusOK, contentType: typeJSON}
	switch {
	case r.Method != http.MethodPost:
		rep = refuse(false, http.StatusMethodNotAllowed, requestText(http.StatusMethodNotAllowed))
	case !sendsJSON(r):
		rep = refuse(false, http.StatusUnsupportedMediaType, requestText(http.StatusUnsupportedMediaType))
	case err != nil || json.Unmarshal(body, &sent) != nil:
		rep = refuse(false, http.StatusBadRequest, requestText(http.StatusBadRequest))
	case opts.Key != "" && (!equal(sent.Key, opts.Key) || !equal(sent.Secret, opts.Secret)):
		rep.body = fmt.Appendf(nil, `{"data":null,"errors":[{"code":%d,"message":"Invalid client key and secret"}]}`, codeBadKey)
	default:
		ttl := opts.TokenTTL
		if ttl <= 0 {
			ttl = defaultTokenTTL
		}
		now := time.Now()
		token := signToken(opts.Seed, claims{
			Number: number, Issued: now.Unix(), Expires: now.Add(ttl).Unix(), Exact: now.Add(ttl).UnixNano(),
		})
		rep.body = fmt.Appendf(nil, `{"data":{"accessToken":%q,"ttlSeconds":%d},"errors":null}`, token, wholeSeconds(ttl))
	}
	// Token calls count below zero, so that they don't shift the ids of the API calls.
	id := requestID(opts.Seed, -number)
	w.Header().Set("X-Cap-RequestID", id)
	w.Header().Set("X-CAP-REQUEST-ID", id)
	w.Header().Set("Content-Type", rep.contentType)
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body)
}

// ExpireTokens ends the life of every token given out so far.
func (s *Simulator) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expired = s.stats.TokenCalls
}

// checkToken tells an expired token by a code of its own on v1.1 only. On v2 it is as wrong as any other.
func (s *Simulator) checkToken(token string, v1 bool) (int, string) {
	s.mu.Lock()
	seed, expired := s.opts.Seed, s.expired
	s.mu.Unlock()
	said, ok := readToken(seed, token)
	switch {
	case !ok:
		return http.StatusUnauthorized, requestText(http.StatusUnauthorized)
	case said.Number > expired && time.Now().UnixNano() < said.Exact:
		return 0, ""
	case v1:
		return codeTokenExpired, "Token expired at " + time.Unix(said.Expires, 0).UTC().Format(time.RFC3339)
	default:
		return http.StatusUnauthorized, "Token expired"
	}
}

// signToken makes a token of the three parts of a JWT. The simulator keeps no list: the signature proves that a token is its own.
func signToken(seed uint64, c claims) string {
	payload, err := json.Marshal(c)
	if err != nil { // integers only
		return ""
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	text := head + "." + base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + signature(seed, text)
}

func readToken(seed uint64, token string) (claims, bool) {
	var said claims
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || !equal(token[dot+1:], signature(seed, token[:dot])) {
		return said, false
	}
	_, payload, _ := strings.Cut(token[:dot], ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	return said, err == nil && json.Unmarshal(raw, &said) == nil
}

func signature(seed uint64, text string) string {
	mac := hmac.New(sha256.New, strconv.AppendUint(nil, hash(seed, faultKindToken), 16))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func setRetryAfter(h http.Header, d time.Duration) {
	if d > 0 {
		h.Set("Retry-After", strconv.Itoa(wholeSeconds(d)))
	}
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
