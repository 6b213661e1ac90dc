package errors_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestMask(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":                        {"", ""},
		"plain":                        {"Customer not found: id 12", "Customer not found: id 12"},
		"six digits stay":              {"bill 123456", "bill 123456"},
		"seven digits go":              {"bill 1234567", "bill ***"},
		"mobile number":                {"mobile 919812345678 not registered", "mobile *** not registered"},
		"digits in a word":             {"id-919812345678x", "id-***x"},
		"digits of another script":     {"mobile ９１９８１２３４５６７８", "mobile ***"},
		"few digits of another script": {"bill ９１９", "bill ９１９"},
		"mail address":                 {"no user jane.doe+x@example.co.in.", "no user ***"},
		"mail address in brackets":     {"user <jane@example.com> unknown", "user <***> unknown"},
		"mail address of letters":      {"user josé@bücher.example", "user ***"},
		"mail address with digits":     {"9198123456@example.com", "***"},
		"two in a row":                 {"a@b,c@d", "***,***"},
		"two at once":                  {"a@b@c", "***@c"},
		"a lone at":                    {"5 @ 3", "5 @ 3"},
		"nothing before the at":        {"@example", "@example"},
		"nothing after the at":         {"jane@ home", "jane@ home"},
		"lines":                        {"a\r\nb\tc", "a  b c"},
		"control characters":           {"a\x00b\x1b[31mc\u0085d\x7f", "a?b?[31mc?d?"},
		"direction and separators":     {"a\u202eb\u2066c\u2028d\u2029e", "a?b?c?d?e"},
		"not UTF-8":                    {"a\xff\xfeb", "a??b"},
		"letters stay":                 {"Kunde nicht gefunden: Müller 客户", "Kunde nicht gefunden: Müller 客户"},
		"200 characters stay":          {strings.Repeat("ü", 200), strings.Repeat("ü", 200)},
		"201 are cut":                  {strings.Repeat("ü", 201), strings.Repeat("ü", 200) + "…"},
		"201 plain ones are cut":       {strings.Repeat("x", 201), strings.Repeat("x", 200) + "…"},
		"the mark is kept":             {strings.Repeat("ü", 200) + "…", strings.Repeat("ü", 200) + "…"},
		"a secret at the cut":          {strings.Repeat(" ", 195) + "919812345678", strings.Repeat(" ", 195) + "***"},
		"a secret beyond the cut":      {strings.Repeat(" ", 200) + "919812345678", strings.Repeat(" ", 200) + "…"},
		"the cut in what hides one":    {strings.Repeat(" ", 198) + "919812345678", strings.Repeat(" ", 198) + "**…"},
		"the cut behind an at":         {strings.Repeat(" ", 198) + "a@ b", strings.Repeat(" ", 198) + "a…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, caperrors.Mask(test.text))
		})
	}
}

// A service may send megabytes; the work is bounded by what is shown, and by
// one look over a word.
func TestMaskOfLongText(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"x", "9", "a@", "é", "a@b ", "\xff", "@"} {
		text := caperrors.Mask(strings.Repeat(unit, 1<<20))
		assert.LessOrEqual(t, utf8.RuneCountInString(text), 201, unit)
	}
}

func FuzzMask(f *testing.F) {
	for _, seed := range []string{
		"", canary, "a@b@c@d", "x@@y@z", "1234567@b", "a\u202e@b", strings.Repeat("a@", 120), strings.Repeat("1", 300),
		strings.Repeat("é", 199) + "a@b", strings.Repeat(" ", 198) + "1234567", strings.Repeat(" ", 199) + "@…", "…@…",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		masked := caperrors.Mask(text)
		assert.Equal(t, masked, caperrors.Mask(masked), "masking twice changes nothing")
		assert.LessOrEqual(t, utf8.RuneCountInString(masked), 201)
		assert.True(t, utf8.ValidString(masked))
		digits := 0
		for _, r := range masked {
			assert.False(t, unicode.IsControl(r) || r == '\u2028' || r == '\u2029', "%q", masked)
			if !unicode.IsDigit(r) {
				digits = 0
				continue
			}
			digits++
			assert.Less(t, digits, 7, "%q", masked)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for name, text := range map[string]string{"plain": "Customer not found", "secret": canary} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = caperrors.Mask(text)
			}
		})
	}
}
