package client

import (
	"context"
	"crypto/md5" //nolint:gosec // the API's Basic scheme is made of it
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

const headerBasic = "Authorization"

// basicAuth holds the finished header value; the password itself is not kept.
type basicAuth struct {
	value   string
	secrets []string // what goes over the wire, which an answer might quote
}

func newBasicAuth(user, password string) *basicAuth {
	sum := md5.Sum([]byte(password)) //nolint:gosec // see the import
	hash := hex.EncodeToString(sum[:])
	pair := base64.StdEncoding.EncodeToString([]byte(user + ":" + hash))
	return &basicAuth{value: "Basic " + pair, secrets: []string{pair, hash}}
}

func checkBasic(user, password string) string {
	switch {
	case user == "" || password == "":
		return "user and password must not be empty"
	case strings.Contains(user, ":"):
		// RFC 7617, section 2: the server would cut the name there.
		return "user must hold no colon"
	case strings.ContainsFunc(user, isControl):
		return "user must hold no control characters"
	default:
		return ""
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// authorize has nothing to renew: the password is the one that was given.
func (a *basicAuth) authorize(_ context.Context, header http.Header, _ bool) error {
	header.Set(headerBasic, a.value)
	return nil
}
