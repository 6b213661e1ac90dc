package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// carried tells of the things that the body of a call carries or asks for.
type carried struct {
	count int // 0: not known, the answer tells
	ids   []string
}

// one is a call for one thing.
func one() carried { return carried{count: 1} }

// tell makes the answer be read for as many things.
func (s carried) tell(c *wire.Call) {
	c.Open, c.Count, c.IDs = s.count == 0, s.count, s.ids
}

// id returns the natural id of the thing at a position.
func (s carried) id(i int) string {
	if i < len(s.ids) {
		return s.ids[i]
	}
	return ""
}

// encodeCall encodes the body of a call and tells what is in it.
func (ep *Endpoint) encodeCall(value any) ([]byte, carried, error) {
	if value == nil {
		if ep.reads() && ep.Envelope != EnvelopeV2Single && ep.Items != "" {
			return nil, carried{}, nil
		}
		return nil, one(), nil
	}
	if ep.Method == http.MethodGet {
		return nil, carried{}, argument("Request.Body", "must be nil: GET carries no body")
	}
	body, err := encoded(value)
	if err != nil {
		return nil, carried{}, &caperrors.ArgumentError{Field: "Request.Body", Index: -1, Reason: "does not encode to JSON", Err: err}
	}
	switch {
	case ep.List != "" || ep.CountField != "":
	case ep.Envelope == EnvelopeV2Single && ep.Root == "":
		return body, one(), nil
	case ep.Root == "" && bytes.HasPrefix(body, []byte("[")):
		return body, ep.listed(body), nil
	case ep.Root == "" && ep.Status == NoStatus && ep.Items == "":
		return body, one(), nil
	}
	if err = wire.CheckObject(body); err != nil {
		return nil, carried{}, misfit("Request.Body", -1, "does not encode to a JSON object", err)
	}
	if ep.List != "" || ep.CountField != "" {
		return body, ep.listed(body), nil
	}
	body, err = ep.encode(nil, [][]byte{body})
	return body, one(), err
}

// misfit says why something that is encoded already doesn't fit into a call.
// The reason comes from package wire, which quotes no values.
func misfit(field string, index int, what string, reason error) error {
	return &caperrors.ArgumentError{Field: field, Index: index, Reason: what + ": " + caperrors.Mask(reason.Error()), Err: reason}
}

// encoded returns a value in JSON. What is encoded already is checked, and
// sent as it is: encoding it again would copy it.
func encoded(value any) ([]byte, error) {
	raw, ok := value.(json.RawMessage)
	switch {
	case !ok || raw == nil:
		return json.Marshal(value)
	case !wire.Valid(raw):
		return json.Marshal(raw) // its error says where
	default:
		return raw, nil
	}
}

// listed returns what is in the list of a body, or what it counts. Calls that
// name no items leave it to the answer.
func (ep *Endpoint) listed(body []byte) carried {
	if ep.reads() {
		return carried{}
	}
	if ep.CountField != "" {
		text, _ := wire.Field(body, ep.CountField)
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxCount {
			return carried{}
		}
		return carried{count: n}
	}
	items, _ := wire.Elements(body, ep.List) // none: the answer tells
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = ep.id(item)
	}
	return carried{count: len(items), ids: ids}
}

// maxCount bounds what a count may make the client keep. The documents allow
// 100,000 at most, for generating cards.
const maxCount = 100_000
