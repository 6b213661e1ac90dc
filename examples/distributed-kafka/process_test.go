//go:build unix

package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// process is a worker in a process of its own.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *strings.Builder
	once sync.Once
	err  error
}

// spawn starts this test binary as a worker. Its name is that of its till, so that the simulator can tell the workers apart.
func spawn(t *testing.T, name string, brokers []string, job, baseURL string, args ...string) *process {
	t.Helper()
	p := &process{name: name, log: &strings.Builder{}}
	args = append([]string{"work", "-job", job, "-base-url", baseURL, "-name", name, "-again", "500ms", "-timeout", "1s", "-session", "2s"}, args...)
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Env = append(os.Environ(), processVariable+"=1", "KAFKA_BROKERS="+strings.Join(brokers, ","), "CAPILLARY_USERNAME="+name, "CAPILLARY_PASSWORD=secret")
	p.cmd.Stderr = p.log
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, p.log)
		}
	})
	return p
}

func (p *process) wait() error {
	p.once.Do(func() { p.err = p.cmd.Wait() })
	return p.err
}

// till returns the till of a call.
func till(r *http.Request) string {
	text, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "))
	user, _, _ := strings.Cut(string(text), ":")
	return user
}

// ambush strikes a worker while a call of it is at the simulator. The answer, if any, replaces the simulator's.
type ambush struct {
	mu      sync.Mutex
	victims map[string]func() *clienttest.Answer
}

func (a *ambush) set(name string, strike func() *clienttest.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.victims[name] = strike
}

func (a *ambush) script(r *http.Request) *clienttest.Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := till(r)
	if strike := a.victims[name]; strike != nil {
		delete(a.victims, name)
		return strike()
	}
	return nil
}

// Three workers in processes of their own. One is killed and one is stopped, each with a call on its way, and another one comes late. The
// stopped one wakes when its partitions have long been another's.
func TestWorkersMayDieHangAndComeLate(t *testing.T) {
	t.Parallel()
	const rpm = 1500
	trap := &ambush{victims: make(map[string]func() *clienttest.Answer)}
	sim := clienttest.New(clienttest.Options{
		BatchLimit: 20, Latency: 60 * time.Millisecond, CallsPerMinute: rpm, RepeatBills: true,
		Faults: clienttest.Faults{ItemBusy: 0.02, SearchBusy: 0.01}, Script: trap.script,
	})
	srv, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = srv.Close() })
	url := broker(t)
	j := open(t, url, "crash", quick())
	bills := skewed(9000, 2000)

	one := func(name string) *process {
		// One call in flight, so that at the moment of the strike no other is about to be sent.
		return spawn(t, name, url, "crash", srv.URL, "-rpm", strconv.Itoa(rpm), "-concurrency", "1")
	}
	steady, killed, paused := one("steady"), one("killed"), one("paused")
	produced := j.load(t, bills)
	assert.Equal(t, len(bills), produced.Added)

	gone, stopped := make(chan struct{}), make(chan struct{})
	await(t, 20*time.Second, "a start", func() bool { return j.left(t) < 8500 })
	trap.set("killed", func() *clienttest.Answer {
		time.AfterFunc(200*time.Millisecond, func() {
			_ = killed.cmd.Process.Kill()
			close(gone)
		})
		return &clienttest.Answer{After: true, Delay: 800 * time.Millisecond} // its work is done when it is killed
	})
	trap.set("paused", func() *clienttest.Answer {
		_ = paused.cmd.Process.Signal(syscall.SIGSTOP)
		close(stopped)
		return nil // the work is done while it is stopped, and the answer waits for it
	})
	<-gone
	require.Error(t, killed.wait())
	<-stopped
	since := time.Now()
	late := one("late")
	longest := slices.Max([]time.Duration{j.Session, j.hold(), j.rebalance(), j.transaction()})
	await(t, 40*time.Second, "every time-out", func() bool { return time.Since(since) > longest+time.Second })
	leftAtWake := j.left(t)
	require.NoError(t, paused.cmd.Process.Signal(syscall.SIGCONT))

	lines := j.outcomes(t, 60*time.Second)
	counts := assertTrue(t, sim, bills, lines)
	t.Logf("%v; %d left at the wake-up; %d calls, the fewest possible are %d", counts, leftAtWake, sim.Stats().Calls, len(bills)/20)
	assert.Positive(t, counts[caperrors.Unknown], "what was on its way when the workers were struck")
	assert.LessOrEqual(t, counts[caperrors.Unknown], 4*20, "their calls, and on a busy machine one that timed out")
	assert.Zero(t, sim.Stats().OverRate, "calls above the rate of all")
	assert.Greater(t, sim.Stats().ItemsApplied, counts[caperrors.Applied], "some that are unknown were applied")

	for _, p := range []*process{steady, paused, late} {
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
		assert.NoError(t, p.wait(), "%s ends cleanly", p.name)
	}
	assert.Zero(t, j.left(t), "no item is left")
}
