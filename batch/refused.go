package batch

import (
	"errors"
	"fmt"
	"slices"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// poison bounds the search for items at fault in calls that were refused as a
// whole: a wrong path must not cost two calls an item.
type poison struct {
	calls    int  // calls made
	spent    int  // of them, calls to find an item at fault
	accepted bool // something was accepted once

	code  caperrors.Code // request-level code of the last call refused for good
	alone int            // such calls with it, one after another

	reached bool // some byte of a call left
}

const (
	poisonCalls   = 40 // calls that the search may always spend
	poisonPercent = 1  // and this share of all calls made
	poisonAlone   = 3  // calls refused for good with one code, before anything was accepted, that prove the call itself wrong
)

// refused settles a call that the API refused as a whole: nothing was done.
func (c *core) refused(cl *call, kind caperrors.Kind, err error, now time.Time) {
	code, _ := caperrors.CodeOf(err)
	verdict := caperrors.Verdict{Outcome: caperrors.Refused, Code: code, Kind: kind, RequestID: caperrors.RequestIDOf(err)}
	var request *caperrors.RequestError
	if errors.As(err, &request) {
		verdict.Scope, verdict.Message = request.Scope, request.Message
	}
	for _, it := range cl.items {
		it.verdict, it.err = verdict, err
		it.known = refusedOr(it.known)
	}
	switch kind {
	case caperrors.ErrOversize:
		if request == nil {
			// No envelope, so that the API never saw the items: it is the edge that
			// refuses the body. A code of the API would speak of their number.
			c.overweight(cl, err)
			return
		}
		c.oversize(cl, request.Limit, err)
	case caperrors.ErrTransient:
		c.probeEnded(cl)
		if code == caperrors.CodeCustomerBusy {
			c.customerBusy(cl, err, now)
			return
		}
		c.sendBack(cl, classOfCall(code, err), err, now)
	default:
		c.probeEnded(cl)
		c.refusedForGood(cl, request, err)
	}
}

// refusedForGood settles a call that would be refused again as it is. Only a
// refusal of what its items hold is a reason to send them once more, in smaller
// calls; one that is not understood is none.
func (c *core) refusedForGood(cl *call, request *caperrors.RequestError, err error) {
	verdict := &cl.items[0].verdict
	ofItems := request != nil && request.Scope.Level == caperrors.ItemLevel
	switch kind := verdict.Kind; {
	case ofItems && kind != caperrors.ErrUnrecognised, request != nil && kind == caperrors.ErrInvalid:
		c.atFault(cl, verdict.Code, err)
	case refusesEveryCall(kind):
		c.fail(cl, err)
	default:
		c.endRefused(cl, verdict.Code, err)
	}
}

// refusesEveryCall reports whether a refusal of this kind at request level
// would meet any other call as well.
func refusesEveryCall(kind caperrors.Kind) bool {
	switch kind {
	case caperrors.ErrUnauthenticated, caperrors.ErrPermission, caperrors.ErrNotFound,
		caperrors.ErrUnsupported, caperrors.ErrMisconfigured:
		return true
	default:
		return false
	}
}

// overweight settles a call whose body is larger than the server takes.
func (c *core) overweight(cl *call, err error) {
	c.event(Event{Kind: LimitRejected, At: time.Now(), Items: len(cl.items), Bytes: cl.weight, Err: err})
	c.limits.ended(cl.probe)
	c.limits.weights.rejected(cl.weight, len(cl.items) == 1, cl.heavy)
	for _, it := range slices.Backward(cl.items) {
		if len(cl.items) == 1 || !c.splittable {
			c.giveUp(it, caperrors.ErrItemTooLarge)
		} else {
			c.bounce(it)
		}
	}
}

// oversize settles a call that carried more items than the server takes.
func (c *core) oversize(cl *call, named int, err error) {
	c.limits.weights.ended(cl.heavy)
	c.event(Event{Kind: LimitRejected, At: time.Now(), Items: len(cl.items), Err: err})
	what := c.limits.rejected(len(cl.items), named, cl.probe)
	if !c.splittable {
		what = tooBig
	}
	switch what {
	case tooBig:
		for _, it := range cl.items {
			c.giveUp(it, caperrors.ErrItemTooLarge)
		}
	case isolate:
		c.doubted(cl)
	case repack:
		if len(cl.items) <= c.doubt.first {
			c.limitFell() // the server said so, or another engine found out
		}
		for _, it := range slices.Backward(cl.items) {
			c.bounce(it)
		}
	}
}

// customerBusy settles a call that was refused because one of its customers is
// busy elsewhere. All its keys wait once; if that does not help, the call is
// split until the busy one is alone.
func (c *core) customerBusy(cl *call, err error, now time.Time) {
	second := false
	for _, it := range cl.items {
		second = second || it.conflicts > 0
		it.conflicts++
	}
	switch {
	case len(cl.items) == 1, second && !c.splittable:
		for _, it := range cl.items {
			c.transient(it, now)
		}
	case second:
		c.split(cl)
	default:
		c.sendBack(cl, retry.Conflict, err, now)
	}
}

// atFault settles a call that was refused for its content. One of its items is
// at fault: the call is split until it is alone, so that its neighbours go.
func (c *core) atFault(cl *call, code caperrors.Code, err error) {
	if len(cl.items) > 1 && c.splittable {
		if allowed := poisonCalls + c.poison.calls*poisonPercent/100; c.poison.accepted && c.poison.spent >= allowed {
			c.fail(cl, fmt.Errorf("looking for the items at fault in refused calls took %d of %d calls: %w",
				c.poison.spent, c.poison.calls, err))
			return
		}
		c.poison.spent += 2
		c.split(cl)
		return
	}
	c.endRefused(cl, code, err)
}

// endRefused ends the items of a call that is not sent again. Several such
// calls with one code, before anything was accepted, prove the call itself
// wrong.
func (c *core) endRefused(cl *call, code caperrors.Code, err error) {
	for _, it := range cl.items {
		c.end(it, caperrors.Refused, 0)
	}
	if c.poison.accepted {
		return
	}
	if c.poison.code != code {
		c.poison.code, c.poison.alone = code, 0
	}
	if c.poison.alone++; c.poison.alone >= poisonAlone && c.splittable {
		c.stopLocked(fmt.Errorf("the first %d calls that cannot be split were all refused the same way: %w", c.poison.alone, err))
	}
}

// split makes two groups of a call's items, to be sent next, each alone.
func (c *core) split(cl *call) { c.insert(inTwo(c.wantedOf(cl))) }

// insert puts groups in front of the others: the item at fault is then alone
// after as many calls as halving takes, not after all calls of each size.
func (c *core) insert(groups []group) { c.groups = slices.Insert(c.groups, 0, groups...) }

// inTwo returns two groups of some items; fewer if there are fewer items.
func inTwo(items []*item) []group {
	half := (len(items) + 1) / 2
	switch len(items) {
	case 0:
		return nil
	case 1:
		return []group{{items: items}}
	default:
		return []group{{items: items[:half:half]}, {items: items[half:]}}
	}
}

// wantedOf ends the items of a call whose jobs have ended, and returns the
// others.
func (c *core) wantedOf(cl *call) []*item {
	keep := cl.items[:0]
	for _, it := range cl.items {
		switch {
		case it.job == nil:
			c.discard(it)
		case it.job.stopped:
			c.giveUp(it, it.job.reason)
		default:
			keep = append(keep, it)
		}
	}
	return keep
}

// fail ends the items of a call that was refused in a way that every call will
// be, and stops the jobs.
func (c *core) fail(cl *call, err error) {
	c.stopLocked(err)
	for _, it := range cl.items {
		it.err, it.undecided = err, true
		stop := caperrors.ErrJobStopped
		if v := &it.verdict; it.known == caperrors.Refused && v.Code != 0 && v.Kind != caperrors.ErrTransient {
			stop = 0 // its own answer says why
		}
		c.giveUp(it, stop)
	}
}

// outageError says that the service accepted nothing for too long.
type outageError struct {
	lasted time.Duration
	cause  error
}

// Error returns how long it lasted and the last answer.
func (e *outageError) Error() string {
	return "nothing accepted for " + e.lasted.Round(time.Second).String() + ": " + e.cause.Error()
}

// Unwrap returns ErrOutage and the last answer.
func (e *outageError) Unwrap() []error { return []error{caperrors.ErrOutage, e.cause} }
