package clienttest

import (
	"net/http"
	"slices"
)

const (
	codeItemMalformed   = 400
	codeTokenExpired    = 498
	codeSearchBusy      = 461
	codeCustomerBusy    = 521
	codeAuthzUnknown    = 4001
	codeTooManyItems    = 1060
	codeTooManyV1       = 672
	codeRepeatedProfile = 8006
)

// result is what became of an item.
type result struct {
	code int
	id   int64 // of the bill or customer, 0 if there is none
	ok   bool
}

// chance answers a call by the rules and the random mishaps.
func (s *Simulator) chance(c *call) reply {
	if c.limited || c.denied != 0 {
		return s.judge(c)
	}
	fault, second := c.strike()
	var rep reply
	switch fault {
	case "":
		return s.judge(c)
	case faultRateLimited:
		rep = tooManyCalls()
	case faultAuthzUnavailable:
		code := http.StatusServiceUnavailable
		if second && !c.v1 {
			code = codeAuthzUnknown
		}
		rep = refuse(c.v1, code, requestText(code))
	case faultSearchBusy:
		rep = refuse(c.v1, codeSearchBusy, requestText(codeSearchBusy))
	case faultCustomerBusy:
		rep = refuse(c.v1, codeCustomerBusy, requestText(codeCustomerBusy))
	case faultCutBefore:
		rep = reply{cut: true}
	case faultCutAfter:
		s.judge(c)
		rep = reply{cut: true}
	case faultEdgeHTML:
		if second {
			s.judge(c)
		}
		rep = reply{status: http.StatusBadGateway, contentType: typeHTML, body: []byte(edgePage), broken: true}
	case faultGarbled:
		rep = s.judge(c)
		rep.status, rep.body, rep.broken = http.StatusOK, rep.body[:len(rep.body)/2], true
	}
	rep.fault = fault
	return c.speak(rep)
}

// judge answers a call by the rules alone.
func (s *Simulator) judge(c *call) reply { return c.speak(s.decide(c)) }

func (s *Simulator) decide(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.limited:
		s.stats.OverRate++
		return tooManyCalls()
	case c.denied != 0:
		s.stats.Unauthorized++
		return refuse(c.v1, c.denied, c.denial)
	case c.refused != 0:
		return refuse(c.v1, c.refused, requestText(c.refused))
	case c.lookup != nil:
		return c.lookup(&s.store, c.arg, c.query)
	case c.opts.BatchLimit > 0 && len(c.items) > c.opts.BatchLimit:
		s.stats.Oversize++
		return refuse(c.v1, c.rules.oversize, oversizeText(c.rules.oversize, c.opts))
	}
	results := make([]result, len(c.items))
	for i := range c.items {
		results[i] = s.apply(c, i)
	}
	return c.encode(c.rules, c.items, results)
}

// apply judges one item and applies it if nothing speaks against it.
func (s *Simulator) apply(c *call, i int) result {
	it, r := &c.items[i], &c.rules
	switch {
	case !it.object:
		return s.refuseItem(c, codeItemMalformed)
	case it.customer == "":
		return s.refuseItem(c, r.noCustomer)
	case it.number == "":
		return s.refuseItem(c, r.noNumber)
	case c.busy[it.customer]:
		s.stats.ItemsBusy++
		return result{code: codeCustomerBusy}
	case c.script == nil && c.roll(faultKindItem, i) < c.opts.Faults.ItemBusy:
		s.stats.ItemsBusy++
		s.stats.Faults.ItemBusy++
		return result{code: codeCustomerBusy}
	}
	before, known := s.store.find(r.entity, it)
	repeatable := r.upsert || r.entity == entityTransaction && c.opts.RepeatBills
	if known && !repeatable {
		s.stats.Duplicates++
		c.finals++
		return result{code: r.duplicate, id: before.id()}
	}
	if known && r.entity == entityTransaction {
		s.stats.DuplicateApplied++
	}
	s.stats.ItemsApplied++
	c.applied++
	c.finals++
	id := s.store.add(r.entity, it, c.number, c.opts.KeepBodies)
	return result{code: r.success, id: id, ok: true}
}

func (s *Simulator) refuseItem(c *call, code int) result {
	s.stats.Refused++
	c.finals++
	return result{code: code}
}

// reply is an answer to be written.
type reply struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	codes       []int  // distinct codes in the body, that of the request first
	fault       string // the mishap behind it, empty for none
	cut         bool   // the connection ends after body
	broken      bool   // the caller can't read the fate of the items
}

func (r *reply) note(code int) {
	if !slices.Contains(r.codes, code) {
		r.codes = append(r.codes, code)
	}
}

func abandoned() reply { return reply{cut: true, fault: faultAbandoned} }
