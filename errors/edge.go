package errors

// EdgeStatus returns what the HTTP status of an answer proves if its body is
// not the API's: a page of a gateway, or nothing that can be read. The outcome
// is Refused if nothing was done, else Unknown: a 502, 504, 520 or 524 of the
// edge says that it lost sight of the server, not what the server did.
func EdgeStatus(status int) (Kind, Outcome) {
	switch status {
	case 429, 503, 521:
		return ErrTransient, Refused
	case 413:
		return ErrOversize, Refused
	case 401:
		return ErrUnauthenticated, Refused
	case 403:
		return ErrPermission, Refused
	case 404:
		return ErrNotFound, Refused
	case 405, 415:
		return ErrUnsupported, Refused
	case 400, 422:
		return ErrInvalid, Refused
	default:
		return 0, Unknown
	}
}
