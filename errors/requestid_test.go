package errors_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestRequestIDsStayReadableAndNothingElseHidesAsOne(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ id, shown string }{
		"32 hex digits are shown as they are":    {"fda7e8698c240e1e1234567890c0fd75", "fda7e8698c240e1e1234567890c0fd75"},
		"a UUID is shown as it is":               {"12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789012"},
		"the old short form is shown as it is":   {"5670FF17B7D58", "5670FF17B7D58"},
		"a telephone number is masked":           {"919812345678", "***"},
		"a mail address is masked":               {"jane.doe@example.com", "***"},
		"a line break does not break the line":   {"abc\ndef", "abc def"},
		"digits beside other letters are masked": {"till-919812345678", "till-***"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := &caperrors.RequestError{Code: 400, RequestID: test.id}
			assert.Contains(t, err.Error(), "[request id "+test.shown+"]")
			assert.Equal(t, test.id, err.RequestID)
		})
	}
}
