package clienttest

import "fmt"

// Names of mishaps, as in [Call.Fault].
const (
	faultRateLimited      = "rate-limited"
	faultAuthzUnavailable = "authz-unavailable"
	faultSearchBusy       = "search-busy"
	faultCustomerBusy     = "customer-busy"
	faultCutBefore        = "cut-before"
	faultCutAfter         = "cut-after"
	faultEdgeHTML         = "edge-html"
	faultGarbled          = "garbled"
	faultScript           = "script"
	faultAbandoned        = "abandoned"
)

// Each kind of roll has its own stream, so that raising one probability leaves the other mishaps where they were.
const (
	faultKindItem = iota
	faultKindSecond
	faultKindID
	faultKindToken
	faultKindCall // and one more for each fault
)

// strike finds the mishap of a call. The second result is a coin for those that come in two forms.
func (c *call) strike() (fault string, second bool) {
	f := &c.opts.Faults
	for i, candidate := range [...]struct {
		name        string
		probability float64
	}{
		{faultRateLimited, f.RateLimited},
		{faultAuthzUnavailable, f.AuthzUnavailable},
		{faultSearchBusy, f.SearchBusy},
		{faultCustomerBusy, f.CustomerBusy},
		{faultCutBefore, f.CutBefore},
		{faultCutAfter, f.CutAfter},
		{faultEdgeHTML, f.EdgeHTML},
		{faultGarbled, f.Garbled},
	} {
		if c.roll(faultKindCall+i, 0) < candidate.probability {
			return candidate.name, c.roll(faultKindSecond, 0) < 0.5
		}
	}
	return "", false
}

// roll returns a number in [0, 1) that depends on the seed, the call, the kind and the item, not on what was rolled before.
func (c *call) roll(kind, item int) float64 {
	return float64(hash(c.opts.Seed, c.number, kind, item)>>11) / (1 << 53)
}

// hash mixes its arguments with the finalizer of SplitMix64.
func hash(seed uint64, values ...int) uint64 {
	x := mix(seed)
	for _, v := range values {
		x = mix(x ^ uint64(v)) //nolint:gosec // any mapping to 64 bits will do
	}
	return x
}

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// requestID names a call with 32 hex digits.
func requestID(seed uint64, call int) string {
	return fmt.Sprintf("%016x%016x", hash(seed, call, faultKindID, 0), hash(seed, call, faultKindID, 1))
}
