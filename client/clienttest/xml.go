package clienttest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

const typeXML = "application/xml"

// sendsXML tells whether the body of a v1.1 call is XML; nothing else takes it.
func sendsXML(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (media == typeXML || media == "text/xml")
}

// asksXML tells whether a call wants its answer in XML.
func asksXML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), typeXML) }

// speak turns an answer into XML if the call asked for it.
func (c *call) speak(rep reply) reply {
	if c.xml && rep.contentType == typeJSON {
		rep.contentType, rep.body = typeXML, answerXML(rep.body)
	}
	return rep
}

// answerXML returns one of the simulator's own answers in XML: a member is an element, a list as many elements as it has values.
func answerXML(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if _, err := dec.Token(); err == nil {
		appendMembers(&b, dec)
	}
	return b.Bytes()
}

// appendMembers reads up to the end of the object that dec is in.
func appendMembers(b *bytes.Buffer, dec *json.Decoder) {
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return
		}
		if word, ok := name.(string); ok {
			appendElement(b, dec, word)
		}
	}
	_, _ = dec.Token()
}

func appendElement(b *bytes.Buffer, dec *json.Decoder, name string) {
	token, err := dec.Token()
	switch value := token.(type) {
	case json.Delim:
		if value == '[' {
			for dec.More() {
				appendElement(b, dec, name)
			}
			_, _ = dec.Token()
			return
		}
		b.WriteString("<" + name + ">")
		appendMembers(b, dec)
	case string:
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(b, []byte(value))
	case json.Number:
		b.WriteString("<" + name + ">" + value.String())
	case bool:
		b.WriteString("<" + name + ">")
		if value {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	default:
		if err != nil {
			return
		}
		b.WriteString("<" + name + ">")
	}
	b.WriteString("</" + name + ">")
}

// maxXMLDepth bounds the work on one body: each level is copied once.
const maxXMLDepth = 100

var errXML = errors.New("body is not XML of the form this call takes")

// requestJSON returns an XML body as the JSON that says the same: an element with elements in it is an object, several of one name are a
// list, any other is a text.
func requestJSON(body []byte) ([]byte, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	var root json.RawMessage
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, errXML
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root != nil {
			return nil, errXML
		}
		value, err := elementJSON(dec, 0)
		if err != nil {
			return nil, err
		}
		root = objectJSON([]string{start.Name.Local}, map[string][]json.RawMessage{start.Name.Local: {value}})
	}
}

// readXML is requestJSON for a body that may not have come whole.
func readXML(body []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return requestJSON(body)
}

// elementJSON reads up to the end of the element that dec is in.
func elementJSON(dec *xml.Decoder, depth int) (json.RawMessage, error) {
	if depth > maxXMLDepth {
		return nil, errXML
	}
	var names []string
	values := map[string][]json.RawMessage{}
	var text []byte
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, errXML
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			value, err := elementJSON(dec, depth+1)
			if err != nil {
				return nil, err
			}
			if values[name] == nil {
				names = append(names, name)
			}
			values[name] = append(values[name], value)
		case xml.CharData:
			text = append(text, token...)
		case xml.EndElement:
			if names == nil {
				return appendText(nil, string(bytes.TrimSpace(text))), nil
			}
			return objectJSON(names, values), nil
		}
	}
}

func objectJSON(names []string, values map[string][]json.RawMessage) json.RawMessage {
	b := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		if list := values[name]; len(list) == 1 {
			b = append(b, list[0]...)
		} else {
			b = append(b, '[')
			b = append(b, bytes.Join(asBytes(list), []byte{','})...)
			b = append(b, ']')
		}
	}
	return append(b, '}')
}

func asBytes(list []json.RawMessage) [][]byte {
	all := make([][]byte, len(list))
	for i, raw := range list {
		all[i] = raw
	}
	return all
}
