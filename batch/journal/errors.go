package journal

import (
	"errors"
	"fmt"
)

// ErrLocked says that another process, or another Journal of this one, has the
// file open.
var ErrLocked = errors.New("in use by another load")

// ErrClosed is returned by a journal after Close.
var ErrClosed = errors.New("the journal is closed")

// ChangedError says that a journal belongs to another load: something of the
// identity is not what it was. Nothing was changed.
type ChangedError struct {
	Path     string // of the journal
	Name     string // which entry of the identity
	Was, Now string // empty: not there
}

// Error says what changed and what to do.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("journal %s belongs to another load: %s was %q and is %q now; "+
		"go on as that load was begun, or name another journal", e.Path, e.Name, e.Was, e.Now)
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
		"once the API was asked for what was sent", e.Path, e.Line, e.Offset, e.Reason)
}
