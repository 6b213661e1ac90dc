package client

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/capillary-go/capillary/internal/wire"
)

// secrets are the client's credentials in the form in which they go over the
// wire: an answer may quote what it was sent. It is held by pointer, because
// package fmt prints what an unexported field holds, but not what it points to.
type secrets struct {
	parent *secrets            // of the client that this one was made from; may be nil
	forms  []string            // given to New or With
	hide   func(string) string // is blank, bound once

	mu      sync.Mutex               // held to learn
	learned atomic.Pointer[[]string] // came later, the last ones
}

// maxLearned is room for the forms of a key, a secret and a token, and of those
// before, which calls under way may still quote.
const maxLearned = 16

// learn adds credentials that came after New: tokens, and what a function gave.
// Those that came longest ago are forgotten first.
func (s *secrets) learn(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var known []string
	if old := s.learned.Load(); old != nil {
		known = slices.Clone(*old)
	}
	for _, secret := range secrets {
		forms := formsOf(secret)
		known = slices.DeleteFunc(known, func(form string) bool { return slices.Contains(forms, form) })
		known = append(known, forms...)
	}
	known = known[max(len(known)-maxLearned, 0):]
	s.learned.Store(&known)
}

func deriveSecrets(parent *secrets) *secrets {
	s := &secrets{parent: parent}
	s.hide = s.blank
	return s
}

// newSecrets returns those of a configuration, and the caller's own headers in a
// call's header, which may be keys.
func newSecrets(cfg *config, header http.Header) *secrets {
	s := deriveSecrets(nil)
	if cfg.basic != nil {
		s.add(cfg.basic.secrets...)
	}
	if cfg.oauth != nil {
		s.add(cfg.oauth.secret, cfg.oauth.key)
	}
	s.addHeader(header)
	return s
}

func (s *secrets) add(secrets ...string) {
	for _, secret := range secrets {
		s.forms = append(s.forms, formsOf(secret)...)
	}
}

// formsOf returns the forms in which a text may quote a secret: as it is, and as
// some servers write a slash in JSON. The padding of base64 is left out, since
// some write that in another way, too.
func formsOf(secret string) []string {
	if bare := strings.TrimRight(secret, "="); len(bare) >= shortestKey {
		secret = bare
	}
	if strings.Contains(secret, "/") {
		return []string{secret, strings.ReplaceAll(secret, "/", `\/`)}
	}
	return []string{secret}
}

// shortestKey is the length from which on a header of the caller's own is taken
// for a key. Shorter ones are words, which texts may hold by themselves.
const shortestKey = 8

func (s *secrets) addHeader(header http.Header) {
	for name, values := range header {
		if checkHeaderName(name) != "" {
			continue // not the caller's
		}
		for _, value := range values {
			if len(value) >= shortestKey {
				s.add(value)
			}
		}
	}
}

// blank replaces the secrets in a text. A text without any, which is every text
// but a few, costs no allocation.
func (s *secrets) blank(text string) string {
	if s == nil {
		return text
	}
	text = blank(s.parent.blank(text), s.forms)
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
// or a log. Raw is the caller's, and excerpts were blanked before they were cut.
func (s *secrets) redact(reply *wire.Reply) {
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
