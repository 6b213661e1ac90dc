package client

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"strconv"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

const (
	queryOffset = "offset"
	// maxPages ends what a server would never end. At the documented 100 a page
	// it is a million things.
	maxPages = 10_000
)

// All reads a list page by page and gives its things one by one, each read into
// a V:
//
//	for customer, err := range client.All[Customer](ctx, c, client.CustomerSearch, req) { … }
//
// The endpoint must be a GET that takes limit and offset in its query and
// answers with a list, as [CustomerSearch] and [RejectedTransactions] do; a copy
// of another one can name its list in Items, with EnvelopeV2Bulk and NoStatus.
// The limit of req.Query is the size of a page; without it the server decides.
// Its offset, if any, is where the reading starts.
//
// It ends after the total that the answers name, or at a page without things.
// After an error, which is the last value, nothing more is read: the call failed
// as in [Client.Call], a thing does not fit into V, the server gave the same
// page twice, or it has given 10,000 pages. What was given before is good. The
// list may change while it is read: things can then be missed or come twice.
func All[V any](ctx context.Context, c *Client, ep Endpoint, req Request) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var zero V
		p, err := newPages(&ep, req)
		for err == nil && !p.done {
			var resp *Response
			if resp, err = c.Call(ctx, ep, p.request()); err != nil {
				break
			}
			things := resp.things()
			if err = p.turned(resp, things); err != nil {
				err = resp.unfit(ep.Name, caperrors.Applied, err)
				break
			}
			for _, raw := range things {
				v, unfit := Decode[V](raw)
				if unfit != nil {
					err = resp.unfit(ep.Name, caperrors.Applied, unfit)
					break
				}
				if !yield(v, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(zero, err)
		}
	}
}

// pages is where the reading of a list stands.
type pages struct {
	req    Request
	offset int
	read   int // pages
	last   [][]byte
	done   bool
}

var (
	errSamePage  = errors.New("the server gave the same page twice")
	errManyPages = errors.New("the list does not end after " + strconv.Itoa(maxPages) + " pages")
)

func newPages(ep *Endpoint, req Request) (*pages, error) {
	p := &pages{req: req}
	switch {
	case !ep.reads() || req.Body != nil:
		return nil, argument("Endpoint.Method", "a list is read by GET")
	case ep.Envelope == EnvelopeV2Single || ep.Items == "":
		return nil, argument("Endpoint.Items", "must name the list of the answer")
	}
	if start := req.Query.Get(queryOffset); start != "" {
		n, err := strconv.Atoi(start)
		if err != nil || n < 0 {
			return nil, argument("Request.Query", "offset must be a number, 0 or more")
		}
		p.offset = n
	}
	return p, nil
}

// request returns the call for the next page.
func (p *pages) request() Request {
	req := p.req
	req.Query = make(url.Values, len(p.req.Query)+1)
	maps.Copy(req.Query, p.req.Query)
	req.Query.Set(queryOffset, strconv.Itoa(p.offset))
	return req
}

// turned notes a page and finds out whether it is the last one. A page that is
// shorter than was asked for is none: servers cap the limit.
func (p *pages) turned(resp *Response, things [][]byte) error {
	if len(things) == 0 {
		p.done = true
		return nil
	}
	if samePage(p.last, things) {
		return errSamePage
	}
	p.last = things
	p.offset += len(things)
	if text, ok := wire.Field(resp.body, "pagination.total"); ok {
		total, err := strconv.Atoi(text)
		p.done = err == nil && total > 0 && p.offset >= total
	}
	if p.read++; p.read >= maxPages && !p.done {
		return errManyPages
	}
	return nil
}

func samePage(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// things returns the parts of an answer that has a list.
func (r *Response) things() [][]byte {
	if r.Items == nil && r.Raw != nil {
		return [][]byte{r.Raw} // a list of one
	}
	things := make([][]byte, len(r.Items))
	for i := range r.Items {
		things[i] = r.Items[i].Raw
	}
	return things
}
