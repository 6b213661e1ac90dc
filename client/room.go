package client

import (
	caperrors "github.com/capillary-go/capillary/errors"
)

// room is the body of one call of a [Bulk], whose memory later calls use again.
type room struct {
	bulk *Bulk
	body []byte
}

// maxRoom bounds the body whose memory is kept.
const maxRoom = 4 << 20

func (b *Bulk) room() *room {
	if m, ok := b.rooms.Get().(*room); ok {
		return m
	}
	return &room{bulk: b}
}

// take returns memory for a body; nil has none.
func (m *room) take() []byte {
	if m == nil {
		return nil
	}
	return m.body[:0]
}

// release gives the room to the next call, when nobody reads the body any more;
// a room for which the transport never says so is lost.
func (m *room) release() {
	if cap(m.body) <= maxRoom {
		m.bulk.rooms.Put(m)
	}
}

// appendVerdicts appends verdicts that may stand behind dst already.
func appendVerdicts(dst, verdicts []caperrors.Verdict) []caperrors.Verdict {
	n := len(dst)
	if rest := dst[n:cap(dst)]; len(rest) >= len(verdicts) && len(verdicts) > 0 && &rest[0] == &verdicts[0] {
		return dst[:n+len(verdicts)]
	}
	if n == 0 {
		return verdicts
	}
	return append(dst, verdicts...)
}
