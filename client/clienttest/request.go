package clienttest

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// request is a call as understood: an endpoint with items, or a refusal.
type request struct {
	endpoint
	v1      bool
	xml     bool // the answer is to be XML
	items   []item
	query   url.Values
	refused int    // request-level code, 0 if the request is well formed
	denied  int    // request-level code, 0 if the credentials are right
	denial  string // the text to it
}

// endpoint is one operation of the API. Either decode and encode are set or lookup.
type endpoint struct {
	method string
	rules  rules
	decode func(body []byte, query url.Values) ([]item, error)
	encode func(rules, []item, []result) reply
	lookup func(s *store, arg string, query url.Values) reply
	arg    string // the part of the path that varies
}

// rules are the codes of an entity in a version.
type rules struct {
	entity     string
	success    int
	noCustomer int
	noNumber   int
	duplicate  int
	oversize   int
	upsert     bool
}

const (
	entityTransaction = "transaction"
	entityCustomer    = "customer"
)

// errRoot says that a body is not of the form its endpoint takes.
var errRoot = errors.New("body has not the root of this call")

func rulesFor(v1 bool, entity string) rules {
	switch {
	case v1 && entity == entityTransaction:
		return rules{entity: entity, success: 600, noCustomer: 606, noNumber: 602, duplicate: 604, oversize: 672}
	case v1:
		return rules{entity: entity, success: 1000, noCustomer: 1007, noNumber: 1007, duplicate: 1014, oversize: 1060}
	case entity == entityTransaction:
		return rules{entity: entity, success: 600, noCustomer: 8015, noNumber: 602, duplicate: 604, oversize: 1060}
	default:
		return rules{entity: entity, success: 200, noCustomer: 8005, noNumber: 8005, duplicate: 8006, oversize: 1060}
	}
}

// route finds the endpoint of a path.
func route(path string) (endpoint, bool) {
	ep := endpoint{method: http.MethodPost}
	switch strings.TrimSuffix(path, ".json") {
	case "/v2/transactions/bulk":
		ep.rules, ep.decode, ep.encode = rulesFor(false, entityTransaction), arrayOf(v2Transaction), encodeV2Bulk
	case "/v2/transactions":
		ep.rules, ep.decode, ep.encode = rulesFor(false, entityTransaction), oneV2Transaction, encodeV2Single
	case "/v2/customers":
		ep.rules, ep.decode, ep.encode = rulesFor(false, entityCustomer), oneV2Customer, encodeV2Single
	case "/v2/integrations/customer/upsert/bulk":
		ep.rules, ep.decode, ep.encode = rulesFor(false, entityCustomer), arrayOf(v2Customer), encodeV2Bulk
		ep.rules.upsert = true
	case "/v1.1/transaction/add":
		ep.rules, ep.decode, ep.encode = rulesFor(true, entityTransaction), rootOf(entityTransaction, v1Transaction), encodeV1
	case "/v1.1/customer/add":
		ep.rules, ep.decode, ep.encode = rulesFor(true, entityCustomer), rootOf(entityCustomer, v1Customer), encodeV1
	case "/v1.1/customer/get":
		return endpoint{method: http.MethodGet, lookup: lookupV1Customers}, true
	case "/v2/customers/lookup":
		return endpoint{method: http.MethodGet, lookup: lookupV2Identifier}, true
	default:
		return routeVarying(path)
	}
	return ep, true
}

func routeVarying(path string) (endpoint, bool) {
	ep := endpoint{method: http.MethodGet}
	if number, ok := strings.CutPrefix(path, "/v2/transactions/getByBillNumber/"); ok && number != "" {
		ep.lookup, ep.arg = lookupV2Bill, number
		return ep, true
	}
	dir, last := cutLast(strings.TrimSuffix(path, ".json"))
	switch dir {
	case "/v2/transactions":
		ep.lookup, ep.arg = lookupV2Transaction, last
	case "/v2/customers":
		ep.lookup, ep.arg = lookupV2Customer, last
	default:
		return endpoint{}, false
	}
	return ep, true
}

func cutLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// parse reads a request. The checks come in the order in which a server meets them: path, method, media type, body.
func parse(r *http.Request, body []byte, bodyErr error) request {
	req := request{v1: strings.HasPrefix(r.URL.Path, "/v1.1/"), query: r.URL.Query()}
	req.xml = req.v1 && asksXML(r)
	ep, ok := route(r.URL.Path)
	if !ok {
		req.refused = http.StatusNotFound
		return req
	}
	if r.Method != ep.method {
		req.refused = http.StatusMethodNotAllowed
		return req
	}
	req.endpoint = ep
	if ep.lookup != nil {
		return req
	}
	switch {
	case req.v1 && sendsXML(r):
		if body, bodyErr = readXML(body, bodyErr); bodyErr != nil {
			req.refused = http.StatusBadRequest
			return req
		}
	case !sendsJSON(r):
		req.refused = http.StatusUnsupportedMediaType
		return req
	}
	items, err := ep.decode(body, req.query)
	if err != nil || bodyErr != nil {
		req.refused = http.StatusBadRequest
		return req
	}
	req.items = items
	return req
}

func sendsJSON(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == typeJSON
}

func arrayOf(read func(json.RawMessage) item) func([]byte, url.Values) ([]item, error) {
	return func(body []byte, _ url.Values) ([]item, error) {
		raws, err := elements(body)
		if err != nil {
			return nil, err
		}
		return readAll(raws, read), nil
	}
}

// rootOf reads {"root":{name:[…]}}. The array may be a single object, and the root may be missing, as the documents show both.
func rootOf(name string, read func(json.RawMessage) item) func([]byte, url.Values) ([]item, error) {
	return func(body []byte, _ url.Values) ([]item, error) {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, err
		}
		if root, ok := fields["root"]; ok {
			fields = nil
			if err := json.Unmarshal(root, &fields); err != nil {
				return nil, err
			}
		}
		value := fields[name]
		if isObject(value) {
			return readAll([]json.RawMessage{value}, read), nil
		}
		raws, err := elements(value)
		if err != nil {
			return nil, err
		}
		return readAll(raws, read), nil
	}
}

func oneV2Transaction(body []byte, query url.Values) ([]item, error) {
	if !json.Valid(body) || !isObject(body) {
		return nil, errRoot
	}
	it := v2Transaction(body)
	if value := strings.TrimSpace(query.Get("identifierValue")); value != "" {
		it.customer = value
	}
	return []item{it}, nil
}

func oneV2Customer(body []byte, _ url.Values) ([]item, error) {
	if !json.Valid(body) || !isObject(body) {
		return nil, errRoot
	}
	return []item{v2Customer(body)}, nil
}

func readAll(raws []json.RawMessage, read func(json.RawMessage) item) []item {
	items := make([]item, len(raws))
	for i, raw := range raws {
		items[i] = read(raw)
	}
	return items
}

func elements(body []byte) ([]json.RawMessage, error) {
	if firstByte(body) != '[' {
		return nil, errRoot
	}
	var raws []json.RawMessage
	err := json.Unmarshal(body, &raws)
	return raws, err
}

func isObject(raw []byte) bool { return firstByte(raw) == '{' }

func firstByte(raw []byte) byte {
	for _, b := range raw {
		switch b {
		case ' ', '\t', '\r', '\n':
		default:
			return b
		}
	}
	return 0
}
