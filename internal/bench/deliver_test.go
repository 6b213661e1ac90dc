package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is a server in this process that keeps what it is sent.
type recorder struct {
	*server
	url string

	mu     sync.Mutex
	bodies map[string][][]byte // by path
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{server: newServer(), bodies: make(map[string][][]byte)}
	r.keep = func(path string, body []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies[path] = append(r.bodies[path], body)
	}
	srv := httptest.NewServer(r.handler())
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

// reset forgets everything, and returns what was kept.
func (r *recorder) reset() map[string][][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.bodies
	r.bodies = make(map[string][][]byte)
	r.calls.Store(0)
	r.items.Store(0)
	r.refused.Store(0)
	return kept
}

// billsIn reads the bill numbers of a request with encoding/json alone.
func billsIn(t *testing.T, path string, body []byte) []string {
	t.Helper()
	type item struct {
		BillNumber string `json:"billNumber"`
		Number     string `json:"number"`
	}
	var items []item
	switch path {
	case v2.path:
		require.NoError(t, json.Unmarshal(body, &items))
	case v1.path:
		var request struct {
			Root struct {
				Transaction []item `json:"transaction"`
			} `json:"root"`
		}
		require.NoError(t, json.Unmarshal(body, &request))
		items = request.Root.Transaction
	case bulkAPI.path:
		for i, line := range bytes.Split(bytes.TrimSpace(body), []byte("\n")) {
			if i%2 == 1 { // the others say what to do with it
				var one item
				require.NoError(t, json.Unmarshal(line, &one))
				items = append(items, one)
			}
		}
	default:
		require.Fail(t, "a request to "+path)
	}
	bills := make([]string, len(items))
	for i, it := range items {
		bills[i] = it.BillNumber + it.Number
	}
	return bills
}

func TestEveryWriterDeliversEachItemOnceInCallsOfTheSize(t *testing.T) {
	t.Parallel()
	const items = 2_345
	for _, size := range []int{100, 1000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t)
			contenders, err := bulkContenders(r.url, size)
			require.NoError(t, err)
			require.Len(t, contenders, 4+2*len(fronts))
			for _, c := range contenders {
				r.reset()
				got, err := c.run(items)
				require.NoError(t, err, c.name)
				refused := int(r.refused.Load())
				assert.Equal(t, tally{items - refused, refused}, got, c.name)
				assert.Positive(t, refused, c.name)

				seen := make(map[string]int)
				calls, full := 0, 0
				for path, bodies := range r.reset() {
					for _, body := range bodies {
						bills := billsIn(t, path, body)
						for _, bill := range bills {
							seen[bill]++
						}
						calls++
						if len(bills) == size {
							full++
						}
						if c.name != theirAppender { // its last call takes all that is left in its queue
							assert.LessOrEqual(t, len(bills), size, c.name)
						}
					}
				}
				assert.Len(t, seen, items, c.name)
				for i := range items {
					if bill := fmt.Sprintf("INV-%08d", i); seen[bill] != 1 {
						assert.Fail(t, "not sent once", "%s: %s was sent %d times", c.name, bill, seen[bill])
						break
					}
				}
				// Each of the two workers of a writer may have a rest of its own.
				assert.LessOrEqual(t, calls, items/size+inFlight, c.name)
				if c.name != theirAppender {
					assert.GreaterOrEqual(t, full, items/size-1, c.name)
				}
				assert.Positive(t, full, c.name)
			}
		})
	}
}

func TestEveryClientSendsEachRequestOnce(t *testing.T) {
	t.Parallel()
	const requests = 50
	r := newRecorder(t)
	contenders, err := requestContenders(r.url, 4)
	require.NoError(t, err)
	require.Len(t, contenders, 7)
	for _, c := range contenders {
		r.reset()
		got, err := c.run(requests)
		require.NoError(t, err, c.name)
		assert.Equal(t, tally{accepted: requests}, got, c.name)
		bodies := r.reset()[pathSingle]
		assert.Len(t, bodies, requests, c.name)
		for _, body := range bodies {
			require.Equal(t, string(requestBody), string(body), c.name)
		}
	}
}

func TestAWriterThatLosesItemsIsAnError(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	r.lose = 3 // of the answers: what it says of the items is not what it did
	contenders, err := bulkContenders(r.url, 100)
	require.NoError(t, err)
	for _, c := range contenders {
		one := table{title: "one", contenders: []contender{c}}
		require.Error(t, one.measure(r.url, 300, 1), c.name)
	}
}

func TestWorkThatDidNotArriveIsAnError(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	for name, c := range map[string]contender{
		"it claims what it did not send": {run: func(n int) (tally, error) { return tally{accepted: n}, nil }},
		"it sent twice what it claims once": {run: func(n int) (tally, error) {
			r.items.Add(2 * int64(n))
			return tally{accepted: n}, nil
		}},
		"it takes a refusal for an acceptance": {run: func(n int) (tally, error) {
			r.items.Add(int64(n))
			r.refused.Add(1)
			return tally{accepted: n}, nil
		}},
		"it tells of fewer than it sent": {run: func(n int) (tally, error) {
			r.items.Add(int64(n))
			return tally{accepted: n - 1}, nil
		}},
	} {
		one := table{title: name, contenders: []contender{c}}
		require.Error(t, one.measure(r.url, 10, 1), name)
	}
}

func TestSizesAreThoseTheTablesName(t *testing.T) {
	t.Parallel()
	assert.Len(t, requestBody, 256)
	assert.True(t, json.Valid(requestBody))
	for _, item := range []json.RawMessage{v2.encode()[0], v2.encode()[distinct-1]} {
		assert.Len(t, item, 127)
		assert.True(t, json.Valid(item))
	}
	for name, d := range map[string]*dialect{"v2": &v2, "v1.1": &v1, "bulk API": &bulkAPI} {
		body, _ := d.answer(100)
		assert.True(t, json.Valid(body), name)
		assert.InDelta(t, 165, float64(len(body))/100, 20, "%s: bytes an item", name)
	}
}

func TestAnAnswerEchoesTheBillsOfItsRequest(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*dialect{"v2": &v2, "v1.1": &v1} {
		items := d.encode()[7:70]
		// An item of another length takes the slow way.
		items[5] = append(bytes.TrimSuffix(items[5], []byte("}")), `,"note":"longer"}`...)
		srv := newServer()
		w := httptest.NewRecorder()
		srv.handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, d.path, bytes.NewReader(d.request(items))))
		at := 0
		for i := range items {
			next := strings.Index(w.Body.String()[at:], fmt.Sprintf(`"INV-%08d"`, 7+i))
			require.GreaterOrEqual(t, next, 0, "%s: item %d", name, i)
			at += next
		}
		assert.True(t, json.Valid(w.Body.Bytes()))
		assert.EqualValues(t, len(items), srv.items.Load())
	}
}
