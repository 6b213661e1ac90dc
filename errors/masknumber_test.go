package errors_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestMaskOfNumbersInGroups(t *testing.T) {
	t.Parallel()
	telephones := map[string]string{
		"India":                       "+91 98765 43210",
		"India by a dash":             "98765-43210",
		"India by a blank":            "98765 43210",
		"India with a zero":           "098765 43210",
		"India without the plus":      "91 98765 43210",
		"a city of India":             "080 2345 6789",
		"an area code in brackets":    "(987) 654-3210",
		"with the country":            "+1 (987) 654-3210",
		"brackets without a blank":    "(987)654-3210",
		"brackets in the middle":      "1(987)654-3210",
		"dashes":                      "987-654-3210",
		"dots":                        "987.654.3210",
		"dots after a plus":           "+91.98765.43210",
		"thousands after a plus":      "+971 501 234 567",
		"short, after a plus":         "+65 912 34567",
		"pairs":                       "06 12 34 56 78",
		"pairs after a plus":          "+33 6 12 34 56 78",
		"Britain":                     "07700 900123",
		"Germany":                     "0171 76 54 321",
		"a blank that does not break": "98765\u00a043210",
		"a dash that does not break":  "98765\u201143210",
		"another script":              "९८७६५ ४३२१०",
		"a card":                      "4111 1111 1111 1111",
		"a card with dashes":          "4111-1111-1111-1111",
	}
	for name, number := range telephones {
		for _, around := range []string{"%s", "no customer %s.", "mobile:%s, again", "<%s>", "mobile=%s", "'%s'", "1. %s", "%s\n", "12 mobiles: %s", "number %s is 98765"} {
			t.Run(name+" in "+around, func(t *testing.T) {
				t.Parallel()
				masked := caperrors.Mask(fmt.Sprintf(around, number))
				begin, end, _ := strings.Cut(around, "%s")
				kept := strings.TrimSuffix(strings.TrimPrefix(masked, begin), strings.TrimSpace(end))
				assert.Contains(t, []string{"***", "+***", "(***", "*** ", "+*** ", "(*** "}, kept, masked)
			})
		}
	}
	others := map[string]string{
		"a date":                    "not before 2026-11-22",
		"a day first":               "not before 22-11-2026",
		"a day first, with dots":    "not before 22.11.2026",
		"short days":                "not before 1.3.2026",
		"a month first":             "not before 12-31-2026",
		"slashes":                   "not before 11/22/2026",
		"a time":                    "2026-11-22 10:15:00.000 +0530",
		"a time of ISO":             "2026-11-22T10:15:00.123456+05:30",
		"two dates":                 "from 2026-11-22 2026-11-30 on",
		"a date and hours":          "2026-11-22 10-12",
		"a date that never comes":   "until 9999-12-31 23:59:59",
		"a date far away":           "until 2124-08-01 23:59:59",
		"no date, and a time":       "until 45837-06-15 02:56:40",
		"a date after a code":       "failed (8015) 2026-11-22",
		"hours":                     "10:15 11:15 12:15 13:15",
		"an amount":                 "1,299,500.00 of 1299500.5 is above 100000.00",
		"an amount with blanks":     "1 299 500 000,00",
		"an amount with dots":       "1.299.500.000,00",
		"an amount with a sign":     "+1 299 500 points",
		"two amounts":               "100000.50 250000.25",
		"a small number and one":    "12345.67 98765",
		"a number and an amount":    "row 98765 12345.50 points",
		"coordinates":               "28.613900 77.209000",
		"a bill number":             "bill 2026-000123 exists",
		"a bill number with words":  "bill INV-98765-43210 exists",
		"a bill number with slash":  "bill 2026/98765-43210 exists",
		"an address":                "192.168.100.120 refused",
		"an address of few":         "10.120.13.140:443 refused",
		"a version":                 "version 1.25.0",
		"a count of items":          "1 2 3 4 5 6 7 8 9 10 11 12",
		"a list of rows":            "10 11 12 13 14 15 16",
		"a list of codes":           "604, 1012, 8015, 1060, 461",
		"a range":                   "between 10000 - 20000",
		"a range with commas":       "between 100,000 and 250,000",
		"few digits":                "98765-4321",
		"a letter before":           "B98765-43210",
		"hexadecimal":               "550e8400-e29b-41d4-a716-446655",
		"a code and a percentage":   "code 1012 at 99.5 of 100.0 %",
		"few digits after a plus":   "+5 points, +10 20",
		"digits and their position": "item 3: 12345 of 100000",
	}
	for name, text := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := strings.ReplaceAll(text, "1299500.5", "***.5") // seven digits in a row go anyhow
			assert.Equal(t, want, caperrors.Mask(text))
		})
	}
}

func TestMaskOfANumberAfterAnother(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "item 5 ***", caperrors.Mask("item 5 987.654.3210"))
	assert.Equal(t, "0171 ***", caperrors.Mask("0171 7654321"))
	assert.Equal(t, "2026-11-22 ***", caperrors.Mask("2026-11-22 98765-43210"))
	assert.Equal(t, "10:15 ***, ***", caperrors.Mask("10:15 98765 43210, 98765-43210"))
}

// What is left of a number at the cut must not look like another one, nor show
// a part of a number that is hidden.
func TestMaskCutsNoNumber(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"a date":                     {strings.Repeat(" ", 185) + "12345 2026-11-22 x", strings.Repeat(" ", 185) + "12345 …"},
		"a telephone number":         {strings.Repeat(" ", 195) + "98765-43210 x", strings.Repeat(" ", 195) + "*** x"},
		"a telephone number, longer": {strings.Repeat(" ", 198) + "98765-43210 x", strings.Repeat(" ", 198) + "**…"},
		"a time":                     {strings.Repeat(" ", 186) + "45837-06-15 02:56 x", strings.Repeat(" ", 186) + "45837-06-15 …"},
		"few digits":                 {strings.Repeat(" ", 198) + "12345 x", strings.Repeat(" ", 198) + "…"},
		"digits to the end":          {strings.Repeat(" ", 198) + "12", strings.Repeat(" ", 198) + "12"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			masked := caperrors.Mask(test.text)
			assert.Equal(t, test.want, masked)
			assert.Equal(t, masked, caperrors.Mask(masked))
		})
	}
}

// FuzzMaskTelephone holds that a telephone number does not survive, whatever is
// around it.
func FuzzMaskTelephone(f *testing.F) {
	f.Add("no customer ", " here", uint64(9876543210), uint8(0))
	f.Add("2026-11-", "-22", uint64(1111111111), uint8(3))
	f.Add("1 299 500", " 000", uint64(9300111222), uint8(2))
	f.Add("1.", ".5", uint64(2026112212), uint8(4))
	f.Fuzz(func(t *testing.T, before, after string, digits uint64, form uint8) {
		d := strconv.FormatUint(2_000_000_000+digits%8_000_000_000, 10)
		forms := []string{
			"+91 " + d[:5] + " " + d[5:], d[:5] + "-" + d[5:], d[:5] + " " + d[5:], "(" + d[:3] + ") " + d[3:6] + "-" + d[6:],
			d[:3] + "." + d[3:6] + "." + d[6:], "+1-" + d[:3] + "-" + d[3:6] + "-" + d[6:], d[:3] + "-" + d[3:6] + "-" + d[6:],
		}
		number := forms[int(form)%len(forms)]
		// What touches the number may make it a part of something else.
		text := before + "'" + number + "'" + after
		masked := caperrors.Mask(text)
		if strings.Contains(before+"'"+after, number) {
			t.Skip("the number stands there twice")
		}
		assert.NotContains(t, masked, number)
		if i := strings.IndexByte(masked, '\''); utf8.RuneCountInString(before) < 100 && !strings.ContainsRune(before, '\'') && i >= 0 {
			assert.NotContains(t, masked[i:], d[len(d)-4:]+"'", "%q", masked)
		}
		assert.Equal(t, masked, caperrors.Mask(masked))
	})
}
