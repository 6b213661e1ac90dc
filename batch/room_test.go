package batch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// lender is an endpoint that takes the engine's memory. It spoils that of the
// call before, which the engine may have used again.
type lender struct {
	endpoint
	appended [][]string // ids as they were told, by call; nil: none were
	sent     int        // calls through Send

	mu sync.Mutex
}

func (l *lender) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	l.mu.Lock()
	l.sent++
	l.mu.Unlock()
	return l.endpoint.Send(ctx, items)
}

func (l *lender) SendAppend(ctx context.Context, dst []caperrors.Verdict, items [][]byte, ids []string) ([]caperrors.Verdict, error) {
	l.mu.Lock()
	l.appended = append(l.appended, slices.Clone(ids))
	l.mu.Unlock()
	verdicts, err := l.endpoint.Send(ctx, items)
	for _, left := range dst[:cap(dst)] {
		if left.Outcome != 0 || left.Raw != nil || left.Message != "" {
			return nil, fmt.Errorf("memory with an old verdict: %v", left)
		}
	}
	for i := range verdicts {
		verdicts[i].Message = "about " + ids0(ids, i)
	}
	return append(dst, verdicts...), err
}

func ids0(ids []string, i int) string {
	if ids == nil {
		return "?"
	}
	return ids[i]
}

func (l *lender) Same(sender any) bool {
	same, ok := sender.(*lender)
	return ok && same == l
}

var _ batch.Appender = (*lender)(nil)

func newLender() *lender {
	return &lender{endpoint: endpoint{server: newServer()}}
}

func TestAppenderIsLentMemoryAndTold(t *testing.T) {
	t.Parallel()
	l := newLender()
	items := numbered(95)
	eng, err := batch.New(l, batch.Config[bill]{MaxItems: 10, MaxConcurrency: 3})
	require.NoError(t, err)
	rep, err := eng.Do(t.Context(), items)
	require.NoError(t, err)
	assertSound(t, l.server, items, rep)
	assert.Zero(t, l.sent)
	var told []string
	for _, ids := range l.appended {
		told = append(told, ids...)
	}
	assert.Len(t, told, len(items))
	for _, r := range rep.Results {
		assert.Contains(t, told, r.ID)
		assert.Equal(t, "about "+r.ID, r.Message, "each result keeps what was said of it")
	}
	assertIdle(t, eng)
}

// The id that the caller reads need not be the one that answers repeat.
func TestAppenderIsNotToldTheIDsOfTheCaller(t *testing.T) {
	t.Parallel()
	l := newLender()
	eng, err := batch.New(l, batch.Config[bill]{ID: func(b bill) string { return strings.Repeat(b.ID, 2) }})
	require.NoError(t, err)
	rep, err := eng.Do(t.Context(), numbered(12))
	require.NoError(t, err)
	assert.Equal(t, "1111", rep.Results[11].ID)
	for _, ids := range l.appended {
		assert.Nil(t, ids)
	}
}

// wrapper sends in its own way, and inherits SendAppend and Same.
type wrapper struct {
	*lender
	own int
}

func (w *wrapper) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	w.own++
	return w.lender.Send(ctx, items)
}

func TestSendOfAWrapperIsNotPassedBy(t *testing.T) {
	t.Parallel()
	w := &wrapper{lender: newLender()}
	eng, err := batch.New(w, batch.Config[bill]{})
	require.NoError(t, err)
	_, err = eng.Do(t.Context(), numbered(3))
	require.NoError(t, err)
	assert.Positive(t, w.own)
	assert.Empty(t, w.appended)
}

// panicking is an appender that goes on using its memory after a panic.
type panicking struct {
	*lender
	calls int
	kept  [][]byte
}

func (p *panicking) Same(any) bool { return true }

func (p *panicking) SendAppend(ctx context.Context, dst []caperrors.Verdict, items [][]byte, ids []string) ([]caperrors.Verdict, error) {
	p.calls++
	if p.calls == 1 {
		p.kept = items
		panic("in the middle")
	}
	if p.kept != nil && &p.kept[0] == &items[0] {
		return nil, errors.New("memory of a call that may be at work")
	}
	return p.lender.SendAppend(ctx, dst, items, ids)
}

func TestMemoryOfACallThatPanickedIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	p := &panicking{lender: newLender()}
	eng, err := batch.New(p, batch.Config[bill]{MaxItems: 4, MaxConcurrency: 1, Advanced: batch.Advanced{StartItems: 4}})
	require.NoError(t, err)
	rep, err := eng.Do(t.Context(), numbered(12))
	require.Error(t, err)
	assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 4, caperrors.Applied: 8}, outcomes(rep))
	assert.NotNil(t, p.kept[3])
}

// borrower takes the engine's memory, and checks that it is nobody else's
// meanwhile.
type borrower struct{ *shared }

func (b *borrower) Same(sender any) bool {
	same, ok := sender.(*borrower)
	return ok && same == b
}

func (b *borrower) SendAppend(ctx context.Context, dst []caperrors.Verdict, items [][]byte, ids []string) ([]caperrors.Verdict, error) {
	spoil := func(text string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.spoiled = text
	}
	if ids != nil {
		spoil("ids of a sender that tells none")
	}
	room, bodies := dst[:cap(dst)], bytes.Join(items, nil)
	for i := range room {
		if room[i].Outcome != 0 || room[i].Diagnostic != "" || room[i].Warnings != nil {
			spoil("an old verdict")
		}
		room[i].Diagnostic = "of nobody"
	}
	verdicts, err := b.Send(ctx, items)
	if !bytes.Equal(bodies, bytes.Join(items, nil)) {
		spoil("other items")
	}
	for i := range room {
		if room[i].Diagnostic != "of nobody" {
			spoil("another call's verdict")
		}
	}
	return append(dst, verdicts...), err
}
