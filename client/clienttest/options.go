package clienttest

import (
	"net/http"
	"time"
)

// Options sets what a [Simulator] does. The zero value is a well-behaved server that asks for no credentials and takes any number of
// items.
type Options struct {
	// BatchLimit is how many items a call may carry. Zero means no limit. A call above it is answered with code 1060, v1.1
	// transactions with 672, and nothing of it is done.
	BatchLimit int
	// NameLimit makes the text of a 1060 name BatchLimit ("Exceeded maximum limit size of 100"). The text of a 672 never does.
	NameLimit bool
	// Latency is the time each call takes, token calls too, from its last byte to the work. Zero means none.
	Latency time.Duration
	// Faults are the random mishaps. The zero value has none.
	Faults Faults
	// CallsPerMinute is the rate above which calls are answered with HTTP 429 and a text body, token calls excepted. One second's
	// worth, but at least one call, may come at once. Zero means no limit.
	CallsPerMinute int
	// RetryAfter is sent as Retry-After, in whole seconds rounded up, with every 429 and 503. Zero sends none.
	RetryAfter time.Duration

	// Username and Password are those of a till. With a username, a call needs an Authorization header of base64(user:md5hex(password)),
	// else it gets 401. An empty username asks for none.
	Username, Password string
	// Key and Secret are those of an OAuth client. With a key, a call needs a token in X-CAP-API-OAUTH-TOKEN, else it gets 401. Where
	// a username is set as well, either will do. Without a key, the token call accepts any pair and tokens are not checked.
	Key, Secret string
	// TokenTTL is the life of a token. Zero means 300s.
	TokenTTL time.Duration

	// Seed varies the random mishaps, the request ids and the tokens.
	Seed uint64
	// RepeatBills switches the check of bill numbers off, as an organization can: a repeated bill is applied again instead of being
	// refused with 604. [Stats.DuplicateApplied] counts them.
	RepeatBills bool
	// KeepBodies keeps the body of each applied item for [Simulator.Applied].
	KeepBodies bool
	// KeepRequests keeps header, query and body of the last 1,000 calls, of a body the first 64 KiB, for [Simulator.Calls].
	KeepRequests bool
	// Forget keeps counters only, so that memory stays flat in endless loads: [Simulator.Applied], [Simulator.Times] and the GET calls
	// find nothing, and no item is a duplicate.
	Forget bool

	// Script, unless nil, is asked about each call that the queue of [Simulator.Script] has no answer for. A nil answer leaves the call
	// to the simulator. It is called by several goroutines at once and may read the request's body.
	Script func(*http.Request) *Answer
}

// Faults are probabilities from 0 to 1, each 0 by default. Those of a whole call are tried in the order given here, and the first one
// that strikes is the only one.
type Faults struct {
	// ItemBusy answers an item with code 521. The item is not applied.
	ItemBusy float64 `json:"item_busy"`

	// RateLimited answers a call with HTTP 429 and a text body. Nothing is done, as with the next three.
	RateLimited float64 `json:"rate_limited"`
	// AuthzUnavailable answers HTTP 503 with a code in the API's envelope: 503, or on v2 in half of the cases 4001.
	AuthzUnavailable float64 `json:"authz_unavailable"`
	// SearchBusy answers a call with code 461.
	SearchBusy float64 `json:"search_busy"`
	// CustomerBusy answers a call with code 521.
	CustomerBusy float64 `json:"customer_busy"`
	// CutBefore cuts the connection without an answer. Nothing is done.
	CutBefore float64 `json:"cut_before"`
	// CutAfter cuts the connection without an answer. The work is done.
	CutAfter float64 `json:"cut_after"`
	// EdgeHTML answers HTTP 502 with an HTML page. The work is done in half of the cases.
	EdgeHTML float64 `json:"edge_html"`
	// Garbled answers HTTP 200 with JSON that breaks off in the middle. The work is done.
	Garbled float64 `json:"garbled"`
}

const (
	defaultTokenTTL = 300 * time.Second
	maxBodyBytes    = 64 << 20
	maxCalls        = 100_000
	maxKept         = 1000
	maxKeptBytes    = 64 << 10
)

// Options returns the current options.
func (s *Simulator) Options() Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts
}

// SetOptions changes the options for the calls that arrive from now on: a limit that falls in the middle of a load, a service that
// recovers. Seed and Forget stay as [New] got them.
func (s *Simulator) SetOptions(opts Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	opts.Seed, opts.Forget = s.opts.Seed, s.opts.Forget
	s.opts = opts
}
