package client

import (
	"maps"
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

// baseHeader is what every call sends, credentials apart.
func (cfg *config) baseHeader(format string) http.Header {
	return cfg.extend(http.Header{"Accept": {format}, "Content-Type": {format}, "User-Agent": {userAgent}})
}

// extend returns the header with what the options set.
func (cfg *config) extend(header http.Header) http.Header {
	header = header.Clone()
	maps.Copy(header, cfg.header)
	if cfg.userAgent != "" {
		header.Set("User-Agent", cfg.userAgent+" "+userAgent)
	}
	if cfg.attribution != nil {
		cfg.attribution.set(header)
	}
	return header
}

// format returns the header that every call in the endpoint's format shares,
// credentials apart. It is read only.
func (c *core) format(ep *Endpoint) http.Header {
	if ep.XML {
		return c.headerXML
	}
	return c.header
}

// signed are the client's headers with the credentials. They are held by
// pointer, because package fmt prints what an unexported field holds, but not
// what it points to.
type signed struct{ header, headerXML http.Header }

// whole returns the header with the credentials; nil if that is not the same for
// every call. It is read only.
func (c *core) whole(ep *Endpoint) http.Header {
	switch {
	case c.signed == nil:
		return nil
	case ep.XML:
		return c.signed.headerXML
	default:
		return c.signed.header
	}
}

// signHeaders makes the headers with the credentials. What is in them was
// checked when it was given, and no option can set an idempotency key.
func (c *core) signHeaders() {
	c.signed = nil
	if c.basic != nil {
		c.signed = &signed{c.basic.sign(c.header), c.basic.sign(c.headerXML)}
	}
}
