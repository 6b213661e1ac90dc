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

	// authorize sets the header. It is made once, and so is the value as a list:
	// each would be an allocation of every call.
	authorize func(ctx context.Context, header http.Header, renew bool) error
}

func newBasicAuth(user, password string) *basicAuth {
	sum := md5.Sum([]byte(password)) //nolint:gosec // see the import
	hash := hex.EncodeToString(sum[:])
	pair := base64.StdEncoding.EncodeToString([]byte(user + ":" + hash))
	value := "Basic " + pair
	list := []string{value}
	return &basicAuth{value: value, secrets: []string{pair, hash}, authorize: func(_ context.Context, header http.Header, _ bool) error {
		header[headerBasic] = list // nothing is to be renewed: the password is the one that was given
		return nil
	}}
}

// sign returns a header with the credentials.
func (b *basicAuth) sign(header http.Header) http.Header {
	header = header.Clone()
	header.Set(headerBasic, b.value)
	return header
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
