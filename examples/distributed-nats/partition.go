package main

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// partition takes a partition whenever it is this worker's to take, and gives it up when it no longer is.
func (w *worker) partition(ctx context.Context, p int) error {
	for {
		free, changed := w.members.free(p)
		if free {
			if err := w.hold(ctx, p); err != nil {
				return err
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // told to stop
		case free:
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

const (
	pullSize = 250
	pullWait = 500 * time.Millisecond // the longest that a partition's loop does not look up
)

// hold pulls the messages of a partition while it is this worker's. The server pins the first that pulls, so the others' pulls wait.
func (w *worker) hold(ctx context.Context, p int) error {
	consumer, err := w.job.consumer(ctx, p)
	if err != nil {
		pause(ctx, retryPause)
		return nil // the cluster may be electing a leader; the caller tries again
	}
	var t *term
	defer func() { w.giveUp(ctx, t) }()
	for ctx.Err() == nil && w.members.mine(p) && (t == nil || !t.isLost()) {
		messages, err := consumer.Fetch(pullSize, jetstream.FetchMaxWait(pullWait), jetstream.FetchPriorityGroup(pinGroup))
		if err != nil {
			pause(ctx, retryPause)
			continue
		}
		for msg := range messages.Messages() {
			if t == nil {
				if t, err = w.take(ctx, p); err != nil {
					_ = msg.Nak()
					return unlessDone(ctx, err)
				}
			}
			w.arrived.Store(time.Now().UnixNano())
			if err = w.accept(ctx, consumer, t, msg); err != nil {
				return err
			}
		}
		if messages.Error() != nil {
			pause(ctx, retryPause) // no leader for the moment, or the pin was another's
		}
	}
	return nil
}

// take makes this worker the partition's owner.
func (w *worker) take(ctx context.Context, p int) (*term, error) {
	t, err := takeOver(ctx, w.job.state, p, w.id)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.terms[p] = t
	w.mu.Unlock()
	w.share.moved(1)
	w.logger.Info("took partition", "partition", p, "in_flight_before", len(t.left))
	return t, nil
}

// inherit finds the messages that were delivered, to this worker or another, and are not settled: they will be delivered again, and
// later ones of their customers have to wait for them. The stream is a work queue, so that is every message still in it up to the last
// one delivered. What was in flight and is not in it any more was settled.
func (w *worker) inherit(ctx context.Context, consumer jetstream.Consumer, t *term) error {
	info, err := consumer.Info(ctx)
	if err != nil {
		return err
	}
	last := max(info.Delivered.Stream, t.delivered())
	due := time.Now().Add(w.job.ackWait())
	there := make(map[uint64]bool)
	for seq := uint64(1); seq <= last; seq++ {
		msg, err := w.job.items.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(info.Config.FilterSubject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return err
		}
		if seq = msg.Sequence; seq > last {
			break
		}
		there[seq] = true
		t.inherit(msg.Subject, seq, due)
	}
	t.onlyLeft(there)
	return nil
}

// giveUp ends an ownership: what is in flight is waited for, the rest goes back to the stream, then the partition is free for others.
func (w *worker) giveUp(ctx context.Context, t *term) {
	if t == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	t.leaving.Store(true)
	idle := time.NewTicker(retryPause / 2)
	defer idle.Stop()
	for !t.isLost() && t.busy() {
		<-idle.C // what is in flight ends within its own bounds, what is not ends with the next call
	}
	w.mu.Lock()
	delete(w.terms, t.partition)
	w.mu.Unlock()
	w.share.moved(-1)
	for _, token := range t.heldKeys() {
		w.writer.Release(token)
	}
	ctx, cancel := context.WithTimeout(ctx, w.job.longestSend())
	defer cancel()
	if err := t.release(ctx); err != nil {
		w.logger.Warn("partition lost", "partition", t.partition, "error", err)
		return
	}
	_ = w.job.items.UnpinConsumer(ctx, consumerName(t.partition), pinGroup) // else the pin ends by itself
	w.logger.Info("released partition", "partition", t.partition)
}
