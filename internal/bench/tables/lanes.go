package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// mostLanes is how many calls in flight every sender may have.
const mostLanes = 64

const (
	fastest, slowest = 70 * time.Millisecond, 150 * time.Millisecond // the time of a call
	refusing         = 5 * time.Millisecond                          // and of one that is refused
)

// capped is a server that works on no more than so many calls at once and
// refuses others with 503. The calls it works on are the simulator's.
type capped struct {
	next     http.Handler
	capacity func(elapsed time.Duration) int
	start    time.Time

	mu                sync.Mutex
	working           int
	worked            time.Duration // over all calls
	accepted, refused int
}

func (s *capped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	admitted := s.working < s.capacity(time.Since(s.start))
	took := fastest + rand.N(slowest-fastest) //nolint:gosec // needs no secrecy
	if admitted {
		s.working++
	} else {
		s.refused++
		took = refusing
	}
	s.mu.Unlock()
	began := time.Now()
	<-time.After(took)
	if !admitted {
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	s.mu.Lock()
	s.working--
	s.worked += time.Since(began)
	s.accepted++
	s.mu.Unlock()
	s.next.ServeHTTP(w, r)
}

// scenario is how much a server can do over the time of a run.
type scenario struct {
	name     string
	capacity func(part float64) int // by the part of the run that is over
}

var scenarios = []scenario{
	{"16 calls at once", func(float64) int { return 16 }},
	{"16, then 4, then 32", func(part float64) int { return []int{16, 4, 32}[min(2, int(3*part))] }},
	{"16, nothing for a sixth of the time", func(part float64) int {
		if part > 1./3 && part < 1./2 {
			return 0
		}
		return 16
	}},
}

// driver sends calls until ctx ends.
type driver struct {
	name  string
	drive func(ctx context.Context, bulk *client.Bulk, told *book) error
}

var drivers = []driver{
	{"64 lanes, each waits 0.1 s × 2ⁿ, at most 5 s, after a refusal", backingOff},
	{"additive increase, halved on a refusal", additive},
	{"engine", adaptive},
}

// hammer is measured by itself, and for a short time: it takes the machine.
var hammer = driver{"64 lanes", func(ctx context.Context, bulk *client.Bulk, told *book) error {
	inLanes(ctx, bulk, told, func(int, bool) time.Duration { return 0 })
	return nil
}}

// inLanes calls in all lanes. wait tells how long a lane waits after the n-th
// refusal in a row, or an acceptance.
func inLanes(ctx context.Context, bulk *client.Bulk, told *book, wait func(refusals int, accepted bool) time.Duration) {
	var wg sync.WaitGroup
	for lane := range mostLanes {
		wg.Go(func() {
			refusals := 0
			for i := 0; ctx.Err() == nil; i++ {
				items := [][]byte{item(lane<<32 + i)}
				verdicts, err := bulk.Send(ctx, items)
				told.tellAll(items, verdicts, err)
				if err == nil {
					refusals = 0
				} else {
					refusals++
				}
				select {
				case <-time.After(wait(refusals, err == nil)):
				case <-ctx.Done():
				}
			}
		})
	}
	wg.Wait()
}

func backingOff(ctx context.Context, bulk *client.Bulk, told *book) error {
	inLanes(ctx, bulk, told, func(refusals int, accepted bool) time.Duration {
		if accepted {
			return 0
		}
		longest := min(5*time.Second, 50*time.Millisecond<<min(refusals, 10))
		return rand.N(longest) //nolint:gosec // needs no secrecy
	})
	return nil
}

// additive lets one more call out after as many acceptances as are in flight,
// and half as many after a refusal, at most once in a round trip.
func additive(ctx context.Context, bulk *client.Bulk, told *book) error {
	var mu sync.Mutex
	limit, shrunk := 1.0, time.Time{}
	ended := make(chan struct{}, mostLanes)
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, inFlight := 0, 0; ctx.Err() == nil; {
		mu.Lock()
		room := inFlight < int(limit)
		mu.Unlock()
		if !room {
			<-ended
			inFlight--
			continue
		}
		i++
		inFlight++
		wg.Go(func() {
			items := [][]byte{item(i)}
			verdicts, err := bulk.Send(ctx, items)
			told.tellAll(items, verdicts, err)
			mu.Lock()
			switch {
			case err == nil:
				limit = min(mostLanes, limit+1/limit)
			case time.Since(shrunk) > slowest:
				limit, shrunk = max(1, limit/2), time.Now()
			}
			mu.Unlock()
			ended <- struct{}{}
		})
	}
	return nil
}

func adaptive(ctx context.Context, bulk *client.Bulk, told *book) error {
	eng, err := batch.New(bulk, batch.Config[[]byte]{
		MaxItems: 1, MaxConcurrency: mostLanes, Advanced: batch.Advanced{Window: 500},
	})
	if err != nil {
		return err
	}
	run := eng.Run(ctx, func(yield func([]byte, error) bool) {
		for i := 0; yield(item(i), nil); i++ { //nolint:revive // until the run takes no more
		}
	})
	for r := range run.Results() {
		told.tell(r.Item, r.Outcome)
	}
	if got, want := told.size(), run.Progress().Accepted; got != want {
		return fmt.Errorf("%d items accepted, %d with a result", want, got)
	}
	if ctx.Err() == nil {
		return run.Err()
	}
	return nil
}

// against runs a driver against a scenario, and returns a cell of the table. It
// fails unless what the driver was told is what the server did.
func (d driver) against(sc scenario, length time.Duration) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	sim := clienttest.New(clienttest.Options{RepeatBills: true}) // so that what is applied twice can be counted
	s := &capped{next: sim, start: time.Now()}
	s.capacity = func(elapsed time.Duration) int { return sc.capacity(elapsed.Seconds() / length.Seconds()) }
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener) //nolint:errcheck // it ends by Close
	defer server.Close()
	c, err := client.New("http://"+listener.Addr().String(), client.WithBasic("till", "secret"))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	told := &book{}
	err = d.drive(ctx, c.Bulk(client.TransactionsBulk), told)
	if err == nil {
		err = told.check(sim, told.size(), false)
	}
	if err != nil {
		return "", fmt.Errorf("%s, %s: %w", sc.name, d.name, err)
	}
	const steps = 1000
	room := 0.0 // time that the server has for calls
	for i := range steps {
		room += float64(sc.capacity(float64(i)/steps)) * length.Seconds() / steps
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%.0f %%, %s = %.2f %%", 100*s.worked.Seconds()/room, count(s.refused),
		100*float64(s.refused)/float64(s.accepted+s.refused)), nil
}

// lanes prints how well a server of limited capacity is used.
func lanes(w io.Writer, o options) error {
	length, short := time.Duration(o.seconds)*time.Second, time.Duration((o.seconds+9)/10)*time.Second
	type cell struct {
		text string
		err  error
	}
	cells := make([][]cell, len(scenarios))
	var wg sync.WaitGroup
	for i, sc := range scenarios {
		cells[i] = make([]cell, 1+len(drivers))
		for j, d := range drivers { // together: they wait most of the time
			wg.Go(func() { cells[i][1+j].text, cells[i][1+j].err = d.against(sc, length) })
		}
	}
	wg.Wait()
	columns := []string{"the server takes", hammer.name + fmt.Sprintf(" (for %v)", short)}
	for _, d := range drivers {
		columns = append(columns, d.name)
	}
	heading(w, fmt.Sprintf("The server's room in use, and calls refused; %v, a call takes %v to %v", length, fastest, slowest), columns...)
	for i, sc := range scenarios {
		cells[i][0].text, cells[i][0].err = hammer.against(sc, short)
		texts := []string{sc.name}
		for _, c := range cells[i] {
			if c.err != nil {
				return c.err
			}
			texts = append(texts, c.text)
		}
		row(w, texts...)
	}
	return nil
}
