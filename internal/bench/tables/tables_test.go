package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every load of a table fails the run if an item is lost or applied twice.
func TestTheTablesComeToTheirEnd(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"limits", "retries", "lanes"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, run(&out, options{items: 3000, seconds: 1, only: part}))
			rows := 0
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "|") {
					rows++
				}
			}
			assert.Equal(t, 2+map[string]int{"limits": 6, "retries": 4, "lanes": 3}[part], rows)
		})
	}
}

func TestNothingToMeasure(t *testing.T) {
	t.Parallel()
	require.Error(t, run(&bytes.Buffer{}, options{seconds: 1}))
	require.Error(t, run(&bytes.Buffer{}, options{items: 1}))
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, count(n))
	}
}
