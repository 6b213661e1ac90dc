package clienttest_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestListenServesARealPort(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	srv, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	assert.Regexp(t, `^http://127\.0\.0\.1:[1-9][0-9]*$`, srv.URL)
	for i := range 5 {
		assert.Equal(t, http.StatusOK, over(t.Context(), srv, bulkPath, bills(i, 1)).status)
	}
	assert.Equal(t, 1, srv.Connections(), "the connection is kept")
	sim.Script(clienttest.Answer{Cut: true})
	require.Error(t, over(t.Context(), srv, bulkPath, bills(9, 1)).err)
	assert.Equal(t, http.StatusOK, over(t.Context(), srv, bulkPath, bills(9, 1)).status)
	assert.Equal(t, 2, srv.Connections())

	_, err = sim.Listen(srv.URL[len("http://"):])
	assert.ErrorContains(t, err, "clienttest: listen tcp")
}

func TestTwoServersOfOneSimulator(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	one, two := serve(t, sim), serve(t, sim)
	assert.Equal(t, "http://localhost", one.URL)
	over(t.Context(), one, bulkPath, bills(1, 1))
	over(t.Context(), two, bulkPath, bills(2, 1))
	assert.Len(t, sim.Applied(), 2)
	assert.Equal(t, 1, one.Connections())
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{Latency: time.Hour})
		srv := sim.InMemory()
		idle, err := srv.DialContext(t.Context(), "tcp", "example.com:443")
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() { assert.Error(t, over(t.Context(), srv, bulkPath, bills(i, 1)).err) })
		}
		synctest.Wait()
		assert.Equal(t, 11, srv.Connections())
		start := time.Now()
		require.NoError(t, srv.Close())
		require.NoError(t, srv.Close())
		wg.Wait()
		assert.Zero(t, time.Since(start))
		_, err = idle.Read(make([]byte, 1))
		require.Error(t, err)
		_, err = srv.DialContext(t.Context(), "tcp", "localhost:80")
		require.ErrorContains(t, err, "connection refused")
		assert.Empty(t, sim.Applied())
		assert.Equal(t, 10, sim.Stats().Faults.Abandoned)
	})
}

func TestCloseWaitsForTheCallsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := clienttest.New(clienttest.Options{Script: func(*http.Request) *clienttest.Answer {
			<-time.After(time.Minute)
			return nil
		}}).InMemory()
		var wg sync.WaitGroup
		wg.Go(func() { assert.Error(t, over(t.Context(), srv, bulkPath, bills(1, 1)).err) })
		synctest.Wait()
		start := time.Now()
		require.NoError(t, srv.Close())
		assert.Equal(t, time.Minute, time.Since(start))
		wg.Wait()
	})
}

func TestCloseRightAfterTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			srv := clienttest.New(clienttest.Options{}).InMemory()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			var wg sync.WaitGroup
			wg.Go(func() {
				if conn, err := srv.DialContext(ctx, "", ""); err == nil {
					_, err = conn.Read(make([]byte, 1))
					assert.Error(t, err)
				}
			})
			require.NoError(t, srv.Close())
			wg.Wait()
			cancel()
		}
	})
}
