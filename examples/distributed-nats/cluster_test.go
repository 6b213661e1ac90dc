package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cluster starts servers that form a cluster, and returns them and the URL of all.
func cluster(t *testing.T, n int) ([]*server.Server, string) {
	t.Helper()
	var failed error
	for range 3 { // somebody else may take a port between its choice and its use
		servers, urls, err := clusterOnFreePorts(t, n)
		if err != nil {
			failed = err
			continue
		}
		await(t, 20*time.Second, "a leader", func() bool {
			for _, s := range servers {
				if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == n {
					return true
				}
			}
			return false
		})
		return servers, strings.Join(urls, ",")
	}
	require.NoError(t, failed)
	return nil, ""
}

func clusterOnFreePorts(t *testing.T, n int) ([]*server.Server, []string, error) {
	t.Helper()
	// The routes must be known before the servers start, so their ports are chosen here.
	routes := make([]*url.URL, n)
	ports := make([]int, n)
	for i := range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ports[i] = l.Addr().(*net.TCPAddr).Port
		routes[i] = &url.URL{Scheme: "nats-route", Host: l.Addr().String()}
		require.NoError(t, l.Close())
	}
	servers := make([]*server.Server, n)
	urls := make([]string, n)
	for i := range n {
		s, err := startServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: ports[i]}, Routes: routes,
		})
		if err != nil {
			return nil, nil, err
		}
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		servers[i], urls[i] = s, s.ClientURL()
	}
	return servers, urls, nil
}

// The server that leads the stream of items is shut down half-way.
func TestALeaderMayGoAway(t *testing.T) {
	t.Parallel()
	servers, natsURL := cluster(t, 3)
	sim := clienttest.New(clienttest.Options{
		BatchLimit: 50, Latency: 30 * time.Millisecond, RepeatBills: true, CallsPerMinute: 3000, Faults: clienttest.Faults{ItemBusy: 0.02},
	})
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	s := quick()
	s.Replicas, s.Partitions = 3, 4
	j := open(t, natsURL, "replicated", s)
	o := &options{worker: workerOptions{rpm: 3000, again: 500 * time.Millisecond}}
	stops := []func() error{running(t, natsURL, "replicated", srv, o), running(t, natsURL, "replicated", srv, o)}
	bills := skewed(5000, 1500)
	inspect, err := inspector()
	require.NoError(t, err)
	var done produced
	var loading sync.WaitGroup
	loading.Go(func() {
		var failed error
		done, failed = j.produce(t.Context(), inspect, inputs(bills))
		assert.NoError(t, failed)
	})

	await(t, 40*time.Second, "half of it", func() bool {
		return sim.Stats().ItemsApplied > len(bills)/2
	})
	info, err := j.items.Info(t.Context())
	require.NoError(t, err)
	for _, s := range servers {
		if s.Name() == info.Cluster.Leader {
			s.Shutdown()
		}
	}
	lines := j.outcomes(t, 90*time.Second)
	loading.Wait()
	assert.Equal(t, uint64(len(bills)), done.total())
	counts := assertTrue(t, sim, bills, lines)
	t.Logf("%v; %d calls, the fewest possible are %d", counts, sim.Stats().Calls, len(bills)/50)
	assert.Equal(t, len(bills), counts[caperrors.Applied]+counts[caperrors.Unknown])
	// No worker died. But one whose sign of life went with the server counts as gone, and what it could not take back in time from the
	// record of its partition is unknown: at most what both can have in flight.
	assert.LessOrEqual(t, counts[caperrors.Unknown], 2*4*50)
	assert.Zero(t, sim.Stats().OverRate)
	for _, stop := range stops {
		assert.NoError(t, stop())
	}
}
