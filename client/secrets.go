package client

import (
	"errors"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// newRedactor returns what blanks the client's credentials in texts of the
// server: an answer may quote what it was sent.
func newRedactor(cfg *config) *strings.Replacer {
	var pairs []string
	hide := func(secrets ...string) {
		for _, secret := range secrets {
			if secret != "" {
				pairs = append(pairs, secret, "***")
			}
		}
	}
	if cfg.basic != nil {
		hide(cfg.basic.secrets...)
	}
	if cfg.oauth != nil {
		hide(cfg.oauth.secret, cfg.oauth.key)
	}
	return strings.NewReplacer(pairs...)
}

// redact blanks credentials in every text of an answer that may enter an error
// or a log. Raw is the caller's.
func redact(r *strings.Replacer, reply *wire.Reply, err error) {
	if r == nil {
		return
	}
	var decode *caperrors.DecodeError
	if errors.As(err, &decode) {
		decode.Excerpt = r.Replace(decode.Excerpt)
	}
	if reply.Refusal != nil {
		reply.Refusal.Message = r.Replace(reply.Refusal.Message)
	}
	for i := range reply.Verdicts {
		v := &reply.Verdicts[i]
		if v.Message != "" {
			v.Message = r.Replace(v.Message)
		}
		for k := range v.Warnings {
			if w := &v.Warnings[k]; w.Message != "" {
				w.Message = r.Replace(w.Message)
			}
		}
	}
}
