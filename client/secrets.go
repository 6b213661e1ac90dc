package client

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// secrets are the client's credentials in the form in which they go over the
// wire: an answer may quote what it was sent. It is held by pointer, because
// package fmt prints what an unexported field holds, but not what it points to.
type secrets struct {
	forms []string // given to New

	mu      sync.Mutex               // held to learn
	learned atomic.Pointer[[]string] // came later, the last ones
}

// maxLearned is room for a key, a secret and a token, and those before, which
// calls under way may still quote.
const maxLearned = 8

// learn adds credentials that came after New: tokens, and what a function gave.
func (s *secrets) learn(forms ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var known []string
	if old := s.learned.Load(); old != nil {
		known = slices.Clone(*old)
	}
	for _, form := range forms {
		if !slices.Contains(known, form) {
			known = append(known, form)
		}
	}
	known = known[max(len(known)-maxLearned, 0):]
	s.learned.Store(&known)
}

func newSecrets(cfg *config) *secrets {
	s := &secrets{}
	if cfg.basic != nil {
		s.forms = append(s.forms, cfg.basic.secrets...)
	}
	if cfg.oauth != nil {
		s.forms = append(s.forms, cfg.oauth.secret, cfg.oauth.key)
	}
	return s
}

// blank replaces the secrets in a text. A text without any, which is every text
// but a few, costs no allocation.
func (s *secrets) blank(text string) string {
	text = blank(text, s.forms)
	if learned := s.learned.Load(); learned != nil {
		text = blank(text, *learned)
	}
	return text
}

func blank(text string, forms []string) string {
	for _, secret := range forms {
		if len(text) >= len(secret) && strings.Contains(text, secret) {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// redact blanks the secrets in every text of an answer that may enter an error
// or a log. Raw is the caller's.
func (s *secrets) redact(reply *wire.Reply, err error) {
	if s == nil {
		return
	}
	var decode *caperrors.DecodeError
	if errors.As(err, &decode) {
		decode.Excerpt = s.blank(decode.Excerpt)
	}
	if reply.Refusal != nil {
		reply.Refusal.Message = s.blank(reply.Refusal.Message)
	}
	for i := range reply.Verdicts {
		v := &reply.Verdicts[i]
		v.Message = s.blank(v.Message)
		for k := range v.Warnings {
			v.Warnings[k].Message = s.blank(v.Warnings[k].Message)
		}
	}
}
