package main

import (
	"fmt"
	"slices"
)

// requestKinds are the kinds of request-level codes that no column tells. They
// agree with the status page, which package errors holds by hand.
var requestKinds = map[uint32]string{
	200:  "0",
	201:  "ErrPartial",
	400:  "ErrInvalid",
	401:  "ErrUnauthenticated",
	402:  "ErrUnsupported", // the resource does not exist in this version
	403:  "ErrPermission",
	404:  "ErrNotFound",
	405:  "ErrUnsupported",
	406:  "ErrUnsupported", // operation not supported for the resource
	407:  "ErrUncertain",   // a fault in the middle of the work
	408:  "ErrPermission",  // the till may not be used from this machine; not a time-out
	415:  "ErrUnsupported",
	422:  "ErrInvalid",
	500:  "ErrPartial", // the items say why
	1061: "ErrMisconfigured",
	1062: "ErrMisconfigured",
	1064: "ErrMisconfigured",
	4000: "ErrPermission",
}

type special struct {
	kind   string
	reason string
}

// specials are the rows whose kind matters and follows neither from a column
// nor safely from words.
var specials = map[key]special{
	// Sizes. The lists mark 1060 at request level only.
	{"v1.1", "customer", itemLevel, 1060}:   {"ErrOversize", "batch limit"},
	{"v1.1", "transaction", itemLevel, 672}: {"ErrOversize", "batch limit; in v2 transactions 672 is a size of clothing"},
	{"v2", "card", itemLevel, 1060}:         {"ErrOversize", "batch limit of 200"},
	{"v2", "coupon", itemLevel, 629}:        {"ErrOversize", "batch limit of 100 coupons in a redemption"},
	{"v2", "coupon", itemLevel, 677}:        {"ErrOversize", "count limit of 500 coupons in an issue"},
	{"v2", "customer", itemLevel, 1060}:     {"ErrOversize", "batch limit"},
	{"v2", "customer", itemLevel, 8120}:     {"ErrOversize", "batch limit of 100 customer ids"},
	{"v2", "request", itemLevel, 1060}:      {"ErrOversize", "batch limit of 10"},

	// Unknown and queued.
	{"v2", "coupon", itemLevel, 748}:        {"ErrUncertain", "time-out behind the API"},
	{"v1.1", "transaction", itemLevel, 687}: {"ErrQueued", "the sale is stored, its points follow"},
	{"v2", "transaction", itemLevel, 687}:   {"ErrQueued", "the sale is stored, its points follow"},
	{"v2", "coupon", itemLevel, 687}:        {"ErrQueued", "points work follows"},
	{"v2", "event", itemLevel, 1100}:        {"ErrQueued", "the event log tells the rest"},
	{"v1.1", "goodwill", itemLevel, 9055}:   {"ErrQueued", "queued wins over replay: it must never go out again"},
	{"v1.1", "request", itemLevel, 9055}:    {"ErrQueued", "queued wins over replay: it must never go out again"},
	{"v2", "request", itemLevel, 9055}:      {"ErrQueued", "queued wins over replay: it must never go out again"},

	// Credentials, refused by the call that fetches a token.
	{"v3", "oauth", itemLevel, 320001}: {"ErrUnauthenticated", "client key or secret not accepted"},

	// Partly done.
	{"gateway", "reward", itemLevel, 8010}: {"ErrPartial", "some of the rewards were issued"},
	{"v1.1", "request", itemLevel, 201}:    {"ErrPartial", "same as at request level"},
	{"v2", "request", itemLevel, 201}:      {"ErrPartial", "same as at request level"},
	{"v2", "coupon", itemLevel, 678}:       {"ErrPartial", "some of the coupons were issued"},
	{"v2", "coupon", itemLevel, 5006}:      {"ErrPartial", "some of the coupons were issued"},
	{"v2", "coupon", itemLevel, 762}:       {"ErrPartial", "some of the records were updated"},

	// A replay counts as done. These are marked so, but the number also stands
	// for, or the text itself says, that this very item was not done.
	{"gateway", "reward", itemLevel, 400}:     {"ErrInvalid", "request id twice in one call, or bad payment setting"},
	{"gateway", "reward", itemLevel, 10003}:   {"ErrConflict", "the request id carried another payload"},
	{"v2", "card", itemLevel, 3039}:           {"ErrRefused", "as an error: active card limit of the org"},
	{"v2", "organization", itemLevel, 1025}:   {"ErrInvalid", "one name twice in the input"},
	{"v2", "partnerprogram", itemLevel, 2005}: {"ErrRefused", "also: not enrolled yet"},
	{"v2", "promotion", itemLevel, 8903}:      {"ErrRefused", "also: ids not valid"},
	{"v2", "request", itemLevel, 9002}:        {"ErrConflict", "new e-mail taken, as in v1.1"},
	{"v2", "request", itemLevel, 9003}:        {"ErrConflict", "new external id taken, as in v1.1"},
	{"v2", "request", itemLevel, 9005}:        {"ErrConflict", "new mobile taken, as in v1.1"},

	// Words that would mislead.
	{"v1.1", "customer", itemLevel, 1025}:   {"ErrRefused", "fields are there and do not match"},
	{"v2", "customer", itemLevel, 1025}:     {"ErrRefused", "fields are there and do not match"},
	{"v2", "metasearch", itemLevel, 91310}:  {"ErrRefused", "missing on the server's side"},
	{"v2", "metasearch", itemLevel, 91313}:  {"ErrRefused", "missing on the server's side"},
	{"v2", "organization", itemLevel, 3237}: {"ErrRefused", "missing on the server's side"},
	{"v2", "customer", itemLevel, 8076}:     {"ErrRefused", "missing on the server's side"},
	{"v2", "customer", itemLevel, 8090}:     {"ErrRefused", "missing on the server's side"},
	{"v2", "card", itemLevel, 3007}:         {"ErrRefused", "missing on the server's side"},
	{"v2", "event", itemLevel, 1808}:        {"ErrRefused", "missing on the server's side"},
	{"v2", "event", itemLevel, 1839}:        {"ErrRefused", "missing on the server's side"},
}

// extras are rows that the lists do not have.
var extras = []row{
	{
		key:  key{"v2", "metasearch", itemLevel, 1060},
		text: "search field exists", kind: "ErrRefused", // elsewhere in v2 1060 is an oversize
	},
	{
		key:  key{"v2", "metasearch", requestLevel, 1060},
		text: "search field exists", kind: "ErrRefused",
	},
	{
		key:  key{"v2", "otp", requestLevel, 429},
		text: "daily maximum of codes per user reached", kind: "ErrRefused", // elsewhere 429 is a short-term limit
	},
}

func withExtras(rows []row) ([]row, error) {
	rows = append(rows, extras...)
	slices.SortFunc(rows, func(a, b row) int { return compareKeys(a.key, b.key) })
	for i := 1; i < len(rows); i++ {
		if rows[i].key == rows[i-1].key {
			return nil, fmt.Errorf("row %s stands twice", rows[i].key)
		}
	}
	return rows, nil
}
