package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

const (
	pathSingle = "/v2/transactions"
	pathCounts = "/counts"

	// answerSingle is the answer to a request with one thing.
	answerSingle = `{"createdId":880613909,"warnings":[],"errors":[],"sideEffects":[{"entityType":"USER","awardedPoints":1000,"type":"points"}]}`

	// answerRoot is what the two writers of the comparison ask for at first.
	answerRoot = `{"name":"x","cluster_name":"x","version":{"number":"8.19.0","build_flavor":"default"},"tagline":"You Know, for Search"}`
)

// counts is what a server has seen. Comparing it with what a contender says it
// did shows what vanished, and what was sent twice.
type counts struct {
	Calls   int64 `json:"calls"`
	Items   int64 `json:"items"`
	Refused int64 `json:"refused"`
}

// server answers at next to no cost: every answer is built once for each number
// of items, and then only the bill numbers of the request are copied into it.
type server struct {
	calls, items, refused atomic.Int64

	// lose leaves out that many items of each answer of many; for tests.
	lose int
	// keep, if set, is called with each request; for tests.
	keep func(path string, body []byte)

	mu      sync.Mutex
	answers map[answerKey]*answer
	buffers sync.Pool
}

type answerKey struct {
	path  string
	items int
}

type answer struct {
	body  []byte
	bills []int
}

func newServer() *server {
	return &server{
		answers: make(map[answerKey]*answer),
		buffers: sync.Pool{New: func() any { return new(scratch) }},
	}
}

// scratch is the memory of one request.
type scratch struct {
	request bytes.Buffer
	bills   [][]byte // in the request
	answer  []byte
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, d := range []*dialect{&v1, &v2, &bulkAPI} {
		mux.HandleFunc(d.path, func(w http.ResponseWriter, r *http.Request) { s.many(w, r, d) })
	}
	mux.HandleFunc(pathSingle, s.single)
	mux.HandleFunc(pathCounts, func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.Marshal(counts{Calls: s.calls.Load(), Items: s.items.Load(), Refused: s.refused.Load()})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		reply(w, body)
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { reply(w, []byte(answerRoot)) })
	return mux
}

func (s *server) single(w http.ResponseWriter, r *http.Request) {
	buf := s.buffers.Get().(*scratch) //nolint:forcetypeassert // the pool holds nothing else
	defer s.buffers.Put(buf)
	if !s.read(w, r, buf) {
		return
	}
	s.items.Add(1)
	reply(w, []byte(answerSingle))
}

func (s *server) many(w http.ResponseWriter, r *http.Request, d *dialect) {
	buf := s.buffers.Get().(*scratch) //nolint:forcetypeassert // the pool holds nothing else
	defer s.buffers.Put(buf)
	if !s.read(w, r, buf) {
		return
	}
	buf.bills = buf.bills[:0]
	n := d.bills(buf.request.Bytes(), func(bill []byte) { buf.bills = append(buf.bills, bill) })
	a := s.answer(d, max(n-s.lose, 0))
	s.items.Add(int64(n))
	s.refused.Add(int64(n / refusedEvery))
	if len(a.bills) == 0 {
		reply(w, a.body)
		return
	}
	buf.answer = append(buf.answer[:0], a.body...)
	for i, at := range a.bills {
		copy(buf.answer[at:], buf.bills[i])
	}
	reply(w, buf.answer)
}

// read takes in the whole request and counts it.
func (s *server) read(w http.ResponseWriter, r *http.Request, buf *scratch) bool {
	buf.request.Reset()
	if _, err := io.Copy(&buf.request, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	s.calls.Add(1)
	if s.keep != nil {
		s.keep(r.URL.Path, bytes.Clone(buf.request.Bytes()))
	}
	return true
}

func (s *server) answer(d *dialect, n int) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := answerKey{d.path, n}
	a, ok := s.answers[key]
	if !ok {
		a = new(answer)
		a.body, a.bills = d.answer(n)
		s.answers[key] = a
	}
	return a
}

func reply(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Elastic-Product", "Elasticsearch") // without it that client refuses every answer
	_, _ = w.Write(body)                        // the client sees a short answer
}
