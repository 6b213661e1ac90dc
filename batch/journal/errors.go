package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	caperrors "github.com/capillary-go/capillary/errors"
)

// ErrLocked says that another process, or another Journal of this one, has the
// file open.
var ErrLocked = errors.New("in use by another load")

// ErrClosed is returned by a journal after Close.
var ErrClosed = errors.New("the journal is closed")

// ChangedError says that a journal belongs to another load: something of the
// identity is not what it was. Nothing was changed. Text, log and JSON have Was
// and Now masked.
type ChangedError struct {
	Path     string // of the journal
	Name     string // which entry of the identity
	Was, Now string // empty: not there
}

// Error says what changed and what to do.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("journal %s belongs to another load: %s was %q and is %q now; "+
		"go on as that load was begun, or name another journal",
		e.Path, e.Name, caperrors.Mask(e.Was), caperrors.Mask(e.Now))
}

// Format prints the error's line whatever the verb.
func (e ChangedError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e ChangedError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("type", "journal-changed"), slog.String("path", e.Path), slog.String("name", e.Name),
		slog.String("was", caperrors.Mask(e.Was)), slog.String("now", caperrors.Mask(e.Now)))
}

// MarshalJSON returns the error as an object with stable names and masked text.
func (e ChangedError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type string `json:"type"`
		Path string `json:"path"`
		Name string `json:"name"`
		Was  string `json:"was"`
		Now  string `json:"now"`
	}{"journal-changed", e.Path, e.Name, caperrors.Mask(e.Was), caperrors.Mask(e.Now)})
}

// CorruptError says that a journal is damaged where it must not be: a run that
// went on from it could send again what was applied. Nothing was changed.
type CorruptError struct {
	Path   string // of the journal
	Line   int    // from 1
	Offset int64  // of the line's first byte
	Reason string // what is wrong there
}

// Error says where, why, and what to do.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal %s is damaged at line %d (byte %d): %s; to go on from it could send items twice. "+
		"Put back an undamaged copy of this very state, or begin a new journal with what has no result yet, "+
		"once the API was asked for what was sent", e.Path, e.Line, e.Offset, caperrors.Mask(e.Reason))
}

// Format prints the error's line whatever the verb.
func (e CorruptError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e CorruptError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("type", "journal-corrupt"), slog.String("path", e.Path), slog.Int("line", e.Line),
		slog.Int64("offset", e.Offset), slog.String("reason", caperrors.Mask(e.Reason)))
}

// MarshalJSON returns the error as an object with stable names and masked text.
func (e CorruptError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type   string `json:"type"`
		Path   string `json:"path"`
		Line   int    `json:"line"`
		Offset int64  `json:"offset"`
		Reason string `json:"reason"`
	}{"journal-corrupt", e.Path, e.Line, e.Offset, caperrors.Mask(e.Reason)})
}

// formatLine is what an error prints for every verb. Without it %#v and %d would
// print its fields one by one.
func formatLine(f fmt.State, verb rune, line string) {
	if verb == 'q' {
		line = strconv.Quote(line)
	}
	_, _ = io.WriteString(f, line)
}
