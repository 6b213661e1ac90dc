package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// resultLine is the outcome of one item, as the stream of results keeps it.
type resultLine struct {
	ID           string            `json:"id"`   // of the item in the job
	Bill         string            `json:"bill"` // its natural id
	Outcome      caperrors.Outcome `json:"outcome"`
	Code         caperrors.Code    `json:"code,omitempty"`
	Message      string            `json:"message,omitempty"`
	Attempts     int               `json:"attempts"`
	AfterUnknown bool              `json:"after_unknown,omitempty"`
	Transient    bool              `json:"transient,omitempty"` // refused for now to the end
	RequestID    string            `json:"request_id,omitempty"`
}

// settler brings each result of the engine to its place: the outcome into the stream of results, what nobody can load into that of dead
// letters, and what can go later back to the stream of items. Only then is the message acknowledged.
type settler struct {
	w     *worker
	queue chan settling
	over  chan struct{}
}

// settling is a result on its way.
type settling struct {
	d    *delivery
	line resultLine
	dead bool                   // its body goes to the dead letters
	held bool                   // the writer holds its customer
	ack  jetstream.PubAckFuture // of the line; nil: not published yet
	till time.Time              // how long ack is waited for
}

// maxSettling bounds the results on their way. It is below what the client of the server allows in flight.
const maxSettling = 2000

func newSettler(w *worker) *settler {
	s := &settler{w: w, queue: make(chan settling, maxSettling), over: make(chan struct{})}
	go s.run()
	return s
}

// result takes a result of the writer.
func (s *settler) result(_ context.Context, r batch.Result[json.RawMessage]) {
	d := s.w.inbox.take(r.Item)
	if d.kept {
		d.term.ended(d, false, false, time.Time{})
		if !d.term.isLost() {
			_ = d.term.nak(d, 0) // a lost one comes again when its delivery has run out
		}
		return // its new owner settles it
	}
	what := r.Settlement()
	if what == batch.Again && r.Outcome == caperrors.Refused && r.Kind == caperrors.ErrTransient &&
		d.term.refusedAgain(d.seq) >= s.w.rounds {
		what = batch.DeadLetter
		if d.afterUnknown {
			what, r.Outcome = batch.Undecided, caperrors.Unknown // what became of the time before, nobody knows
		}
	}
	line := resultLine{
		ID: d.id, Bill: r.ID, Outcome: r.Outcome, Code: r.Code, Message: r.Message, Attempts: r.Attempts,
		AfterUnknown: r.AfterUnknown || d.afterUnknown, RequestID: r.RequestID,
		Transient: what == batch.DeadLetter && r.Kind == caperrors.ErrTransient,
	}
	switch what {
	case batch.Again:
		s.again(d)
		return
	case batch.DeadLetter:
		line.Outcome = caperrors.Refused
	case batch.Done, batch.Undecided:
	}
	if line.Message == "" && r.Err != nil {
		line.Message = r.Err.Error() // why no answer speaks of it
	}
	next := settling{d: d, line: line, dead: what != batch.Done, held: what == batch.Undecided || line.Transient}
	if !next.dead {
		// One after another would take a round trip each.
		if ack, err := s.w.job.js.PublishMsgAsync(s.message(line), jetstream.WithExpectLastSequencePerSubject(0)); err == nil {
			next.ack, next.till = ack, time.Now().Add(publishWait)
		}
	}
	s.queue <- next
}

// again has a message delivered again, later. If its partition is lost it is the new owner's.
func (s *settler) again(d *delivery) {
	delay := s.w.again
	if d.term.leaving.Load() {
		delay = 0
	}
	due := time.Now().Add(delay)
	if d.term.isLost() {
		d.term.ended(d, true, true, due)
		return
	}
	if d.term.ended(d, true, true, due) {
		s.w.writer.Release(d.key())
	}
	_ = d.term.nak(d, delay) // a lost one comes again when its delivery has run out
}

func (s *settler) message(line resultLine) *nats.Msg {
	text, _ := json.Marshal(line) // strings and numbers cannot fail
	return &nats.Msg{Subject: s.w.job.resultSubject(line.ID), Data: text}
}

// run settles one result after another until the queue is closed.
func (s *settler) run() {
	defer close(s.over)
	for next := range s.queue {
		if !s.arrived(next) {
			ctx, cancel := context.WithTimeout(context.Background(), s.w.job.ackWait())
			err := s.record(ctx, next.d, next.line, next.dead)
			cancel()
			if err != nil {
				// It stays noted as in flight and comes again; its next owner reports it as unknown.
				s.w.logger.Error("no outcome kept", "id", next.d.id, "error", err)
				next.d.term.ended(next.d, true, next.held, time.Now())
				continue
			}
		}
		_ = next.d.term.ack(next.d) // a lost one: it comes again, and its outcome is found
		next.d.term.settled(next.d.seq)
		if next.d.term.ended(next.d, false, next.held, time.Time{}) {
			s.w.writer.Release(next.d.key())
		}
	}
}

// arrived reports whether a line that was published is there.
func (s *settler) arrived(next settling) bool {
	if next.ack == nil {
		return false
	}
	timer := time.NewTimer(time.Until(next.till))
	defer timer.Stop()
	select {
	case <-next.ack.Ok():
		return true
	case err := <-next.ack.Err():
		return isThere(err)
	case <-timer.C:
		return false
	}
}

// record keeps the outcome of an item, and before it the body of one that was not loaded. It tries until ctx ends.
func (s *settler) record(ctx context.Context, d *delivery, line resultLine, dead bool) error {
	if dead {
		msg := nats.NewMsg(s.w.job.deadSubject(line.Outcome.String(), d.id))
		msg.Data = d.body
		msg.Header.Set("Capillary-Id", d.id)
		msg.Header.Set("Capillary-Reason", caperrors.Mask(line.Message))
		if err := s.publish(ctx, msg); err != nil {
			return err
		}
	}
	return s.publish(ctx, s.message(line))
}

// publish stores a message of which there is one for each subject.
func (s *settler) publish(ctx context.Context, msg *nats.Msg) error {
	return ask(ctx, func(ctx context.Context) error {
		if _, err := s.w.job.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0)); !isThere(err) {
			return err
		}
		return nil
	})
}

// isThere reports whether a subject has its message already: the item has an outcome, and the first one stands.
func isThere(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// close waits until every result is settled. The writer must have been closed.
func (s *settler) close() {
	close(s.queue)
	<-s.over
}
