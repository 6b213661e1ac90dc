package errors

// statusPage returns the meaning of the codes that hold for every version: the
// API's status page, and what its pages on access, tokens and rates add.
func statusPage(c Code) (Meaning, bool) {
	switch c {
	case CodeSuccess:
		return Meaning{Kind: 0, Text: "every item was processed"}, true
	case CodePartial:
		return Meaning{Kind: ErrPartial, Text: "some items failed"}, true
	case CodeInvalidInput:
		return Meaning{Kind: ErrInvalid, Text: "input not valid"}, true
	case CodeUnauthenticated:
		return Meaning{Kind: ErrUnauthenticated, Text: "credentials or token not accepted"}, true
	case CodeForbidden:
		return Meaning{Kind: ErrPermission, Text: "version switched off, mandatory field missing, or access denied"}, true
	case CodeNotFound:
		return Meaning{Kind: ErrNotFound, Text: "resource unknown"}, true
	case CodeNotSupported:
		return Meaning{Kind: ErrUnsupported, Text: "operation not supported"}, true
	case CodeMediaType:
		return Meaning{Kind: ErrUnsupported, Text: "content type missing or not supported"}, true
	case CodeRateLimited:
		return Meaning{Kind: ErrTransient, Text: "too many calls a minute"}, true
	case CodeSearchBusy:
		return Meaning{Kind: ErrTransient, Text: "search engine busy"}, true
	case CodeTokenExpired:
		return Meaning{Kind: ErrUnauthenticated, Text: "token expired"}, true
	case CodeAllFailed:
		return Meaning{Kind: ErrPartial, Text: "every item failed"}, true
	case CodeAccessUnknown:
		return Meaning{Kind: ErrTransient, Text: "authorisation status not available"}, true
	case CodeCustomerBusy:
		return Meaning{Kind: ErrTransient, Text: "another action runs for the same customer"}, true
	case CodeBatchTooLarge:
		return Meaning{Kind: ErrOversize, Text: "too many items in one call"}, true
	case CodeLookupType:
		return Meaning{Kind: ErrMisconfigured, Text: "attribution lookup without its type"}, true
	case CodeTestControl:
		return Meaning{Kind: ErrMisconfigured, Text: "test or control status not valid"}, true
	case CodeOrgID:
		return Meaning{Kind: ErrMisconfigured, Text: "org id not valid"}, true
	case CodeAccessDenied:
		return Meaning{Kind: ErrPermission, Text: "access group denies the resource"}, true
	case CodeAccessCheckDown:
		return Meaning{Kind: ErrTransient, Text: "access check not available"}, true
	default:
		return Meaning{}, false
	}
}
