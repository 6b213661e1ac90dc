package client

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// Envelope is a family of answers: where items and their status stand.
type Envelope uint8

// The envelopes.
const (
	// EnvelopeV1 is {"response":{"status":…, container:{items}}} of v1.1, each
	// item with an item_status.
	EnvelopeV1 Envelope = iota + 1
	// EnvelopeV2Bulk is {"response":[…],"totalCount":…,"failureCount":…} of v2,
	// each item with its errors and warnings.
	EnvelopeV2Bulk
	// EnvelopeV2Single is one thing of v2, with errors and warnings beside it.
	EnvelopeV2Single
)

// Rates are documented calls a minute by region, for information: the vendor
// sets them and may have set others for you. Zero means that none is told.
type Rates struct {
	Singapore, NorthVirginia, Ireland int
}

// Endpoint is one operation of the API, as data. The catalogue has those that
// are documented well enough; copy one to change it, or write your own.
type Endpoint struct {
	Name    string            // used in errors, logs and WithRate, such as "v2/transactions/bulk"
	Method  string            // GET, POST, PUT, PATCH or DELETE
	Path    string            // below the base URL, without a leading slash; {name} stands for a path variable
	Query   url.Values        // sent with every call; may be nil
	Version caperrors.Version // V1, V2, V3 or Gateway
	Entity  string            // what codes are looked up for, in the singular: transaction, customer, …

	// Envelope is the form of the answer.
	Envelope Envelope
	// Root is the member below "root" that holds the items sent, as v1.1 wants
	// it. Empty sends a bare array, or the bare body if the envelope is
	// EnvelopeV2Single.
	Root string
	// Items is the path to the items of the answer, dots between: below
	// "response" for EnvelopeV1, from the top for EnvelopeV2Bulk. Empty for
	// EnvelopeV2Single.
	Items string
	// EchoID is the path, within an answered item, at which the answer repeats
	// the item's natural id. Empty: it doesn't, and items are told apart by
	// their position.
	EchoID string

	// IDField is the path of an item's natural id, such as "billNumber".
	IDField string
	// KeyFields are the paths of what must not be in flight twice, such as the
	// customer. The first that is not empty is the key.
	KeyFields []string
	// MaxItems is the documented number of items a call may carry; 0 if none is.
	MaxItems int

	Oversize     []caperrors.Code // codes that tell an oversize here, beside 1060
	Replay       []caperrors.Code // codes that tell that the item is there already, beside those of the code table
	AllOrNothing bool             // one failed item fails its call, which is never split

	// Repeatable says that doing the work twice does no harm, so that a call of
	// unknown outcome is sent again. GET always is.
	Repeatable bool
	// Rates are the documented calls a minute.
	Rates Rates
}

// Validate returns every fault of the endpoint, each an
// [caperrors.ArgumentError], or nil. Calls do it by themselves.
func (ep Endpoint) Validate() error {
	var faults []error
	fault := func(field, reason string) { faults = append(faults, argument("Endpoint."+field, reason)) }
	if ep.Name == "" {
		fault("Name", "must not be empty")
	}
	switch ep.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		fault("Method", "must be GET, POST, PUT, PATCH or DELETE")
	}
	if reason := checkPath(ep.Path); reason != "" {
		fault("Path", reason)
	}
	if ep.Version == "" {
		fault("Version", "must not be empty")
	}
	switch ep.Envelope {
	case EnvelopeV1, EnvelopeV2Bulk:
		if ep.Items == "" {
			fault("Items", "must not be empty for this envelope")
		}
	case EnvelopeV2Single:
	default:
		fault("Envelope", "must be one of the envelopes")
	}
	if ep.MaxItems < 0 {
		fault("MaxItems", "must not be negative")
	}
	return errors.Join(faults...)
}

// many returns why the endpoint cannot take a slice of items, or nil.
func (ep *Endpoint) many() error {
	switch {
	case ep.Envelope == EnvelopeV2Single:
		return argument("Endpoint.Envelope", "EnvelopeV2Single takes one thing: use Call")
	case ep.Method == http.MethodGet:
		return argument("Endpoint.Method", "GET carries no items: use Call")
	case strings.Contains(ep.Path, "{"):
		return argument("Endpoint.Path", "a path with variables is for one thing: use Call")
	default:
		return nil
	}
}

func (ep *Endpoint) dialect() wire.Dialect {
	switch ep.Envelope {
	case EnvelopeV1:
		return wire.V1JSON
	case EnvelopeV2Bulk:
		return wire.V2Bulk
	default:
		return wire.V2Single
	}
}

// id returns the natural id of an encoded item, empty if it has none.
func (ep *Endpoint) id(item []byte) string {
	if ep.IDField == "" {
		return ""
	}
	id, _ := field(item, ep.IDField)
	return id
}

// key returns the key of an encoded item, empty if it has none.
func (ep *Endpoint) key(item []byte) string {
	for _, path := range ep.KeyFields {
		if key, ok := field(item, path); ok && key != "" {
			return key
		}
	}
	return ""
}

// ids returns what the answer's echo can be compared with; nil if there is
// nothing to compare.
func (ep *Endpoint) ids(items [][]byte) []string {
	if ep.EchoID == "" || ep.IDField == "" || len(items) < 2 {
		return nil
	}
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = ep.id(item)
	}
	return ids
}

// checkPath keeps a path below the base URL.
func checkPath(path string) string {
	switch {
	case path == "":
		return "must not be empty"
	case strings.HasPrefix(path, "/") || strings.Contains(path, "//") || strings.HasSuffix(path, "/"):
		return "must be relative, without empty segments"
	case hasDotSegment(path):
		return "must hold no segment . or .."
	case strings.ContainsAny(path, "?#%\\: "):
		return "must hold no query, fragment, escape, colon, backslash or blank"
	case strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "must be ASCII without control characters"
	}
	for segment := range strings.SplitSeq(path, "/") {
		if strings.ContainsAny(segment, "{}") && !isVariable(segment) {
			return "a path variable must fill its segment, as in a/{name}"
		}
	}
	return ""
}

func isVariable(segment string) bool {
	return len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}' &&
		!strings.ContainsAny(segment[1:len(segment)-1], "{}")
}

// expand fills in the path variables.
func (ep *Endpoint) expand(values map[string]string) (string, error) {
	for name := range values {
		if !strings.Contains(ep.Path, "{"+name+"}") {
			return "", argument("Request.Path", "the endpoint has no variable "+name)
		}
	}
	if !strings.Contains(ep.Path, "{") {
		return ep.Path, nil
	}
	segments := strings.Split(ep.Path, "/")
	for i, segment := range segments {
		if !isVariable(segment) {
			continue
		}
		name := segment[1 : len(segment)-1]
		value, ok := values[name]
		switch {
		case !ok:
			return "", argument("Request.Path", "variable "+name+" is missing")
		case value == "" || value == "." || value == "..":
			return "", argument("Request.Path", "variable "+name+" must not be empty, . or ..")
		}
		segments[i] = url.PathEscape(value)
	}
	return strings.Join(segments, "/"), nil
}

// argument returns an ArgumentError that speaks of no item.
func argument(field, reason string) error {
	return &caperrors.ArgumentError{Field: field, Index: -1, Reason: reason}
}
