package client

import (
	"net/http"
	"strings"
)

// ownHeaders are set by the client or by net/http, or would change how a
// connection or a repetition works. An Idempotency-Key makes net/http send a
// POST again by itself.
var ownHeaders = [...]string{
	"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type",
	"Expect", "Host", "Idempotency-Key", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "User-Agent", "X-Idempotency-Key",
	headerToken, headerEntityType, headerEntityCode, headerLookupType, headerLookup,
}

func checkHeaderName(name string) string {
	if name == "" || strings.Trim(name, nameChars) != "" {
		return "is no header name"
	}
	for _, own := range ownHeaders {
		if strings.EqualFold(own, name) {
			return http.CanonicalHeaderKey(name) + " is set by the client itself"
		}
	}
	return ""
}

// nameChars are the characters of a header name (RFC 9110, section 5.6.2).
const nameChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// checkHeaderValue allows visible ASCII and blanks within. The value is not
// quoted: it may be a secret.
func checkHeaderValue(value string) string {
	switch {
	case value == "":
		return "must not be empty"
	case value != strings.TrimSpace(value):
		return "must not begin or end with a blank"
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' {
			return "must be ASCII without control characters"
		}
	}
	return ""
}
