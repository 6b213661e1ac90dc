package retry_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/retry"
)

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	// RFC 9110's example date, a Sunday.
	now := time.Date(1994, time.November, 6, 8, 49, 37, 0, time.UTC)
	const forever = time.Duration(math.MaxInt64)
	tests := map[string]struct {
		value, date string
		want        time.Duration
		refused     bool
	}{
		"seconds":                              {value: "120", want: 2 * time.Minute},
		"no wait":                              {value: "0", want: 0},
		"leading zeros":                        {value: "007", want: 7 * time.Second},
		"blanks around":                        {value: " 3 ", want: 3 * time.Second},
		"an hour is told as it is":             {value: "3600", want: time.Hour},
		"the last second that fits":            {value: "9223372036", want: 9223372036 * time.Second},
		"the first that does not saturates":    {value: "9223372037", want: forever},
		"more than an int64 saturates":         {value: "99999999999999999999999", want: forever},
		"a fraction is refused":                {value: "1.5", refused: true},
		"a negative number is refused":         {value: "-1", refused: true},
		"a sign is refused":                    {value: "+1", refused: true},
		"an exponent is refused":               {value: "1e3", refused: true},
		"hexadecimal is refused":               {value: "0x10", refused: true},
		"a word is refused":                    {value: "invalid", refused: true},
		"nothing is refused":                   {value: "", refused: true},
		"two values in one are refused":        {value: "1, 2", refused: true},
		"digits of another script are refused": {value: "٣", refused: true},
		"an RFC 1123 date":                     {value: "Sun, 06 Nov 1994 08:50:37 GMT", want: time.Minute},
		"an RFC 850 date":                      {value: "Sunday, 06-Nov-94 08:50:37 GMT", want: time.Minute},
		"an asctime date":                      {value: "Sun Nov  6 08:50:37 1994", want: time.Minute},
		"a date in the past":                   {value: "Sun, 06 Nov 1994 08:49:36 GMT", want: 0},
		"a date far in the past":               {value: "Mon, 01 Jan 0001 00:00:00 GMT", want: 0},
		"a date beyond the range saturates":    {value: "Fri, 31 Dec 9999 23:59:59 GMT", want: forever},
		"a date in another zone is refused":    {value: "Sun, 06 Nov 1994 08:50:37 PST", refused: true},
		"an ISO date is refused":               {value: "1994-11-06T08:50:37Z", refused: true},
		"the server's clock is an hour behind": {
			value: "Sun, 06 Nov 1994 07:49:47 GMT", date: "Sun, 06 Nov 1994 07:49:37 GMT", want: 10 * time.Second,
		},
		"the server's clock is an hour ahead": {
			value: "Sun, 06 Nov 1994 09:49:47 GMT", date: "Sun, 06 Nov 1994 09:49:37 GMT", want: 10 * time.Second,
		},
		"the server's date is in another form": {
			value: "Sun, 06 Nov 1994 09:49:47 GMT", date: "Sunday, 06-Nov-94 09:49:37 GMT", want: 10 * time.Second,
		},
		"a date header that is no date is ignored": {
			value: "Sun, 06 Nov 1994 08:49:47 GMT", date: "yesterday", want: 10 * time.Second,
		},
		"seconds don't depend on the date": {value: "10", date: "Sun, 06 Nov 1904 09:49:37 GMT", want: 10 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := retry.ParseRetryAfter(test.value, test.date, now)
			assert.Equal(t, !test.refused, ok)
			assert.Equal(t, test.want, got)
		})
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	f.Add("120", "", int64(0))
	f.Add("9223372037", "", int64(0))
	f.Add("-1", "Sun, 06 Nov 1994 08:49:37 GMT", int64(784111777))
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", int64(784111777))
	f.Add("Sun Nov  6 08:49:37 1994", "", int64(math.MaxInt64))
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "", int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, value, date string, now int64) {
		got, ok := retry.ParseRetryAfter(value, date, time.Unix(now, 0))
		require.GreaterOrEqual(t, got, time.Duration(0))
		if !ok {
			require.Zero(t, got)
		}
	})
}
