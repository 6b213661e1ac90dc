package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	caperrors "github.com/capillary-go/capillary/errors"
)

// plainCause returns what may stand in an error as the cause of a failure that
// is not the caller's context. It has no [url.Error], whose text is the whole
// URL, no text that looks like an address with a secret, and is never mistaken
// for the end of the caller's context: a dialer's own time-out would be.
func plainCause(err error) error {
	var outer *url.Error
	for errors.As(err, &outer) {
		err = outer.Err
	}
	text := err.Error()
	switch {
	case isOurs(err):
		return err
	case mayHoldSecret(text):
		return errors.New(redact(text))
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return errors.New(text)
	default:
		return err
	}
}

// plainCause also hides what the request wants hidden. A server that speaks no
// HTTP is quoted by errors of net/http.
func (req *Request) plainCause(err error) error {
	err = plainCause(err)
	switch text := err.Error(); {
	case isOurs(err):
		return err
	case !isOfNetwork(err) && quotes(text, req.Body):
		return errQuoted
	case req.hide(text) != text:
		return errors.New(req.hide(text))
	default:
		return err
	}
}

// isOfNetwork reports whether an error tells of addresses and system calls, and
// not of what a server wrote.
func isOfNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

// errQuoted stands for an error that quotes what was sent.
var errQuoted = errors.New("the connection failed with a text that quotes the request")

func (req *Request) hide(text string) string {
	if req.Hide == nil || text == "" {
		return text
	}
	return req.Hide(text)
}

// isOurs reports whether the error is one of this module's, whose text is masked.
func isOurs(err error) bool {
	var (
		call     *caperrors.CallError
		request  *caperrors.RequestError
		decode   *caperrors.DecodeError
		sending  *caperrors.TransportError
		argument *caperrors.ArgumentError
		asking   *caperrors.CredentialsError
	)
	return errors.As(err, &asking) || errors.As(err, &call) || errors.As(err, &request) || errors.As(err, &decode) ||
		errors.As(err, &sending) || errors.As(err, &argument)
}

// mayHoldSecret reports whether a text has a URL, a query or user information.
func mayHoldSecret(text string) bool {
	return strings.Contains(text, "://") || strings.ContainsAny(text, "?@")
}

// redact replaces what is quoted in a text, and each word that may hold a
// secret.
func redact(text string) string {
	if first, last := strings.IndexByte(text, '"'), strings.LastIndexByte(text, '"'); first < last {
		text = text[:first] + "***" + text[last+1:]
	}
	words := strings.Fields(text)
	for i, word := range words {
		if mayHoldSecret(word) {
			words[i] = "***"
		}
	}
	return strings.Join(words, " ")
}

// checkHeader finds what net/http would refuse at each attempt anew. The value
// may be a secret and is not told.
func checkHeader(header http.Header) error {
	for name, values := range header {
		if !isToken(name) {
			return &caperrors.ArgumentError{Field: "Header", Index: -1, Reason: "a name has a character that HTTP does not allow"}
		}
		for _, value := range values {
			if !isFieldValue(value) {
				return &caperrors.ArgumentError{
					Field: "Header " + name, Index: -1, Reason: "the value has a control character",
				}
			}
		}
	}
	return nil
}

// isToken follows RFC 9110, section 5.6.2.
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		if !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

func isFieldValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
