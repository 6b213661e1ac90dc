package clienttest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Simulator is a fake of the API. It is an [http.Handler] and safe for concurrent use; make it with [New].
//
// Each item is judged alone, in the order of the body, and the whole call under one lock after its latency. An item that is no JSON
// object is refused with 400; one without a customer with 8015 (v2) or 606 (v1.1); one without a number with 602. An item whose customer
// is in another call that has no answer yet gets 521, as does one struck by [Faults.ItemBusy]. A bill number that was applied before gets
// 604, whoever the customer. Everything else is applied, a RETURN like a sale. A registered customer gets 1014 (v1.1) or 8006 (v2); an
// upsert applies each time. A customer without identifiers is refused with 1007 (v1.1) or 8005 (v2). Identifiers are compared by value
// alone: a mobile number and an external id that are written alike are one customer. Customers need not be registered before their first
// transaction.
//
// A request-level code on v2 comes with the HTTP status of that number where it means the same, 461 and 521 with HTTP 200, codes of the
// entity on single calls with HTTP 400, and a refused token call with HTTP 200. On v1.1 everything but 401 and 503 comes with HTTP 200.
// Codes are numbers, but strings in the item status of v1.1.
//
// The customers of a call are in flight from the last byte of the request until the last byte of the answer goes out or the connection
// is cut. A caller that leaves during the latency leaves nothing done.
//
// Where it cuts a connection, ServeHTTP panics with [http.ErrAbortHandler], which net/http's servers understand as just that.
type Simulator struct {
	mu       sync.Mutex
	opts     Options
	script   []Answer
	inFlight int
	nextSlot time.Time // when the rate limit has a place for the next call
	held     map[string]int
	stats    Stats
	log      callLog
	store    store
	expired  int // tokens up to this number are expired
}

// New returns a simulator that nothing has been sent to. Negative numbers in opts count as zero.
func New(opts Options) *Simulator {
	return &Simulator{opts: opts, held: map[string]int{}, store: newStore(opts.Forget)}
}

// call is one API call under way.
type call struct {
	number  int
	opts    Options
	method  string
	path    string
	script  *Answer
	sent    sent
	limited bool // above the rate limit
	request
	keys     []string        // distinct customers, each held by this call
	busy     map[string]bool // those of keys that another call held at arrival
	applied  int
	finals   int // items that were applied or refused for good
	finished bool
}

// ServeHTTP answers one call.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		s.serveToken(w, r)
		return
	}
	c := s.arrive(r)
	rep := s.respond(w, r, c)
	defer s.finish(c, rep) // where writing fails
	s.deliver(w, c, rep)
}

func (s *Simulator) arrive(r *http.Request) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Calls++
	s.inFlight++
	s.stats.MaxInFlight = max(s.stats.MaxInFlight, s.inFlight)
	c := &call{number: s.stats.Calls, opts: s.opts, method: r.Method, path: r.URL.Path}
	c.script = s.take(c.method, c.path)
	return c
}

func (s *Simulator) respond(w http.ResponseWriter, r *http.Request, c *call) reply {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil && r.Context().Err() != nil {
		return abandoned()
	}
	if c.script == nil && c.opts.Script != nil {
		asked := r.Clone(r.Context())
		asked.Body = io.NopCloser(bytes.NewReader(body))
		c.script = c.opts.Script(asked)
	}
	c.request = parse(r, body, err)
	if c.opts.KeepRequests {
		c.sent = keep(r, c.query, body)
	}
	c.denied, c.denial = s.authorize(r, c.opts, c.v1)
	s.hold(c)
	if !wait(r.Context(), c.opts.Latency) {
		return abandoned()
	}
	if c.script != nil {
		return s.play(r.Context(), c)
	}
	return s.chance(c)
}

// hold marks the customers of a call as being in flight and finds those that are so already.
func (s *Simulator) hold(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.script == nil || c.script.After || c.script.own() {
		c.limited = !s.admit(time.Now(), c.opts.CallsPerMinute)
	}
	s.stats.ItemsReceived += len(c.items)
	if c.lookup != nil {
		s.stats.Lookups++
	}
	seen := make(map[string]bool, len(c.items))
	for i := range c.items {
		key := c.items[i].customer
		if key == "" {
			continue
		}
		if seen[key] {
			s.stats.SameCustomerInCall++
			continue
		}
		seen[key] = true
		c.keys = append(c.keys, key)
		if s.held[key] > 0 {
			s.stats.SameCustomerInFlight++
			if c.busy == nil {
				c.busy = map[string]bool{}
			}
			c.busy[key] = true
		}
		s.held[key]++
	}
}

// admit takes one call from the rate limit's bucket. It counts in times rather than in fractions of a call, so it is exact.
func (s *Simulator) admit(now time.Time, perMinute int) bool {
	if perMinute <= 0 {
		return true
	}
	interval := time.Minute / time.Duration(perMinute)
	ahead := interval * time.Duration(max(1, perMinute/60)-1)
	if s.nextSlot.Before(now) {
		s.nextSlot = now
	}
	if s.nextSlot.Sub(now) > ahead {
		return false
	}
	s.nextSlot = s.nextSlot.Add(interval)
	return true
}

// finish ends a call: its customers are free and its record stands.
func (s *Simulator) finish(c *call, rep reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.finished {
		return
	}
	c.finished = true
	s.inFlight--
	for _, key := range c.keys {
		if s.held[key]--; s.held[key] == 0 {
			delete(s.held, key)
		}
	}
	if c.lookup == nil && c.applied == 0 && (c.finals == 0 || rep.cut || rep.broken) {
		s.stats.WastedCalls++
	}
	s.stats.countFault(rep.fault)
	s.log.add(c.record(rep))
}

// deliver writes the answer. The call is finished before the last byte goes out: a client that has read it may send the next call at
// once, and must not find its own customer busy.
func (s *Simulator) deliver(w http.ResponseWriter, c *call, rep reply) {
	if rep.cut && len(rep.body) == 0 {
		s.finish(c, rep)
		panic(http.ErrAbortHandler)
	}
	header, body := w.Header(), rep.body
	id := requestID(c.opts.Seed, c.number)
	header.Set("X-Cap-RequestID", id)
	header.Set("X-CAP-REQUEST-ID", id)
	if rep.contentType != "" {
		header.Set("Content-Type", rep.contentType)
	}
	if rep.status == http.StatusTooManyRequests || rep.status == http.StatusServiceUnavailable {
		setRetryAfter(header, c.opts.RetryAfter)
	}
	for name, values := range rep.header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	promised := len(body)
	if rep.cut {
		promised++
	}
	if promised > 0 {
		header.Set("Content-Length", strconv.Itoa(promised))
	}
	w.WriteHeader(rep.status)
	if rep.cut {
		_, _ = w.Write(body)
		_ = http.NewResponseController(w).Flush()
		s.finish(c, rep)
		panic(http.ErrAbortHandler)
	}
	last := max(0, len(body)-1)
	_, _ = w.Write(body[:last])
	s.finish(c, rep)
	_, _ = w.Write(body[last:])
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
