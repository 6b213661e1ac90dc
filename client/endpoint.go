package client

import (
	"encoding/json"
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
	// EnvelopeV2Lists is an answer of v2 that tells apart by lists what was done
	// and what failed, or gives one error for all that is missing.
	EnvelopeV2Lists
)

// NoStatus as the Status of an [Endpoint] says that the items of its answers
// have no status of their own: the request's decides.
const NoStatus = "-"

// Rates are documented calls a minute by region, for information: the vendor
// sets them and may have set others for you. Zero means that none is told.
type Rates struct {
	Singapore, NorthVirginia, Ireland int // calls a minute in the cluster of that region
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
	// List is the member that holds the items sent, in calls that take an
	// object with a list in it, such as "customers". [Client.Call] then wants
	// the whole object. [Send] and [Client.Bulk] put the items into a copy of
	// Wrapper.
	List string
	// Wrapper is the encoded object around List, with what the items share, such
	// as {"type":"CUSTOMER"}. Set it in your own copy of the endpoint. Empty is
	// an object with nothing else in it.
	Wrapper json.RawMessage
	// CountField is the member of the object sent that tells how many things
	// are wanted, in calls that send no items.
	CountField string

	// XML sends and asks for XML instead of JSON, which v1.1 alone knows. Items
	// stay JSON objects for the caller: they are turned into elements, and the
	// answer's into objects. JSON is some ten times cheaper to read.
	XML bool

	// Items is the path to the items of the answer, dots between: below
	// "response" for EnvelopeV1, else from the top. Bars divide the paths of a
	// call that has several; so they do in the paths that follow, but not in
	// EchoID and IDField. Lists on the way are entered. Empty for
	// EnvelopeV2Single, and where Status is NoStatus and the answer is one thing.
	Items string
	// Status is the path, within an answered item, to its status: an object with
	// flag, code and message, or a word. Empty: where the envelope has it.
	// For EnvelopeV2Single it is a path from the top.
	Status string
	// RequestStatus is the path from the top to the request's status, for v2.
	// Empty: there is none but errors.
	RequestStatus string
	// Parts is the path, within an answered item, to things with a status of
	// their own at PartStatus, or with errors. An item whose parts failed in
	// part is applied with [caperrors.ErrPartial]; its warnings tell which.
	Parts, PartStatus string
	// Failed is the path from the top to the failures of EnvelopeV2Lists, and
	// FailedID the member of a failure that names the items, one or a list.
	Failed, FailedID string
	// EchoID is the path, within an answered item, at which the answer repeats
	// the item's natural id. Empty: it doesn't, and items are told apart by
	// their position.
	EchoID string

	// IDField is the path of an item's natural id, such as "billNumber". Empty
	// beside List: the list holds bare values, which are their own ids.
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
	// unknown outcome is sent again. What reads always is.
	Repeatable bool
	// Read says that the call changes nothing, and that its answer tells how
	// many items there are. GET always does.
	Read bool
	// Rates are the documented calls a minute.
	Rates Rates
}

func (ep *Endpoint) dialect() wire.Dialect {
	switch ep.Envelope {
	case EnvelopeV1:
		if ep.XML {
			return wire.V1XML
		}
		return wire.V1JSON
	case EnvelopeV2Bulk:
		return wire.V2Bulk
	case EnvelopeV2Lists:
		return wire.V2Lists
	default:
		return wire.V2Single
	}
}

// reads reports whether a call changes nothing.
func (ep *Endpoint) reads() bool { return ep.Read || ep.Method == http.MethodGet }

// encode encodes a call that carries the items, behind dst.
func (ep *Endpoint) encode(dst []byte, items [][]byte) ([]byte, error) {
	switch {
	case ep.XML:
		body, err := wire.EncodeXML(ep.Root, items)
		if err != nil {
			return nil, misfit("items", -1, "do not encode to XML", err)
		}
		return body, nil
	case ep.List != "":
		return wire.AppendItemsIn(dst, ep.Wrapper, ep.List, items), nil
	default:
		return wire.AppendItems(dst, ep.Root, items), nil
	}
}

// wireCall tells what reading the answer to a call needs to know of it.
func (ep *Endpoint) wireCall(count int) wire.Call {
	return wire.Call{
		Version:       ep.Version,
		Entity:        ep.Entity,
		Dialect:       ep.dialect(),
		Items:         ep.Items,
		Status:        ep.Status,
		RequestStatus: ep.RequestStatus,
		Parts:         ep.Parts,
		PartStatus:    ep.PartStatus,
		Failed:        ep.Failed,
		FailedID:      ep.FailedID,
		EchoID:        ep.EchoID,
		Count:         count,
		Oversize:      ep.Oversize,
		Replay:        ep.Replay,
	}
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
