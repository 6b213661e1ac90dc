package retry

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseRetryAfter reads the value of a Retry-After header: whole seconds, or a
// date in one of the three forms of HTTP (RFC 9110, section 5.6.7: RFC 1123,
// RFC 850, asctime). A date is set against date, the answer's Date header, so
// that a wrong clock on either side doesn't matter; if that can't be read,
// against now.
//
// The wait is never negative: a date in the past gives 0. One that is too large
// gives the largest [time.Duration]. The bool is false if the value is neither
// form, such as "", "-1" or "1.5". The caller caps the wait.
func ParseRetryAfter(value, date string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if isDigits(value) {
		return seconds(value), true
	}
	until, ok := parseDate(value)
	if !ok {
		return 0, false
	}
	if sent, dated := parseDate(strings.TrimSpace(date)); dated {
		now = sent
	}
	return max(until.Sub(now), 0), true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// seconds reads digits and saturates, where a product would turn negative.
func seconds(digits string) time.Duration {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(math.MaxInt64/time.Second) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Second
}

// parseDate reads the forms of an HTTP date. They are in GMT: a time of another
// zone, which [time.Parse] would take for UTC when it doesn't know the
// abbreviation, is refused.
func parseDate(text string) (time.Time, bool) {
	const (
		rfc1123 = "Mon, 02 Jan 2006 15:04:05 GMT"
		rfc850  = "Monday, 02-Jan-06 15:04:05 GMT"
	)
	for _, layout := range [...]string{rfc1123, rfc850, time.ANSIC} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
