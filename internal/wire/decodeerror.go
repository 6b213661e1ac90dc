package wire

import (
	"bytes"

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
		Excerpt:     excerpt(h.Body),
		Kind:        kind,
		Outcome:     outcome,
		RequestID:   h.RequestID,
		RetryAfter:  h.RetryAfter,
	}
}

const excerptRunes = 200

// excerpt returns the masked beginning of a body. More is masked than is kept:
// a number must not slip through because it was cut short.
func excerpt(body []byte) string {
	masked := caperrors.Mask(string(body[:min(len(body), 4*excerptRunes)]))
	runes := 0
	for at := range masked {
		if runes == excerptRunes {
			return masked[:at]
		}
		runes++
	}
	return masked
}

// notJSON says why a body is no JSON, naming the pages that come most.
func notJSON(body []byte, err *syntaxError) string {
	start := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
	if len(start) == 0 || start[0] != '<' {
		return err.reason
	}
	head := bytes.ToLower(start[:min(len(start), 512)])
	if bytes.Contains(head, []byte("<html")) || bytes.HasPrefix(head, []byte("<!doctype html")) {
		return "an HTML page"
	}
	return "XML, not JSON"
}
