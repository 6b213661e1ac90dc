package batch_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// answer is what a server does with one call instead of its usual work.
type answer func(ctx context.Context, s *server, bills []bill) ([]caperrors.Verdict, error)

var (
	_ batch.Sender    = (*server)(nil)
	_ batch.Resources = (*shared)(nil)
	_ batch.Endpoint  = (*endpoint)(nil)
)

// exchange is one call that the server saw.
type exchange struct {
	at, end time.Time
	ids     []string
}

// server is a batch.Sender in memory that keeps the truth about what it was
// sent and what it did.
type server struct {
	limit   int           // most items a call may carry; 0: any number
	named   bool          // a refusal names the limit
	bytes   int           // most bytes of items a call may carry, with a byte between; 0: any number
	latency time.Duration // of each call; ctx cuts it short
	deaf    bool          // does the work of some calls whose caller has left
	dedupe  bool          // a bill that it has already is a duplicate
	runs    bool          // a call may carry several bills of a customer
	fault   func(call int, bills []bill) answer
	verdict func(b bill, sends int) caperrors.Verdict // of one bill; nil: all applied

	mu       sync.Mutex
	calls    []*exchange
	rejected int // calls over the limit

	overweight, heaviest int // calls over the bytes, bytes of the heaviest call within

	peak    int // most calls in flight
	flying  int
	busy    map[string]int // bills in flight by customer
	sends   map[string]int // calls that carried a bill
	applied map[string]int
	order   map[string][]string // ids by customer as they were applied
	clashes []string            // customers that were in flight twice
	spoiled string              // what was wrong first with memory that was lent
}

func newServer() *server {
	return &server{
		latency: 50 * time.Millisecond,
		busy:    make(map[string]int), sends: make(map[string]int),
		applied: make(map[string]int), order: make(map[string][]string),
	}
}

// first answers the first calls by the script, one entry a call; nil is the
// usual work.
func (s *server) first(script ...answer) *server {
	s.fault = func(call int, _ []bill) answer {
		if call < len(script) {
			return script[call]
		}
		return nil
	}
	return s
}

// Send implements batch.Sender.
func (s *server) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	bills := make([]bill, len(items))
	for i, body := range items {
		if err := json.Unmarshal(body, &bills[i]); err != nil {
			return nil, &caperrors.CallError{Outcome: caperrors.NotSent, Err: err}
		}
	}
	ex, act := s.enter(bills)
	defer s.leave(ex, bills)
	if act != nil {
		return act(ctx, s, bills)
	}
	if err := s.travel(ctx, s.latency); err != nil {
		if s.deaf && len(bills)%2 == 0 {
			_, _ = s.take(bills)
		}
		return nil, err
	}
	if err := s.weigh(items); err != nil {
		return nil, err
	}
	return s.take(bills)
}

// weigh refuses what is too heavy as an edge does: without an envelope.
func (s *server) weigh(items [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, body := range items {
		n += len(body) + 1
	}
	if s.bytes == 0 || n <= s.bytes {
		s.heaviest = max(s.heaviest, n)
		return nil
	}
	s.overweight++
	return &caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.DecodeError{
		HTTPStatus: 413, Kind: caperrors.ErrOversize, Outcome: caperrors.Refused,
	}}
}

func (s *server) enter(bills []bill) (*exchange, answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ex := &exchange{at: time.Now()}
	s.flying++
	s.peak = max(s.peak, s.flying)
	own := make(map[string]bool) // customers of this call
	for _, b := range bills {
		ex.ids = append(ex.ids, b.ID)
		s.sends[b.ID]++
		for _, customer := range b.customers() {
			if s.runs && own[customer] {
				s.busy[customer]++
				continue
			}
			own[customer] = true
			if s.busy[customer]++; s.busy[customer] > 1 {
				s.clashes = append(s.clashes, customer)
			}
		}
	}
	call := len(s.calls)
	s.calls = append(s.calls, ex)
	if s.fault == nil {
		return ex, nil
	}
	return ex, s.fault(call, bills)
}

// customers returns the different customers of a bill.
func (b bill) customers() []string {
	return slices.DeleteFunc(slices.Compact(customersOf(b)), func(name string) bool { return name == "" })
}

func (s *server) leave(ex *exchange, bills []bill) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ex.end = time.Now()
	s.flying--
	for _, b := range bills {
		for _, customer := range b.customers() {
			s.busy[customer]--
		}
	}
}

// travel is the way there and back. A context that ends on the way leaves the
// outcome unknown.
func (*server) travel(ctx context.Context, latency time.Duration) error {
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &caperrors.CallError{Outcome: caperrors.Unknown, Stop: caperrors.ErrContextEnded, Context: context.Cause(ctx)}
	}
}

// take does the usual work.
func (s *server) take(bills []bill) ([]caperrors.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit > 0 && len(bills) > s.limit {
		s.rejected++
		tooMany := &caperrors.RequestError{Code: caperrors.CodeBatchTooLarge, Kind: caperrors.ErrOversize}
		if s.named {
			tooMany.Limit = s.limit
		}
		return nil, &caperrors.CallError{Outcome: caperrors.Refused, Err: tooMany}
	}
	verdicts := make([]caperrors.Verdict, len(bills))
	for i, b := range bills {
		verdicts[i].Outcome = caperrors.Applied
		if s.verdict != nil {
			verdicts[i] = s.verdict(b, s.sends[b.ID])
		}
		if s.dedupe && s.applied[b.ID] > 0 {
			verdicts[i] = caperrors.Verdict{Outcome: caperrors.Duplicate, Code: 604, Kind: caperrors.ErrDuplicate}
		}
		if verdicts[i].Outcome == caperrors.Applied {
			s.applied[b.ID]++
			for _, customer := range b.customers() {
				s.order[customer] = append(s.order[customer], b.ID)
			}
		}
	}
	return verdicts, nil
}

// sent returns the ids of each call.
func (s *server) sent() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all [][]string
	for _, ex := range s.calls {
		all = append(all, ex.ids)
	}
	return all
}

// callsWith returns the calls that carried a bill.
func (s *server) callsWith(id string) []*exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*exchange
	for _, ex := range s.calls {
		if slices.Contains(ex.ids, id) {
			all = append(all, ex)
		}
	}
	return all
}

// shared is a server with the resources of a client.
type shared struct {
	*server
	policy retry.Policy
	budget *retry.Budget
	rate   float64
	last   time.Time
	wait   func(ctx context.Context) error
	value  any
}

func (s *shared) Policy() retry.Policy  { return s.policy }
func (s *shared) Budget() *retry.Budget { return s.budget }
func (s *shared) Rate() float64         { return s.rate }

func (s *shared) Shared(create func() any) any {
	if s.value == nil {
		s.value = create()
	}
	return s.value
}

// Wait keeps the calls 1/rate apart.
func (s *shared) Wait(ctx context.Context) error {
	if s.wait != nil {
		return s.wait(ctx)
	}
	if s.rate == 0 {
		return ctx.Err()
	}
	gap := time.Duration(float64(time.Second) / s.rate)
	s.mu.Lock()
	next := s.last.Add(gap)
	if now := time.Now(); next.Before(now) {
		next = now
	}
	s.last = next
	s.mu.Unlock()
	select {
	case <-time.After(time.Until(next)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// endpoint is a server that tells of its endpoint.
type endpoint struct {
	*server
	maxItems     int
	allOrNothing bool
}

func (*endpoint) Name() string         { return "v2/test/bulk" }
func (e *endpoint) MaxItems() int      { return e.maxItems }
func (e *endpoint) AllOrNothing() bool { return e.allOrNothing }

func (*endpoint) Inspect(item []byte) (key, id string, err error) {
	var b bill
	if err = json.Unmarshal(item, &b); err != nil {
		return "", "", err
	}
	return b.Customer, b.ID, nil
}
