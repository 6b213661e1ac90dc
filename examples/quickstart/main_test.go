package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

// The README shows this program: it must be the one that is compiled and run.
func TestReadmeShowsThisProgram(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(readme), "```go\npackage main")
	require.True(t, found, "the README has no program")
	shown, _, found := strings.Cut(after, "```")
	require.True(t, found, "the README's program has no end")
	_, code, _ := strings.Cut(string(program), "package main") // behind its comment
	assert.Equal(t, code, shown)
	assert.Less(t, strings.Count(shown, "\n"), 30, "a program under 30 lines")
}

func TestProgramTellsTheFateOfItsItem(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Username: "till.1", Password: "secret"})
	server, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })

	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Env = append(os.Environ(),
		"CAPILLARY_BASE_URL="+server.URL, "CAPILLARY_USERNAME=till.1", "CAPILLARY_PASSWORD=secret")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "B-1 applied <nil>\n", string(out))
	assert.Equal(t, 1, sim.Times("B-1", "447700900001"))
}
