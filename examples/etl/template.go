package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
	"unicode"
)

// itemTemplate turns a CSV row into an item.
type itemTemplate struct {
	template *template.Template
	out      bytes.Buffer
}

// parseTemplate reads a template file. A column that the header lacks is an error of each row that asks for it.
func parseTemplate(path string) (*itemTemplate, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller names its own file
	if err != nil {
		return nil, fmt.Errorf("-template: %w", err)
	}
	t := template.New(filepath.Base(path)).Option("missingkey=error").Funcs(templateFuncs())
	t, err = t.Parse(string(text)) //nolint:gosec // as above; no server is involved
	if err != nil {
		return nil, fmt.Errorf("-template: %w", err)
	}
	return &itemTemplate{template: t}, nil
}

// render returns the item of a row, which must be one JSON object.
func (t *itemTemplate) render(row map[string]string) ([]byte, error) {
	t.out.Reset()
	if err := t.template.Execute(&t.out, row); err != nil {
		return nil, templateFault(err)
	}
	body, err := object(t.out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("what the template made of the row %w", err)
	}
	return body, nil
}

// templateFault leaves out what the engine says of the template's text around the failed action.
func templateFault(err error) error {
	var exec template.ExecError
	if !errors.As(err, &exec) {
		return err
	}
	text := exec.Err.Error()
	if _, after, ok := strings.Cut(text, ">: "); ok {
		text = after
	}
	text = strings.TrimPrefix(text, "error calling ")
	if name, ok := strings.CutPrefix(text, "map has no entry for key "); ok {
		text = "there is no column " + name
	}
	return fmt.Errorf("template: %s", text)
}

// columnHints tells how a template names the columns of a header, one a line.
func columnHints(header []string) string {
	var b strings.Builder
	for i, name := range header {
		if i == maxHints {
			fmt.Fprintf(&b, "\n      and %d more", len(header)-i)
			break
		}
		if name == "" {
			continue
		}
		if isIdentifier(name) {
			fmt.Fprintf(&b, "\n      {{.%s}}", name)
		} else {
			fmt.Fprintf(&b, "\n      {{field %q .}}", shorten(name))
		}
	}
	return b.String()
}

// maxHints is how many columns are told.
const maxHints = 50

// isIdentifier tells whether a template can name a column behind a dot.
func isIdentifier(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}

// templateFuncs are what a template can call beside the functions of text/template. The value comes last, so that it can come from a
// pipe.
func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"field":      field,
		"json":       jsonText,
		"number":     number,
		"time":       rfc3339,
		"timeAs":     timeAs,
		"trim":       strings.TrimSpace,
		"lower":      strings.ToLower,
		"upper":      strings.ToUpper,
		"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
		"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
		"replace":    func(old, by, s string) string { return strings.ReplaceAll(s, old, by) },
		"mul":        mul,
		"add":        add,
		"sub":        sub,
		"abs":        abs,
		"round":      round,
	}
}

// field returns a column whose name is no identifier: {{field "Invoice No" .}}.
func field(name string, row map[string]string) (string, error) {
	value, ok := row[name]
	if !ok {
		return "", fmt.Errorf("there is no column %q", name)
	}
	return value, nil
}

// jsonText returns the value as JSON, a text in quotes.
func jsonText(value any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// rfc3339 reads a time by a layout of package time and returns it as RFC 3339. Between the two may stand a time zone, such as
// Europe/London, for times that tell none; without it they are UTC.
func rfc3339(layout string, zoneAndValue ...string) (string, error) {
	return timeAs(time.RFC3339, layout, zoneAndValue...)
}

// timeAs is rfc3339 with a layout of the result, first.
func timeAs(out, layout string, zoneAndValue ...string) (string, error) {
	zone := time.UTC
	switch len(zoneAndValue) {
	case 1:
	case 2:
		var err error
		if zone, err = time.LoadLocation(zoneAndValue[0]); err != nil {
			return "", err
		}
	default:
		return "", errors.New("wants a layout, perhaps a time zone, and a time")
	}
	t, err := time.ParseInLocation(layout, strings.TrimSpace(zoneAndValue[len(zoneAndValue)-1]), zone)
	if err != nil {
		return "", err
	}
	return t.Format(out), nil
}
