package journal

import (
	"encoding/json"
	"strconv"

	"github.com/capillary-go/capillary/batch"
)

// appendText appends a line as encoding/json writes it. Lines about items are
// many, and most items say little: those are written without reflection.
func appendText(dst []byte, l *line) ([]byte, error) {
	plain := l.Header == nil && l.Done == nil && l.Failed == nil && l.Mark == nil && l.Note == nil
	switch {
	case plain && len(l.Send) > 0 && len(l.Items) == 0:
		return appendSend(dst, l), nil
	case plain && len(l.Items) > 0 && len(l.Send) == 0 && l.At == 0:
		return appendItems(dst, l.Items)
	default:
		text, err := json.Marshal(l)
		return append(dst, text...), err
	}
}

func appendSend(dst []byte, l *line) []byte {
	dst = append(dst, '{')
	if l.At != 0 {
		dst = append(strconv.AppendInt(append(dst, `"at":`...), l.At, 10), ',')
	}
	dst = append(dst, `"send":[`...)
	for i, position := range l.Send {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(position), 10)
	}
	return append(dst, "]}"...)
}

func appendItems(dst []byte, items []batch.Entry) ([]byte, error) {
	dst = append(dst, `{"items":[`...)
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		e := &items[i]
		if !plainEntry(e) {
			text, err := json.Marshal(e)
			if err != nil {
				return dst, err
			}
			dst = append(dst, text...)
			continue
		}
		dst = appendEntry(dst, e)
	}
	return append(dst, "]}"...), nil
}

// plainEntry reports whether appendEntry can write an entry.
func plainEntry(e *batch.Entry) bool {
	return e.Kind == 0 && e.Message == "" && len(e.Warnings) == 0 && e.Diagnostic == "" && e.Stop == 0 && e.Cause == "" &&
		e.Scope.Version == "" && e.Scope.Entity == "" && e.Scope.Level == 0 && plainString(e.ID) && plainString(e.RequestID)
}

// plainString reports whether encoding/json writes a text as it is.
func plainString(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

func appendEntry(dst []byte, e *batch.Entry) []byte {
	dst = strconv.AppendInt(append(dst, `{"i":`...), int64(e.Index), 10)
	dst = appendString(dst, `,"id":"`, e.ID)
	if e.Open {
		dst = append(dst, `,"open":true`...)
	}
	dst = appendString(dst, `,"outcome":"`, e.Outcome.String())
	if e.AfterUnknown {
		dst = append(dst, `,"after_unknown":true`...)
	}
	dst = appendInt(dst, `,"attempts":`, e.Attempts)
	dst = appendInt(dst, `,"strikes":`, e.Strikes)
	dst = appendInt(dst, `,"code":`, int(e.Code))
	dst = appendString(dst, `,"request_id":"`, e.RequestID)
	return append(dst, '}')
}

func appendString(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return append(append(append(dst, name...), text...), '"')
}

func appendInt(dst []byte, name string, n int) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, name...), int64(n), 10)
}
