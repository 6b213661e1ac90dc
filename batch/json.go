package batch

import (
	"encoding/json"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// resultForm is a result for tools in other languages. What may tell of a
// person is left out or masked; the index leads to it.
type resultForm struct {
	Index        int                 `json:"index"`
	Outcome      caperrors.Outcome   `json:"outcome"`
	AfterUnknown bool                `json:"after_unknown,omitempty"`
	Unfinished   bool                `json:"unfinished,omitempty"`
	Attempts     int                 `json:"attempts"`
	Code         caperrors.Code      `json:"code,omitempty"`
	Kind         string              `json:"kind,omitempty"`
	Message      string              `json:"message,omitempty"`
	Warnings     []caperrors.Warning `json:"warnings,omitempty"`
	RequestID    string              `json:"request_id,omitempty"`
	Diagnostic   string              `json:"diagnostic,omitempty"`
	Error        any                 `json:"error,omitempty"`
}

// MarshalJSON returns the result as an object with stable names and masked
// text, without Item, ID, Key and Raw, which may tell of a person: Index leads
// to them. The schema stands in schema.json of package errors.
func (r Result[T]) MarshalJSON() ([]byte, error) {
	form := resultForm{
		Index: r.Index, Outcome: r.Outcome, AfterUnknown: r.AfterUnknown, Unfinished: r.Unfinished, Attempts: r.Attempts, Code: r.Code,
		Message: caperrors.Mask(r.Message), RequestID: caperrors.MaskRequestID(r.RequestID), Diagnostic: caperrors.Mask(r.Diagnostic),
	}
	if r.Kind != 0 {
		form.Kind = r.Kind.String()
	}
	if len(r.Warnings) > 0 {
		form.Warnings = caperrors.MaskWarnings(r.Warnings)
	}
	if r.Err != nil {
		form.Error = errorForm(r.Err)
	}
	return json.Marshal(form)
}

// progressForm is a progress for tools in other languages.
type progressForm struct {
	Started    time.Time `json:"started,omitzero"`
	Accepted   int       `json:"accepted"`
	Skipped    int       `json:"skipped,omitempty"`
	Applied    int       `json:"applied"`
	Duplicate  int       `json:"duplicate"`
	Refused    int       `json:"refused"`
	Unknown    int       `json:"unknown"`
	NotSent    int       `json:"not_sent"`
	Attempts   int       `json:"attempts"`
	Calls      int       `json:"calls"`
	Wasted     int       `json:"wasted"`
	InFlight   int       `json:"in_flight"`
	Lanes      int       `json:"lanes"`
	Limit      int       `json:"limit,omitempty"`
	Target     int       `json:"target,omitempty"`
	Loose      bool      `json:"loose,omitempty"`
	LimitBytes int       `json:"limit_bytes,omitempty"`
	HotKey     int       `json:"hot_key,omitempty"`
	Trouble    any       `json:"trouble,omitempty"`
}

// MarshalJSON returns the progress as an object with stable names. The schema
// stands in schema.json of package errors.
func (p Progress) MarshalJSON() ([]byte, error) {
	form := progressForm{
		Started: p.Started, Accepted: p.Accepted, Skipped: p.Skipped, Applied: p.Applied, Duplicate: p.Duplicate, Refused: p.Refused,
		Unknown: p.Unknown, NotSent: p.NotSent, Attempts: p.Attempts, Calls: p.Calls, Wasted: p.Wasted,
		InFlight: p.InFlight, Lanes: p.Lanes, Limit: p.Limit, Target: p.Target,
		Loose: p.Loose, LimitBytes: p.LimitBytes, HotKey: p.HotKey,
	}
	if p.Trouble != nil {
		form.Trouble = errorForm(p.Trouble)
	}
	return json.Marshal(form)
}

// errorForm returns what stands for an error: the types of package errors know
// their own form, another one is a masked text.
func errorForm(err error) any {
	if _, own := err.(json.Marshaler); own {
		return err
	}
	return caperrors.Mask(err.Error())
}
