package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/internal/wire"
)

// A string is read eight bytes at a time; each byte has its meaning wherever it
// stands, and beside whatever stands in front of it.
func TestEveryByteIsSeenInAString(t *testing.T) {
	t.Parallel()
	for b := range 256 {
		for before := range 17 {
			for _, filler := range []string{"a", "\x7f", "\xff", "!", "#"} {
				text := `{"s":"` + strings.Repeat(filler, before) + string([]byte{byte(b)}) + `bcdefghijk"}`
				assert.Equal(t, json.Valid([]byte(text)), wire.CheckObject([]byte(text)) == nil, "%q", text)
			}
		}
	}
}
