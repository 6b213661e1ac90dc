package client_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who does not use OpenTelemetry gets none of it: it is in the module of
// client/otelcapillary alone. A workspace or an import in this module would
// bring it here.
func TestThisModuleNeedsNoOpenTelemetry(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../go.mod", "../go.sum"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Contains(t, string(text), "github.com/hashicorp/go-retryablehttp", name)
		assert.NotContains(t, string(text), "opentelemetry", name)
	}
}
