package wire

// The diagnostics of an item. They are constants: an answer of thousands of
// odd items costs no texts.
const (
	diagNoStatus       = "the item has no status"
	diagFlagsClash     = "the item's two success flags contradict each other"
	diagFlagTrue       = "the success flag is true beside the code of a failure"
	diagFlagFalse      = "the success flag is false beside the code of a success"
	diagNoVerdict      = "the item's status has neither a known code nor a success flag"
	diagResultError    = "carries a result beside its error"
	diagErrorsDisagree = "its errors disagree about the outcome"
	diagDenied         = "a warning says that it was not done"
	diagSuccessFalse   = "the success flag is false without an error"
	diagResultFalse    = "the result is false without an error"
	diagRequestFailed  = "the item has no status; the request's code says that every item failed"
	diagWarningsCut    = "more than 64 warnings; the rest is left out"
	diagChildren       = "some of its child entities failed"
	diagPartFailed     = "some of its parts failed; the warnings say which"
	diagHTTPApplied    = "the HTTP status tells an error beside a result"
	diagErrorText      = "a member error holds a text under a status that tells success"
	diagEmpty          = "the answer is an empty object"
	diagRemarksAlone   = "the answer speaks of the call alone, not of the thing"
	diagNotAnswered    = "not found in the answer"
	diagAllPartsFailed = "its own status tells success, but all of its parts failed"
	diagTransientMade  = "an error says that it can be tried again, but something was made"
	diagNoStatusAtAll  = "the answer has no status; that it is there decides"
	diagBusyOutweighs  = "a warning says that another action runs for the customer; it outweighs the error"
	diagNotCounted     = "the lists and counters of the answer do not tell what became of it"
)

// remark adds to a diagnostic.
func remark(have, text string) string {
	if have == "" {
		return text
	}
	return have + "; " + text
}
