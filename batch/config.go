package batch

import (
	"context"
	"errors"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Config says how an [Engine] treats its items. The zero value works: what it
// leaves open comes from the endpoint, else from the default that each field
// names.
type Config[T any] struct {
	// Key returns what must not be in flight twice, such as the customer. Items
	// with the same key are sent one after another, in the order of the input.
	// Empty: the item is bound by nothing. Nil: the endpoint's own key field;
	// no keys if it has none.
	Key func(item T) string

	// Keys is Key for items that concern several customers, such as a merge of
	// two, or that name one in several ways, such as by mobile and e-mail. No
	// item goes out while an earlier one that shares any of its keys is not
	// final. Empty ones and those named twice count for nothing. Only one of Key
	// and Keys may be set.
	Keys func(item T) []string

	// ID returns the natural id of an item, such as its bill number, for
	// results and errors. Nil: the endpoint's own id field; empty if it has none.
	ID func(item T) string

	// MaxItems is the most items that a call carries. How many the server takes
	// is learned; a known limit saves the learning, which takes some eight calls
	// where the server does not name it, and one where it does. Zero: the
	// endpoint's documented limit, else 1000.
	MaxItems int

	// MaxConcurrency is the most calls in flight. Zero: 4. Fewer are in flight
	// when the data cannot use more without wasting calls, or when the server
	// is busy.
	MaxConcurrency int

	// MaxAttempts is how many answers that refuse an item for now (521 and the
	// like at item level) it takes to give the item up. Zero: 8. Calls that are
	// refused as a whole do not count: they are bounded by MaxOutage.
	MaxAttempts int

	// OnUnknown says what happens to items of a call that ended without an
	// answer. Zero: ReportUnknown.
	OnUnknown OnUnknown

	// Reconcile asks the API what became of items whose call ended without an
	// answer. It is needed for ReconcileUnknown, and for nothing else. It returns
	// one answer for each item, in their order; with an error, or another number
	// of answers, all of them stay unknown, and so they do if it panics.
	//
	// It is called without a lock, with the items of one call that ended unknown,
	// once the server can no longer be at work on them; at most MaxConcurrency
	// times at once. A run that goes on from an earlier one also asks about items
	// that were in flight at its end, each by itself, before it takes them. Ctx
	// ends after [Advanced.ReconcileTimeout], and with the context of all jobs with
	// an item among them; soon after it the items end as unknown, whether Reconcile
	// has returned or not. A run that resumes after the end of a job's context asks
	// again. It must not use the engine.
	Reconcile func(ctx context.Context, items []T) ([]Found, error)

	// Observe is called for each event, one after another, without a lock. All
	// events of a job have come when it returns. It must not block or panic, and
	// must not use the engine. Nil: no events.
	Observe func(Event)

	// Advanced holds what few callers set.
	Advanced Advanced
}

// Advanced is the part of [Config] that few callers set.
type Advanced struct {
	// StartItems is the first guess of how many items a call may carry. Zero: 100.
	StartItems int

	// Window is the most items of one Do or Run that are accepted and whose
	// result is not yet delivered. It bounds memory. A larger window sees more
	// of skewed data and wastes fewer calls on it. Zero: 8000, or twice
	// MaxConcurrency × MaxItems if that is more.
	Window int

	// Linger is how long items that do not fill a call wait for others. It is
	// cut short when nothing can join them. While calls in flight could free
	// items to fill it, the wait is at least two round trips. Zero: 1 s.
	Linger time.Duration

	// OnKeyFailure says what happens to the later items of a key after one of
	// them ended unknown or was given up. Zero: ContinueKey.
	OnKeyFailure OnKeyFailure

	// MaxOutage is how long the engine goes on while the server is busy, out of
	// reach, or gives no answer to any call. After it the job stops with [caperrors.ErrOutage]. Zero: 10 min.
	MaxOutage time.Duration

	// Ordered hands out the results in the order of the input. A result that is
	// held back for an earlier one keeps its place in the window: when that is
	// full, no item is taken from the source until the earlier one has its
	// result, which may take as long as its retries.
	Ordered bool

	// SameKeyInBatch lets one call carry several items of a key, in the order of
	// the input, so that a key with many items needs fewer calls. Set it only if
	// the server takes the items of a call one after another: else it does two
	// things for one customer at once.
	//
	// Each item's answer counts for itself. If one is refused for now and a later
	// one of its key in the same call is applied, that one is done, and the
	// earlier is sent again after it: the order of the input is then lost.
	// Later ones that were not applied wait for it. Without SameKeyInBatch this
	// cannot happen.
	SameKeyInBatch bool

	// ReconcileTimeout bounds each call of Reconcile. Zero: 1 min.
	ReconcileTimeout time.Duration

	// KeepTogether turns off what splits a call that was refused as a whole to
	// find the item at fault. It is always off for an endpoint on which one
	// failed item fails its call.
	KeepTogether bool
}

// OnUnknown is what happens to an item after a send of unknown outcome.
type OnUnknown uint8

const (
	// ReportUnknown ends the item with the outcome unknown. It may have been
	// applied: ask the API before it is sent again.
	ReportUnknown OnUnknown = iota
	// ResendUnknown sends the item again. Choose it only if the server knows
	// its natural id, so that a second one is refused as a duplicate.
	ResendUnknown
	// ReconcileUnknown asks [Config.Reconcile] what became of the item, and keeps
	// its key closed meanwhile. Present ends the item as a duplicate with
	// AfterUnknown: the server has it, though not provably from this engine.
	// Absent sends it again, as often as MaxAttempts allows; at the end of them it
	// is refused. CannotTell reports it as unknown.
	ReconcileUnknown
)

// Found is what [Config.Reconcile] found out about an item.
type Found uint8

// The findings.
const (
	// CannotTell: nothing was found out. The item ends as unknown.
	CannotTell Found = iota
	// Present: the server has the item.
	Present
	// Absent: the server does not have the item, and will not have it later from
	// a send that is over.
	Absent
)

// OnKeyFailure is what happens to the later items of a key after one of them
// ended unknown, or was given up without a refusal for good.
type OnKeyFailure uint8

const (
	// ContinueKey sends the later items all the same.
	ContinueKey OnKeyFailure = iota
	// HoldKey ends the later items of the same Do or Run as not sent, with the
	// cause [caperrors.ErrPredecessor]; those of a writer until [Writer.Release].
	HoldKey
)

const (
	defaultMaxItems       = 1000
	defaultMaxConcurrency = 4
	defaultMaxAttempts    = 8
	defaultStartItems     = 100
	defaultWindow         = 8000
	defaultLinger         = time.Second
	defaultMaxOutage      = 10 * time.Minute
	defaultReconcile      = time.Minute
)

// settings are the parts of a Config that do not depend on the item type, with
// all defaults filled in.
type settings struct {
	name           string
	maxItems       int
	maxConcurrency int
	maxAttempts    int
	onUnknown      OnUnknown
	observe        func(Event)
	startItems     int
	window         int
	linger         time.Duration
	onKeyFailure   OnKeyFailure
	maxOutage      time.Duration
	splittable     bool
	sameKey        bool
	ordered        bool
	askFor         time.Duration
}

func (cfg *Config[T]) settings(endpoint Endpoint) (settings, error) {
	s := settings{
		name:           "batch",
		maxItems:       orDefault(cfg.MaxItems, defaultMaxItems),
		maxConcurrency: orDefault(cfg.MaxConcurrency, defaultMaxConcurrency),
		maxAttempts:    orDefault(cfg.MaxAttempts, defaultMaxAttempts),
		onUnknown:      cfg.OnUnknown,
		observe:        cfg.Observe,
		startItems:     orDefault(cfg.Advanced.StartItems, defaultStartItems),
		linger:         orDefault(cfg.Advanced.Linger, defaultLinger),
		onKeyFailure:   cfg.Advanced.OnKeyFailure,
		maxOutage:      orDefault(cfg.Advanced.MaxOutage, defaultMaxOutage),
		splittable:     !cfg.Advanced.KeepTogether,
		sameKey:        cfg.Advanced.SameKeyInBatch,
		ordered:        cfg.Advanced.Ordered,
		askFor:         orDefault(cfg.Advanced.ReconcileTimeout, defaultReconcile),
	}
	if endpoint != nil {
		s.name = endpoint.Name()
		if endpoint.MaxItems() > 0 && (cfg.MaxItems == 0 || endpoint.MaxItems() < cfg.MaxItems) {
			s.maxItems = endpoint.MaxItems()
		}
		s.splittable = s.splittable && !endpoint.AllOrNothing()
	}
	s.window = orDefault(cfg.Advanced.Window, max(defaultWindow, 2*s.maxConcurrency*s.maxItems))
	return s, errors.Join(
		notBoth("Keys", cfg.Keys != nil, "Key", cfg.Key != nil),
		notNegative("MaxItems", cfg.MaxItems),
		notNegative("MaxConcurrency", cfg.MaxConcurrency),
		notNegative("MaxAttempts", cfg.MaxAttempts),
		notNegative("Advanced.StartItems", cfg.Advanced.StartItems),
		notNegative("Advanced.Window", cfg.Advanced.Window),
		notNegative("Advanced.Linger", cfg.Advanced.Linger),
		notNegative("Advanced.MaxOutage", cfg.Advanced.MaxOutage),
		notNegative("Advanced.ReconcileTimeout", cfg.Advanced.ReconcileTimeout),
		oneOf("OnUnknown", cfg.OnUnknown <= ReconcileUnknown),
		together("Reconcile", cfg.Reconcile != nil, cfg.OnUnknown == ReconcileUnknown),
		oneOf("Advanced.OnKeyFailure", cfg.Advanced.OnKeyFailure <= HoldKey),
	)
}

func orDefault[N int | time.Duration](value, byDefault N) N {
	if value == 0 {
		return byDefault
	}
	return value
}

func notNegative[N int | time.Duration](field string, value N) error {
	if value >= 0 {
		return nil
	}
	return &caperrors.ArgumentError{Field: field, Index: -1, Reason: "must not be negative; zero means the default"}
}

func notBoth(field string, set bool, other string, otherSet bool) error {
	if !set || !otherSet {
		return nil
	}
	return &caperrors.ArgumentError{Field: field, Index: -1, Reason: "must not be set beside " + other}
}

func together(field string, set, wanted bool) error {
	if set == wanted {
		return nil
	}
	return &caperrors.ArgumentError{Field: field, Index: -1, Reason: "goes with OnUnknown set to ReconcileUnknown"}
}

func oneOf(field string, ok bool) error {
	if ok {
		return nil
	}
	return &caperrors.ArgumentError{Field: field, Index: -1, Reason: "is none of the package's constants"}
}
