package client

import (
	"errors"
	"net/http"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// Validate returns every fault of the endpoint, each an
// [caperrors.ArgumentError], or nil. Calls do it by themselves.
func (ep Endpoint) Validate() error { return ep.validate() }

// validate is Validate without a copy of the endpoint.
func (ep *Endpoint) validate() error {
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
	case EnvelopeV1:
		if ep.Items == "" && (ep.Status != NoStatus || ep.Root != "") {
			fault("Items", "must not be empty for this envelope")
		}
	case EnvelopeV2Bulk:
		if ep.Items == "" {
			fault("Items", "must not be empty for this envelope")
		}
	case EnvelopeV2Lists:
		if ep.Items == "" && ep.Failed == "" {
			fault("Items", "must not be empty beside an empty Failed")
		}
	case EnvelopeV2Single:
	default:
		fault("Envelope", "must be one of the envelopes")
	}
	if ep.XML && (ep.Envelope != EnvelopeV1 || ep.List != "" || ep.Method != http.MethodGet && ep.Root == "") {
		fault("XML", "is for v1.1 calls with a Root alone")
	}
	if ep.MaxItems < 0 {
		fault("MaxItems", "must not be negative")
	}
	ep.validateList(fault)
	return errors.Join(faults...)
}

// validateList checks what wraps the items sent.
func (ep *Endpoint) validateList(fault func(field, reason string)) {
	if ep.List != "" && ep.Root != "" {
		fault("List", "must be empty beside Root")
	}
	if ep.List != "" && ep.CountField != "" {
		fault("CountField", "must be empty beside List")
	}
	switch {
	case len(ep.Wrapper) == 0:
	case ep.List == "":
		fault("Wrapper", "must be empty without List")
	case wire.CheckObject(ep.Wrapper) != nil:
		fault("Wrapper", "must be a JSON object")
	case element(ep.Wrapper, ep.List) != nil:
		fault("Wrapper", "must not hold the list")
	}
}

// TakesMany reports whether [Send] and [Client.Bulk] can carry items to the
// endpoint; if not, it is one for [Client.Call].
func (ep Endpoint) TakesMany() bool { return ep.many() == nil }

// many returns why the endpoint cannot take a slice of items, or nil.
func (ep *Endpoint) many() error {
	switch {
	case ep.Envelope == EnvelopeV2Single:
		return argument("Endpoint.Envelope", "EnvelopeV2Single takes one thing: use Call")
	case ep.Method == http.MethodGet:
		return argument("Endpoint.Method", "GET carries no items: use Call")
	case ep.Read:
		return argument("Endpoint.Read", "a read carries no items: use Call")
	case strings.Contains(ep.Path, "{"):
		return argument("Endpoint.Path", "a path with variables is for one thing: use Call")
	case ep.CountField != "":
		return argument("Endpoint.CountField", "a call that sends a count carries no items: use Call")
	case ep.List != "" && ep.IDField == "":
		return argument("Endpoint.List", "the list holds bare values, no objects: use Call")
	case ep.Items == "" && ep.Failed == "":
		return argument("Endpoint.Items", "the answer has no items: use Call")
	default:
		return nil
	}
}

// checkPath keeps a path below the base URL.
func checkPath(path string) string {
	if isPlainPath(path) { // most are, and each call asks
		return ""
	}
	return pathFault(path)
}

func pathFault(path string) string {
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

// isPlainPath reports whether a path is of unreserved characters, in segments
// that are neither empty nor begin with a dot.
func isPlainPath(path string) bool {
	start := true
	for i := range len(path) {
		c := path[i]
		if start && (c == '/' || c == '.') || c != '/' && !isUnreservedChar(c) {
			return false
		}
		start = c == '/'
	}
	return !start
}

func isVariable(segment string) bool {
	return len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}' &&
		!strings.ContainsAny(segment[1:len(segment)-1], "{}")
}

// argument returns an ArgumentError that speaks of no item.
func argument(field, reason string) error {
	return &caperrors.ArgumentError{Field: field, Index: -1, Reason: reason}
}
