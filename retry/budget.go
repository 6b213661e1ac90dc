package retry

import "sync/atomic"

// DefaultBudget is the capacity of a [Budget] in tokens, as in the AWS SDKs'
// retry rules of 2026. From full, with nothing but failures, it pays for 35
// repetitions at 14 tokens, or 100 at 5.
const DefaultBudget = 500

// Budget pays for repetitions. Each one costs tokens by its [Class]; a first
// attempt that succeeds earns one; a repetition that succeeds gets its price
// back. It holds between 0 and its capacity, starts full, and may be used from
// several goroutines at once. The zero Budget has the default capacity; a
// Budget must not be copied after its first use.
type Budget struct {
	capacity int64 // 0: DefaultBudget
	spent    atomic.Int64
}

// NewBudget returns a full Budget. A capacity of 0 or less means 500.
func NewBudget(capacity int) *Budget {
	return &Budget{capacity: int64(max(capacity, 0))}
}

// Take pays for one repetition of the class. It must be called before the wait:
// paid after it, all waiting callers would pass at once. It returns the price,
// to be given back by [Budget.Refund] if the repetition succeeds or is never
// made. The bool is false, and nothing is taken, if the tokens don't suffice or
// the class is [None].
func (b *Budget) Take(c Class) (cost int, ok bool) {
	price := int64(c.Cost())
	if price == 0 {
		return 0, false
	}
	for {
		spent := b.spent.Load()
		if spent+price > b.size() {
			return 0, false
		}
		if b.spent.CompareAndSwap(spent, spent+price) {
			return int(price), true
		}
	}
}

// Refund gives back the price of a repetition, as Take returned it. The budget
// never holds more than its capacity; a negative cost is ignored.
func (b *Budget) Refund(cost int) { b.add(int64(cost)) }

// Success earns one token, for a call whose first attempt succeeded.
func (b *Budget) Success() { b.add(1) }

func (b *Budget) add(tokens int64) {
	for tokens > 0 {
		spent := b.spent.Load()
		if spent == 0 || b.spent.CompareAndSwap(spent, max(spent-tokens, 0)) {
			return
		}
	}
}

// Tokens returns what the budget holds now.
func (b *Budget) Tokens() int { return int(b.size() - b.spent.Load()) }

// Capacity returns what the budget holds when full.
func (b *Budget) Capacity() int { return int(b.size()) }

func (b *Budget) size() int64 {
	if b.capacity == 0 {
		return DefaultBudget
	}
	return b.capacity
}
