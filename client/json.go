package client

import (
	"encoding/json"

	caperrors "github.com/capillary-go/capillary/errors"
)

// responseForm is a response for tools in other languages.
type responseForm struct {
	Outcome      caperrors.Outcome   `json:"outcome"`
	Code         caperrors.Code      `json:"code,omitempty"`
	Message      string              `json:"message,omitempty"`
	Warnings     []caperrors.Warning `json:"warnings,omitempty"`
	Items        []caperrors.Verdict `json:"items,omitempty"`
	HTTPStatus   int                 `json:"http_status"`
	RequestID    string              `json:"request_id,omitempty"`
	Attempts     int                 `json:"attempts"`
	AfterUnknown bool                `json:"after_unknown,omitempty"`
	Diagnostics  []string            `json:"diagnostics,omitempty"`
}

// MarshalJSON returns the response as an object with stable names and masked
// text, without Raw, which may tell of a person. The schema stands in
// schema.json of package errors.
func (r Response) MarshalJSON() ([]byte, error) {
	form := responseForm{
		Outcome: r.Outcome, Code: r.Code, Message: caperrors.Mask(r.Message), Items: r.Items, HTTPStatus: r.HTTPStatus,
		RequestID: caperrors.MaskRequestID(r.RequestID), Attempts: r.Attempts, AfterUnknown: r.AfterUnknown,
		Diagnostics: maskAll(r.Diagnostics),
	}
	if len(r.Warnings) > 0 {
		form.Warnings = caperrors.MaskWarnings(r.Warnings)
	}
	return json.Marshal(form)
}

// batchForm is a batch for tools in other languages.
type batchForm struct {
	Verdicts     []caperrors.Verdict `json:"verdicts"`
	RequestID    string              `json:"request_id,omitempty"`
	Attempts     int                 `json:"attempts"`
	AfterUnknown bool                `json:"after_unknown,omitempty"`
	Diagnostics  []string            `json:"diagnostics,omitempty"`
}

// MarshalJSON returns the batch as an object with stable names and masked text.
// The schema stands in schema.json of package errors.
func (b Batch) MarshalJSON() ([]byte, error) {
	verdicts := b.Verdicts
	if verdicts == nil {
		verdicts = []caperrors.Verdict{}
	}
	return json.Marshal(batchForm{
		Verdicts: verdicts, RequestID: caperrors.MaskRequestID(b.RequestID), Attempts: b.Attempts,
		AfterUnknown: b.AfterUnknown, Diagnostics: maskAll(b.Diagnostics),
	})
}

func maskAll(texts []string) []string {
	masked := make([]string, len(texts))
	for i, text := range texts {
		masked[i] = caperrors.Mask(text)
	}
	return masked
}
