//go:build unix

package main

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPipeNobodyWritesToHoldsNothingUp(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))

	var e etl
	e.run(t, "-journal", filepath.Join(t.TempDir(), "j"), pipe)
	e.statusIs(t, 2)
	assert.Contains(t, e.stderr, "is not a regular file")

	drain := make(chan struct{})
	close(drain)
	e = etl{drain: drain}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.runUntil(t.Context(), "-format", "ndjson", pipe)
	}()
	select {
	case <-ended:
		e.statusIs(t, 1)
		assert.Contains(t, e.stderr, "waiting for the input: interrupted")
	case <-time.After(10 * time.Second):
		assert.Fail(t, "it waits for the pipe")
	}
	// Who waits in vain ends, too.
	w, err := syscall.Open(pipe, syscall.O_WRONLY, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Close(w))
}
