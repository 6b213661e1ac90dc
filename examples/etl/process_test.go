package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// build makes the program, as a user would.
func build(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "etl")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return exe
}

// program returns the program ready to run, without what the environment may hold.
func program(t *testing.T, exe string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CAPILLARY_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

func TestProcess(t *testing.T) {
	t.Parallel()
	exe := build(t)

	t.Run("the first signal waits for what is in flight, the second does not", func(t *testing.T) {
		t.Parallel()
		results := filepath.Join(t.TempDir(), "r")
		// Calls that take a minute: the signals come while some are in flight.
		cmd := program(t, exe, fields(calm+"-sim-latency 1m -timeout 2m -results "+results+" -")...)
		stdin, err := cmd.StdinPipe()
		require.NoError(t, err)
		stderr, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = stdin.Write([]byte(strings.Repeat(bill("1", "a")+"\n", 100)))
		require.NoError(t, err)
		lines := bufio.NewScanner(stderr)
		require.True(t, lines.Scan())
		require.Contains(t, lines.Text(), "nothing leaves this process", "the load begins")
		start := time.Now()
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.True(t, lines.Scan())
		require.Contains(t, lines.Text(), "interrupted: nothing more is sent, waiting for ")
		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		last := ""
		for lines.Scan() {
			last = lines.Text()
		}
		require.Error(t, cmd.Wait())
		assert.Equal(t, 1, cmd.ProcessState.ExitCode())
		assert.Less(t, time.Since(start), 5*time.Second)
		got := readResults(t, results)
		assert.Contains(t, last, "records: applied 0,")
		for i := range got {
			assert.Contains(t, []string{"unknown", "not-sent"}, got[i].Outcome.String())
		}
	})

	t.Run("a reader of standard output that leaves is an error of writing", func(t *testing.T) {
		t.Parallel()
		cmd := program(t, exe, fields(calm+"-sim-latency 0 -results -")...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		require.NoError(t, stdout.Close())
		require.Error(t, cmd.Wait())
		assert.Equal(t, 1, cmd.ProcessState.ExitCode())
		assert.Contains(t, stderr.String(), "etl: stopped: -results: ")
		assert.Contains(t, stderr.String(), "broken pipe")
	})
}
