package errors

// statusPage returns the meaning of the codes that hold for every version: the
// API's status page, and what its pages on access, tokens and rates add.
func statusPage(c Code) (Meaning, bool) {
	switch c {
	case CodeSuccess:
		return Meaning{0, "every item was processed"}, true
	case CodePartial:
		return Meaning{ErrPartial, "some items failed"}, true
	case CodeInvalidInput:
		return Meaning{ErrInvalid, "input not valid"}, true
	case CodeUnauthenticated:
		return Meaning{ErrUnauthenticated, "credentials or token not accepted"}, true
	case CodeForbidden:
		return Meaning{ErrPermission, "version switched off, mandatory field missing, or access denied"}, true
	case CodeNotFound:
		return Meaning{ErrNotFound, "resource unknown"}, true
	case CodeNotSupported:
		return Meaning{ErrUnsupported, "operation not supported"}, true
	case CodeMediaType:
		return Meaning{ErrUnsupported, "content type missing or not supported"}, true
	case CodeRateLimited:
		return Meaning{ErrTransient, "too many calls a minute"}, true
	case CodeSearchBusy:
		return Meaning{ErrTransient, "search engine busy"}, true
	case CodeTokenExpired:
		return Meaning{ErrUnauthenticated, "token expired"}, true
	case CodeAllFailed:
		return Meaning{ErrPartial, "every item failed"}, true
	case CodeAccessUnknown:
		return Meaning{ErrTransient, "authorisation status not available"}, true
	case CodeCustomerBusy:
		return Meaning{ErrTransient, "another action runs for the same customer"}, true
	case CodeBatchTooLarge:
		return Meaning{ErrOversize, "too many items in one call"}, true
	case CodeLookupType:
		return Meaning{ErrMisconfigured, "attribution lookup without its type"}, true
	case CodeTestControl:
		return Meaning{ErrMisconfigured, "test or control status not valid"}, true
	case CodeOrgID:
		return Meaning{ErrMisconfigured, "org id not valid"}, true
	case CodeAccessDenied:
		return Meaning{ErrPermission, "access group denies the resource"}, true
	case CodeAccessCheckDown:
		return Meaning{ErrTransient, "access check not available"}, true
	default:
		return Meaning{}, false
	}
}
