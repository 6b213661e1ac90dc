package client

import (
	"maps"
	"net/url"
	"strings"
)

// address is where a call goes: parsed already, or else as a text.
type address struct {
	parsed *url.URL
	text   string
}

// address joins base, path and query. Values of extra replace those of query.
// What needs no escapes is not parsed anew for each call.
func (c *core) address(path string, query, extra url.Values) address {
	if c.site == nil || len(query)+len(extra) > 0 || !isUnreserved(path) {
		return address{text: c.url(path, query, extra)}
	}
	parsed := *c.site
	parsed.Path += "/" + path
	return address{parsed: &parsed}
}

// url does what address does, as a text.
func (c *core) url(path string, query, extra url.Values) string {
	address := c.base + "/" + path
	if len(query) == 0 && len(extra) == 0 {
		return address
	}
	all := make(url.Values, len(query)+len(extra))
	maps.Copy(all, query)
	maps.Copy(all, extra)
	return address + "?" + all.Encode()
}

// siteOf returns the base URL parsed, if a path can be put behind it as it is.
func siteOf(base string) *url.URL {
	site, err := url.Parse(base)
	if err != nil || site.Opaque != "" || site.RawPath != "" || site.User != nil || strings.HasSuffix(site.Host, ":") {
		return nil
	}
	return site
}

// isUnreserved reports whether a path stands for itself in a URL.
func isUnreserved(path string) bool {
	for i := range len(path) {
		if c := path[i]; c != '/' && !isUnreservedChar(c) {
			return false
		}
	}
	return true
}

// isUnreservedChar tells the characters that need no escape in a URL (RFC 3986,
// section 2.3).
func isUnreservedChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
