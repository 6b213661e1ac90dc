package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// endpointNamed returns the endpoint to load through, in XML if that is wanted.
func endpointNamed(name string, xml bool) (client.Endpoint, error) {
	ep, ok := client.Lookup(name)
	switch {
	case !ok:
		return ep, fmt.Errorf("-endpoint %q is not in the catalogue%s", name, suggestions(name))
	case !takesMany(&ep):
		return ep, fmt.Errorf("-endpoint %q takes one item a call%s", name, suggestions(name))
	case xml && ep.Version != caperrors.V1:
		return ep, fmt.Errorf("-xml is for v1.1, and %s knows JSON alone", name)
	}
	ep.XML = xml
	return ep, nil
}

// takesMany tells whether records alone make a call of the endpoint: some calls want fields of their own beside the list.
func takesMany(ep *client.Endpoint) bool { return ep.TakesMany() && ep.List == "" }

// maxSuggestions is how many names a mistake is answered with.
const maxSuggestions = 5

// suggestions lists the endpoints that a load can go through whose names are closest to a wrong one.
func suggestions(wrong string) string {
	type candidate struct {
		name     string
		distance int
	}
	var all []candidate
	for _, ep := range client.Catalogue() {
		if takesMany(&ep) {
			all = append(all, candidate{ep.Name, unlike(wrong, ep.Name)})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	var b strings.Builder
	fmt.Fprintf(&b, "; a load can go through %d endpoints, the closest are", len(all))
	for _, c := range all[:min(maxSuggestions, len(all))] {
		b.WriteString("\n      " + c.name)
	}
	fmt.Fprintf(&b, "\n      (-endpoint list shows all)")
	return b.String()
}

// loadable lists the endpoints that a load can go through, one a line.
func loadable() string {
	var names []string
	for _, ep := range client.Catalogue() {
		if takesMany(&ep) {
			names = append(names, ep.Name+"\n")
		}
	}
	return strings.Join(names, "")
}

// unlike tells how far apart two names are: the words of the one that the other lacks weigh more than letters, since people leave out
// or mix up words rather than letters.
func unlike(wrong, name string) int {
	wrong, name = strings.ToLower(wrong), strings.ToLower(name)
	missing := 0
	for _, word := range words(wrong) {
		if !slices.ContainsFunc(words(name), func(other string) bool { return edits(word, other) <= len(word)/4 }) {
			missing += 8
		}
	}
	return missing + edits(wrong, name)
}

func words(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("/ .-_", r) })
}

// edits is the number of letters to change, add or take away to make b of a (Levenshtein).
func edits(a, b string) int {
	if len(a) > 200 {
		a = a[:200]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
