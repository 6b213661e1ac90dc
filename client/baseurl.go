package client

import (
	"net/netip"
	"net/url"
	"strings"
)

// parseBaseURL returns the URL without a trailing slash, or what is wrong with
// it. The reason never quotes the URL, which may hold a password.
func parseBaseURL(raw string, plainHTTP bool) (base, host, reason string) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "", "", "must not be empty"
	case err != nil || u.Opaque != "":
		return "", "", "is not a valid URL"
	case u.Scheme != "https" && u.Scheme != "http":
		return "", "", "must begin with https://"
	case u.Hostname() == "":
		return "", "", "has no host"
	case u.User != nil:
		return "", "", "must hold no user name or password: use WithBasic or WithOAuth"
	case u.RawQuery != "" || u.ForceQuery:
		return "", "", "must hold no query"
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return "", "", "must hold no fragment"
	case hasDotSegment(u.Path):
		return "", "", "must hold no path segment . or .."
	case u.Scheme == "http" && !plainHTTP && !isLoopback(u.Hostname()):
		return "", "", "must begin with https:// (http:// is for loopback hosts, or WithPlainHTTP)"
	}
	host = u.Scheme + "://" + u.Host
	return host + strings.TrimRight(u.EscapedPath(), "/"), host, ""
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
