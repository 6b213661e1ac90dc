package client

import (
	"context"
	"errors"
	"net/url"

	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/internal/wire"
)

// WireCall is what reading the answer to a call by this endpoint needs to know,
// for tests. Without a count the answer tells it.
func (ep Endpoint) WireCall(count int, ids []string) wire.Call {
	c := ep.wireCall(max(count, 1))
	carried{count: count, ids: ids}.tell(&c)
	return c
}

// Reads reports whether a call by this endpoint changes nothing.
func (ep Endpoint) Reads() bool { return ep.reads() }

// EncodeCall encodes the body of a call, and EncodeItems that of many items.
func (ep Endpoint) EncodeCall(value any) ([]byte, error) {
	body, _, err := ep.encodeCall(value)
	return body, err
}

// EncodeItems encodes the body of a call that carries the items.
func (ep Endpoint) EncodeItems(items [][]byte) ([]byte, error) {
	body, err := ep.encode(nil, items)
	return body, errors.Join(err, ep.many())
}

// Locate returns the address of a call as it is parsed beforehand, or nil, and as
// a text.
func (c *Client) Locate(path string, query url.Values) (*url.URL, string) {
	return c.core.address(path, query, nil).parsed, c.core.url(path, query, nil)
}

// IsPlainPath and PathFault are the two halves of the check of a path.
func IsPlainPath(path string) bool { return isPlainPath(path) }
func PathFault(path string) string { return pathFault(path) }

// ObserveCall does what every call does for observers beside its attempts, as
// if it had failed.
func (c *Client) ObserveCall(ctx context.Context, request *transport.Request, err error) {
	ctx, seen := c.core.observe(ctx, request)
	c.core.ended(ctx, seen, nil, nil, err)
}
