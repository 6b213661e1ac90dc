package main

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/nats-io/nats.go/jetstream"
)

// accept takes a message that was delivered: to the writer, back to the stream until an earlier item of its customer is through, or out
// of the way because it has its outcome already.
func (w *worker) accept(ctx context.Context, consumer jetstream.Consumer, t *term, msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	seq := meta.Sequence.Stream
	if meta.Sequence.Consumer != t.last+1 {
		// Others got messages before this one, or some were lost on their way, as when a server goes away.
		if err = w.inherit(ctx, consumer, t); err != nil {
			pause(ctx, retryPause) // no leader for the moment; the next delivery looks again
			_ = msg.Nak()
			return nil //nolint:nilerr // the message comes again
		}
	}
	t.last = meta.Sequence.Consumer
	switch {
	case t.isLost(), t.deliveredAgain(seq, msg):
		return nil // the new owner gets it when this delivery has run out; or it is with the writer
	case ctx.Err() != nil:
		return unlessDone(ctx, msg.Nak())
	}
	token, keyed := tokenOf(msg.Subject())
	d := &delivery{term: t, msg: msg, seq: seq, id: msg.Headers().Get(jetstream.MsgIDHeader), token: token, keyed: keyed, body: msg.Data()}
	if len(d.body) == 0 {
		d.body = []byte("-") // no JSON either, and the inbox needs a byte
	}
	// A server that became the leader just now may have forgotten a delivery, and an acknowledgement, so its count alone says too little.
	if before := t.deliveredBefore(seq); before || meta.NumDelivered > 1 {
		over, err := w.settleBefore(ctx, d)
		if over || err != nil {
			return err
		}
	}
	switch w.turn(ctx, d) {
	case wait:
		return unlessDone(ctx, msg.NakWithDelay(t.dueIn(token)+w.again/8))
	case release:
		w.writer.Release(d.key())
	case admit:
	}
	return w.add(ctx, d)
}

// turn decides whether it is the item's turn.
func (w *worker) turn(ctx context.Context, d *delivery) verdict {
	v := d.term.arrive(d)
	if v != wait {
		return v
	}
	// What an earlier owner settles late is never delivered again: the stream knows what is left.
	first, err := w.job.items.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(d.msg.Subject()))
	if err != nil || !d.term.earliest(d, first.Sequence) {
		return wait
	}
	return d.term.arrive(d)
}

// add gives an item to the writer. One that the writer does not take stays in the stream.
func (w *worker) add(ctx context.Context, d *delivery) error {
	w.inbox.put(d)
	err := w.writer.Add(ctx, d.body)
	if err == nil {
		return nil
	}
	w.inbox.take(d.body)
	d.term.ended(d, true, false, time.Now())
	if nak := d.msg.Nak(); errors.Is(err, batch.ErrClosed) {
		return unlessDone(ctx, nak)
	}
	return unlessDone(ctx, err)
}

// unlessDone forgets errors of a worker that was told to stop.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// settleBefore looks at a message that may have been sent before: by a worker that died, or whose acknowledgement was lost. The bool is
// true if it needs no more.
func (w *worker) settleBefore(ctx context.Context, d *delivery) (bool, error) {
	_, err := w.job.results.GetLastMsgForSubject(ctx, w.job.resultSubject(d.id))
	suspect := d.term.suspect(d.seq)
	switch {
	case err == nil:
	case !errors.Is(err, jetstream.ErrMsgNotFound):
		_ = d.msg.NakWithDelay(w.again) // no answer now: it is asked again
		return true, nil
	case !suspect:
		return false, nil
	case d.term.openFor(w.job.lastCall()) > 0:
		// A server that became the leader just now delivers at once what another one had delivered. The call that carries the item may
		// be under way, and its outcome on its way here.
		return true, unlessDone(ctx, d.msg.NakWithDelay(d.term.openFor(w.job.lastCall())))
	case w.onUnknown == batch.ResendUnknown:
		d.afterUnknown = true
		return false, nil
	default:
		line := resultLine{ID: d.id, Outcome: caperrors.Unknown, Message: "its worker ended while a call with it was under way"}
		if err = w.settler.record(ctx, d, line, true); err != nil {
			return true, unlessDone(ctx, err)
		}
	}
	if err = d.msg.Ack(); err != nil {
		return true, unlessDone(ctx, err)
	}
	d.term.settled(d.seq)
	if d.term.gone(d) {
		w.writer.Release(d.key())
	}
	return true, nil
}

// key is what the engine keeps in order: the customer by the token of its subject.
func (d *delivery) key() string {
	if d == nil || !d.keyed {
		return ""
	}
	return d.token
}

// The rest guards a term's order and what it has out.

func (t *term) deliveredAgain(seq uint64, msg jetstream.Msg) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.out[seq]
	if d == nil {
		return false
	}
	d.msg = msg
	return true
}

func (t *term) delivered() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.top
}

// inherit notes a message that will be delivered again, unless it is with the writer.
func (t *term) inherit(subject string, seq uint64, due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if token, keyed := tokenOf(subject); keyed && t.out[seq] == nil {
		t.order.inherit(token, seq, due)
	}
}

// onlyLeft forgets what earlier owners left in flight and what is settled by now.
func (t *term) onlyLeft(there map[uint64]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.left, func(seq uint64, _ struct{}) bool { return !there[seq] })
}

// deliveredBefore reports whether a message may have been delivered in this term or an earlier one.
func (t *term) deliveredBefore(seq uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := seq <= t.top
	t.top = max(t.top, seq)
	return before
}

func (t *term) arrive(d *delivery) verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := admit
	if d.keyed {
		v = t.order.arrive(d.token, d.seq)
	}
	if v != wait {
		t.out[d.seq] = d
	}
	return v
}

// earliest reports whether the item is the customer's first that is left.
func (t *term) earliest(d *delivery, first uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order.earliest(d.token, first)
	return first == d.seq
}

// ended tells that an item is no longer with the writer, and reports whether its customer is to be released.
func (t *term) ended(d *delivery, again, held bool, due time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.out, d.seq)
	if !again {
		delete(t.refused, d.seq)
	}
	return d.keyed && t.order.ended(d.token, d.seq, again, held, due)
}

func (t *term) gone(d *delivery) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return d.keyed && t.order.gone(d.token, d.seq)
}

// refusedAgain counts how often the engine gave an item up for now.
func (t *term) refusedAgain(seq uint64) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused[seq]++
	return t.refused[seq]
}

func (t *term) dueIn(token string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.order.dueIn(token, time.Now())
}

func (t *term) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.out) > 0
}

func (t *term) heldKeys() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.order.held()
}

// messages returns the messages with the writer.
func (t *term) messages() []jetstream.Msg {
	t.mu.Lock()
	defer t.mu.Unlock()
	msgs := make([]jetstream.Msg, 0, len(t.out))
	for _, d := range t.out {
		msgs = append(msgs, d.msg)
	}
	return msgs
}

// ack acknowledges the last delivery of an item.
func (t *term) ack(d *delivery) error {
	t.mu.Lock()
	msg := d.msg
	t.mu.Unlock()
	return msg.Ack()
}

func (t *term) nak(d *delivery, delay time.Duration) error {
	t.mu.Lock()
	msg := d.msg
	t.mu.Unlock()
	return msg.NakWithDelay(delay)
}
