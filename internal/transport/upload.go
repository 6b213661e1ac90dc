package transport

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// upload reads the body for one attempt. net/http does so in goroutines of its
// own, also after the attempt has ended, until it closes it.
//
// It is used only if somebody waits for the body's memory: net/http does not
// know it to be in memory and sends the header in a packet of its own.
type upload struct {
	call *call

	mu     sync.Mutex
	rest   bytes.Reader
	closed bool
}

var errClosed = errors.New("the body is closed")

// lend returns another reader over the body. It fails once Do is over and all
// readers are closed: the memory is then somebody else's.
func (c *call) lend() (io.Reader, error) {
	for {
		n := c.readers.Load()
		if n == 0 {
			return nil, errClosed
		}
		if c.readers.CompareAndSwap(n, n+1) {
			u := &upload{call: c}
			u.rest.Reset(c.req.Body)
			return u, nil
		}
	}
}

// leave tells that a reader, or Do, is done with the body.
func (c *call) leave() {
	if c.readers.Add(-1) == 0 && c.req.Released != nil {
		c.req.Released()
	}
}

// Read reads on. Close may come in the middle of it.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return 0, errClosed
	}
	return u.rest.Read(p)
}

// Close ends the reading; a second one does nothing.
func (u *upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.closed {
		u.closed = true
		u.rest.Reset(nil)
		u.call.leave()
	}
	return nil
}
