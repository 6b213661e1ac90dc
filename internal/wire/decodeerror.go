package wire

import (
	"bytes"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
)

// What is missing in a body that is JSON but not the API's.
const (
	shapeV1     = "neither a status nor items"
	shapeBulk   = "neither a list of items nor errors"
	shapeSingle = "neither a result nor errors"
)

// decodeError builds the error for a body that is not the API's. What became of
// the call then follows from the HTTP status: some statuses are only given
// before the API sees the request, after all others it may have done the work.
func decodeError(h *HTTP, offset int64, reason string) error {
	kind, outcome := caperrors.EdgeStatus(h.Status)
	return &caperrors.DecodeError{
		HTTPStatus:  h.Status,
		ContentType: h.ContentType,
		Offset:      offset,
		Reason:      reason,
		Excerpt:     h.excerpt(),
		Kind:        kind,
		Outcome:     outcome,
		RequestID:   h.RequestID,
		RetryAfter:  h.RetryAfter,
	}
}

const (
	excerptRunes  = 200
	longestSecret = 4 << 10 // a token
	http400       = 400     // from here on a status tells of an error
)

// excerpt returns the masked beginning of a body that somebody else wrote, such
// as a page of a gateway. Data that breaks off is the API's own, with customers
// in it, and is not quoted unless its HTTP status tells of an error.
//
// More is hidden and masked than is kept: a secret or a number must not slip
// through because it was cut short.
func (h *HTTP) excerpt() string {
	if h.Status < http400 && isData(h.Body) {
		return ""
	}
	begin, unsure := string(h.Body[:min(len(h.Body), 4*excerptRunes+longestSecret)]), 0
	if len(begin) < len(h.Body) {
		unsure = longestSecret // a secret may have been cut here
	}
	if h.Hide != nil {
		begin = h.Hide(begin)
	}
	masked := caperrors.Mask(withoutQueries(begin[:min(max(len(begin)-unsure, 0), 4*excerptRunes)]))
	runes := 0
	for at := range masked {
		if runes == excerptRunes {
			return masked[:at]
		}
		runes++
	}
	return masked
}

// withoutQueries replaces the queries of addresses in a text. Pages of gateways
// quote the address that was asked for, and its query may name a customer.
func withoutQueries(text string) string {
	const ends = " \t\r\n\"'<>" // an address in a page ends here
	var b strings.Builder
	for {
		mark := strings.IndexByte(text, '?')
		if mark < 0 {
			b.WriteString(text)
			return b.String()
		}
		word := text[strings.LastIndexAny(text[:mark], ends)+1 : mark]
		query := text[mark+1:]
		if end := strings.IndexAny(query, ends); end >= 0 {
			query = query[:end]
		}
		b.WriteString(text[:mark+1])
		text = text[mark+1:]
		if query != "" && strings.Contains(word, "/") {
			b.WriteString("***")
			text = text[len(query):]
		}
	}
}

// isData reports whether a body begins like JSON, or like XML that is no page.
func isData(body []byte) bool {
	start := trimmed(body)
	if len(start) == 0 {
		return false
	}
	return start[0] == '{' || start[0] == '[' || start[0] == '<' && !isPage(start)
}

// trimmed returns a body from its first character on.
func trimmed(body []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
}

func isPage(start []byte) bool {
	head := bytes.ToLower(start[:min(len(start), 512)])
	return bytes.Contains(head, []byte("<html")) || bytes.HasPrefix(head, []byte("<!doctype html"))
}

// notJSON says why a body is no JSON, naming the pages that come most.
func notJSON(body []byte, err *syntaxError) string {
	start := trimmed(body)
	if len(start) == 0 || start[0] != '<' {
		return err.reason
	}
	if isPage(start) {
		return "an HTML page"
	}
	return "XML, not JSON"
}
