package main

import (
	"context"
	"encoding/json"
	"flag"
	"iter"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// processVariable makes the test binary the program itself.
const processVariable = "DISTRIBUTED_KAFKA_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(processVariable) != "" {
		main()
		return
	}
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", "8") // the tests wait more than they compute
	}
	os.Exit(m.Run())
}

// quick are settings under which a worker that is gone is noticed within seconds.
func quick() settings {
	return settings{Partitions: 6, Timeout: time.Second, Session: 2 * time.Second}
}

// broker starts a fake of Kafka for a test.
func broker(tb testing.TB) []string {
	tb.Helper()
	c, err := embedded(time.Second)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c.ListenAddrs()
}

// open makes a job.
func open(tb testing.TB, brokers []string, name string, s settings) *job {
	tb.Helper()
	j, err := createJob(tb.Context(), brokers, name, s)
	require.NoError(tb, err)
	return j
}

// bill is an item of the tests, with its place in the input.
type bill struct{ number, customer string }

func (b bill) input() input {
	body, _ := json.Marshal(map[string]any{
		"identifierType": "externalId", "identifierValue": b.customer, "source": "INSTORE", "type": "REGULAR",
		"billNumber": b.number, "billingDate": "2025-01-01T08:00:00Z", "billAmount": 10,
	})
	return input{ID: "row-" + b.number, Body: body}
}

// skewed returns bills of customers of whom a few buy often.
func skewed(n, customers int) []bill {
	bills := make([]bill, n)
	for i := range bills {
		c := (i * 7919) % customers
		if i%9 == 0 {
			c = i % 5
		}
		bills[i] = bill{number: strconv.Itoa(i), customer: "customer " + strconv.Itoa(c)}
	}
	return bills
}

func inputs(bills []bill) iter.Seq2[input, error] {
	return func(yield func(input, error) bool) {
		for _, b := range bills {
			if !yield(b.input(), nil) {
				return
			}
		}
	}
}

func (j *job) load(tb testing.TB, bills []bill) produced {
	tb.Helper()
	inspect, err := inspector()
	require.NoError(tb, err)
	done, err := j.produce(tb.Context(), inspect, inputs(bills))
	require.NoError(tb, err)
	return done
}

// running starts a worker in this process.
func running(tb testing.TB, j *job, srv *clienttest.Server, o workerOptions) (stop func() error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var n sync.Once
	var err error
	go func() { done <- workAgainst(ctx, j, srv, o) }()
	stop = func() error {
		n.Do(func() {
			cancel()
			err = <-done
		})
		return err
	}
	tb.Cleanup(func() { _ = stop() })
	return stop
}

// outcomes waits until every item has its outcome, and returns them by bill. It fails the test if one has two.
func (j *job) outcomes(tb testing.TB, within time.Duration) map[string]resultLine {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), within)
	defer cancel()
	lines := make(map[string]resultLine)
	twice := 0
	tally, err := j.watch(ctx, nil, func(line resultLine) {
		if _, ok := lines[line.ID]; ok {
			twice++
		}
		lines[line.ID] = line
	})
	require.NoError(tb, err, tally.line())
	assert.Zero(tb, twice, "items with two outcomes")
	return lines
}

// assertTrue compares the outcomes with what the simulator really did.
func assertTrue(tb testing.TB, sim *clienttest.Simulator, bills []bill, lines map[string]resultLine) map[caperrors.Outcome]int {
	tb.Helper()
	counts := make(map[caperrors.Outcome]int)
	wrong := 0
	for _, b := range bills {
		line, ok := lines["row-"+b.number]
		counts[line.Outcome]++
		times := sim.Times(b.number, b.customer)
		good := ok && times <= 1
		switch line.Outcome {
		case caperrors.Applied, caperrors.Duplicate:
			good = good && times == 1
		case caperrors.Refused, caperrors.NotSent:
			good = good && (times == 0 || line.AfterUnknown)
		case caperrors.Unknown:
			if counts[caperrors.Unknown] == 1 {
				tb.Logf("the first that is unknown: %+v", line)
			}
		}
		if !good {
			if wrong++; wrong < 5 {
				tb.Errorf("bill %s: line %+v, applied %d times", b.number, line, times)
			}
		}
	}
	assert.Zero(tb, wrong, "wrong outcomes")
	assert.Len(tb, lines, len(bills))
	stats := sim.Stats()
	assert.Zero(tb, stats.SameCustomerInFlight, "calls with a customer of another call")
	assert.Zero(tb, stats.SameCustomerInCall)
	assert.Zero(tb, stats.DuplicateApplied)
	assertOrder(tb, sim, bills)
	return counts
}

// assertOrder checks that each customer's bills were applied in the order of the input.
func assertOrder(tb testing.TB, sim *clienttest.Simulator, bills []bill) {
	tb.Helper()
	at := make(map[string]int, len(bills))
	for i, b := range bills {
		at[b.number] = i
	}
	order := make(map[string][]int)
	for _, a := range sim.Applied() {
		if a.Customer != "" {
			order[a.Customer] = append(order[a.Customer], at[a.Number])
		}
	}
	for customer, places := range order {
		assert.True(tb, slices.IsSorted(places), "%s: %v", customer, places)
	}
}

// left is how many items are not committed yet: those without an outcome and those not moved to the retry topic.
func (j *job) left(tb testing.TB) int64 {
	tb.Helper()
	cl, err := dial(j.brokers)
	require.NoError(tb, err)
	defer cl.Close()
	admin := kadm.NewClient(cl)
	ends, err := admin.ListEndOffsets(tb.Context(), j.topic(itemsTopic))
	require.NoError(tb, err)
	committed, err := admin.FetchOffsets(tb.Context(), j.group())
	if err != nil {
		committed = nil // no worker has come yet
	}
	left := int64(0)
	ends.Each(func(end kadm.ListedOffset) {
		at, _ := committed.Lookup(end.Topic, end.Partition)
		left += end.Offset - max(0, at.At)
	})
	return left
}

// records reads a topic to its end, as far as it is committed.
func (j *job) records(tb testing.TB, kind string) []*kgo.Record {
	tb.Helper()
	cl, err := dial(j.brokers, kgo.ConsumeTopics(j.topic(kind)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(200*time.Millisecond))
	require.NoError(tb, err)
	defer cl.Close()
	var all []*kgo.Record
	for quiet := 0; quiet < 3; {
		ctx, cancel := context.WithTimeout(tb.Context(), 300*time.Millisecond)
		fetches := cl.PollFetches(ctx)
		cancel()
		all = append(all, fetches.Records()...)
		if quiet++; fetches.NumRecords() > 0 {
			quiet = 0
		}
	}
	return all
}

// await polls until f is true.
func await(tb testing.TB, within time.Duration, what string, f func() bool) {
	tb.Helper()
	require.Eventually(tb, f, within, 20*time.Millisecond, what)
}
