package main

import (
	"testing"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The first item of each partition was in a call when its worker died, the second had its outcome, the third was given back.
func TestANewOwnerKnowsWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]batch.OnUnknown{"and reports it": batch.ReportUnknown, "and sends it again": batch.ResendUnknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{BatchLimit: 20, RepeatBills: true})
			srv := sim.InMemory()
			t.Cleanup(func() { _ = srv.Close() })
			j := open(t, broker(t), "new", quick())
			bills := skewed(300, 150)
			j.load(t, bills)
			for p := range int32(6) {
				died := j.owner(t, p, "died")
				for _, n := range []note{
					{Kind: noteOwner, Hold: 1000},
					{Kind: noteOut, At: []string{"i0", "i1", "i2"}},
					{Kind: noteBack, At: []string{"i2"}},
					{Kind: noteEnd, At: []string{"i1"}, Line: &resultLine{ID: "known-" + itoa(p), Outcome: caperrors.Applied}},
				} {
					_, err := died.write(t.Context(), n)
					require.NoError(t, err)
				}
			}
			start := time.Now()
			running(t, j, srv, workerOptions{onUnknown: policy})
			counts, known, again := make(map[caperrors.Outcome]int), 0, 0
			for id, line := range j.outcomes(t, 30*time.Second) {
				counts[line.Outcome]++
				if len(id) > 6 && id[:6] == "known-" {
					known++
				}
				if line.AfterUnknown {
					again++
				}
			}
			assert.Equal(t, 6, known, "the outcomes that the ledger had")
			assert.GreaterOrEqual(t, time.Since(start), j.hold()-time.Second, "calls of the one that died may have been under way")
			if policy == batch.ReportUnknown {
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 294, caperrors.Unknown: 6}, counts)
				assert.Equal(t, 288, sim.Stats().ItemsApplied)
				return
			}
			assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 300}, counts)
			assert.Equal(t, 6, again)
			assert.Equal(t, 294, sim.Stats().ItemsApplied)
		})
	}
}
