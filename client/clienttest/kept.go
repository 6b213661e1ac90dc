package clienttest

import (
	"net/http"
	"net/url"
	"strings"
)

const redacted = "[redacted]"

// sent is what is kept of a request.
type sent struct {
	header http.Header
	query  url.Values
	body   string
	bytes  int
}

func keep(r *http.Request, query url.Values, body []byte) sent {
	kept := sent{header: r.Header.Clone(), query: query, bytes: len(body), body: string(body[:min(len(body), maxKeptBytes)])}
	for name := range kept.header {
		switch {
		case name == "Authorization", name == "Proxy-Authorization", name == "Cookie", strings.EqualFold(name, tokenHeader):
			kept.header[name] = []string{redacted}
		}
	}
	return kept
}
