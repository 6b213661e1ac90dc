package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/capillary-go/capillary/batch"
)

// fateLog has one line for each accepted bill, whether or not a caller waited for its fate: what was refused or is unknown must be found
// again. A bill's number is in it, its customer is not. Only the writer's result function writes to it, one call at a time.
type fateLog struct{ out io.Writer }

func (l *fateLog) write(r *batch.Result[bill]) {
	line := struct {
		Time      time.Time `json:"time"`
		Number    string    `json:"number"`
		Outcome   string    `json:"outcome"`
		Code      int       `json:"code,omitempty"`
		Kind      string    `json:"kind,omitempty"`
		Attempts  int       `json:"attempts"`
		RequestID string    `json:"request_id,omitempty"` // the API's, for its support
	}{time.Now().UTC(), r.ID, r.Outcome.String(), int(r.Code), "", r.Attempts, r.RequestID}
	if r.Kind != 0 {
		line.Kind = r.Kind.String()
	}
	_ = json.NewEncoder(l.out).Encode(line) // nobody to tell: standard output is gone
}
