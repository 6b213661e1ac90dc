package wire

import (
	"bytes"
	"errors"

	caperrors "github.com/capillary-go/capillary/errors"
)

// reasonPage is what [notJSON] says of the pages that come most.
const reasonPage = "an HTML page"

// isXML reports whether an answer is to be read as XML: it was asked for, or
// the body is a v1.1 answer in XML whatever was asked for, as some refusals
// are. The content type is not asked; the API and what stands before it label
// bodies wrongly.
func isXML(h *HTTP, c *Call) bool {
	return c.Dialect == V1XML || c.Dialect != 0 && isEnvelopeXML(h.Body)
}

// readXML reads an answer in XML: it becomes JSON, which the rules of [V1JSON]
// judge. See [xmlTree.json] for what it looks like then.
func readXML(h HTTP, c Call) (Reply, error) {
	if c.Dialect != V1XML && c.Dialect != V1JSON {
		// Only v1.1 has items in XML; elsewhere it is a refusal at most.
		c = Call{Version: c.Version, Entity: c.Entity, Count: c.Count, Open: c.Open, Oversize: c.Oversize, Replay: c.Replay}
	}
	c.Dialect = V1JSON
	body := afterBOM(h.Body)
	if !bytes.HasPrefix(body, []byte("<")) {
		return Read(h, c) // a gateway answers JSON whatever was asked for
	}
	skipped := len(h.Body) - len(body)
	tree, fault := readTree(body)
	if fault != nil {
		reason := fault.reason
		if notJSON(h.Body, fault) == reasonPage {
			reason = reasonPage
		}
		return Reply{}, decodeError(&h, int64(skipped+fault.offset), reason)
	}
	if !isTop(tree.nameOf(tree.top())) {
		return Reply{}, decodeError(&h, -1, reasonTop)
	}
	answer := h
	answer.Body = tree.json()
	reply, err := Read(answer, c)
	var decode *caperrors.DecodeError
	if errors.As(err, &decode) {
		// The caller knows the body that came, not what was made of it.
		return Reply{}, decodeError(&h, -1, decode.Reason)
	}
	return reply, err
}

func isTop(name string) bool { return name == "response" || name == "root" }

// isEnvelopeXML reports whether a body is XML with response or root at its top.
func isEnvelopeXML(body []byte) bool {
	rest := afterBOM(body)
	for {
		switch {
		case bytes.HasPrefix(rest, []byte("<?")):
			_, rest, _ = bytes.Cut(rest, []byte("?>"))
		case bytes.HasPrefix(rest, []byte("<!--")):
			_, rest, _ = bytes.Cut(rest, []byte("-->"))
		case bytes.HasPrefix(rest, []byte("<")):
			end := bytes.IndexAny(rest, xmlSpace+"/>")
			return end > 0 && isTop(string(rest[1:end]))
		default:
			return false
		}
		rest = bytes.TrimLeft(rest, xmlSpace)
	}
}

// afterBOM cuts off what may stand before a body.
func afterBOM(body []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), xmlSpace)
}
