package transport

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

const (
	firstRead = 4 << 10
	// A Content-Length is the server's word: more than this is not set aside
	// before it has arrived.
	maxPresize = 256 << 10
)

var errTooLarge = errors.New("body too large")

// readBody reads a body to its end, so that the connection can be used again,
// and closes it. What is read is counted after decompression: a small answer
// can unpack to gigabytes.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	size := int64(firstRead)
	if resp.ContentLength >= 0 {
		size = min(resp.ContentLength, maxPresize, limit) + 1 // one more, so that the end is seen without growing
	}
	body := make([]byte, 0, size)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return body, err
		}
	}
}

// fill sets all of an answer but its body. The parts of its header that stand in
// errors and logs are hidden as the request wants it.
func (answer *Answer) fill(resp *http.Response, req *Request) {
	answer.Status, answer.Header, answer.sent = resp.StatusCode, resp.Header, req.Body
	// Recorded answers carry the id under one of two names, or both.
	for _, name := range [...]string{"X-Cap-Requestid", "X-Cap-Request-Id"} { // canonical: Get would look at each letter
		if values := resp.Header[name]; answer.RequestID == "" && len(values) > 0 {
			answer.RequestID = values[0]
		}
	}
	answer.RequestID = req.hide(answer.RequestID)
	if media := resp.Header.Get("Content-Type"); req.hide(media) != media {
		answer.Header = answer.Header.Clone()
		answer.Header.Set("Content-Type", req.hide(media))
	}
	for _, value := range resp.Header["Retry-After"] {
		wait, _ := retry.ParseRetryAfter(value, resp.Header.Get("Date"), time.Now())
		answer.RetryAfter = max(answer.RetryAfter, wait)
	}
}

// unreadable returns the error for an answer whose body cannot be had. The bool
// is false if the connection broke before a status that proves anything.
func unreadable(answer *Answer, read int, limit int64, cause error) (*caperrors.DecodeError, bool) {
	var corrupt flate.CorruptInputError
	de := decodeError(answer)
	de.Offset = int64(read)
	switch {
	case errors.Is(cause, errTooLarge):
		de.Offset = limit
		de.Reason = "body larger than " + sizeText(limit)
	case errors.Is(cause, gzip.ErrHeader), errors.Is(cause, gzip.ErrChecksum), errors.As(cause, &corrupt):
		de.Reason = "compressed body is corrupt"
	default:
		de.Reason = "body cut short"
		return de, de.Kind == caperrors.ErrTransient
	}
	return de, true
}

// sizeText returns a number of bytes in few digits: a long run of them would be
// masked, as a telephone number.
func sizeText(n int64) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.4g KiB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
	}
}

// redirected returns the error for a redirect that is not followed.
func redirected(answer *Answer) *caperrors.DecodeError {
	de := decodeError(answer)
	de.Reason, de.Kind = "redirect not followed", caperrors.ErrUnsupported
	if answer.Status == http.StatusTemporaryRedirect || answer.Status == http.StatusPermanentRedirect {
		de.Outcome = caperrors.Refused
	}
	return de
}

// decodeError returns an error that says what the HTTP status alone proves.
func decodeError(answer *Answer) *caperrors.DecodeError {
	de := &caperrors.DecodeError{
		HTTPStatus:  answer.Status,
		ContentType: answer.Header.Get("Content-Type"),
		Offset:      -1,
		RequestID:   answer.RequestID,
		RetryAfter:  answer.RetryAfter,
	}
	de.Kind, de.Outcome = caperrors.EdgeStatus(answer.Status)
	return de
}
