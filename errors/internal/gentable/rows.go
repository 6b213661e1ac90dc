package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	itemLevel    = "item"
	requestLevel = "request"
)

// key names a code: a number has a meaning only together with the rest.
type key struct {
	version, entity, level string
	code                   uint32
}

func (k key) String() string {
	return strings.Join([]string{k.version, k.entity, k.level, strconv.FormatUint(uint64(k.code), 10)}, " ")
}

func compareKeys(a, b key) int {
	return cmp.Or(
		cmp.Compare(a.version, b.version),
		cmp.Compare(a.entity, b.entity),
		cmp.Compare(a.level, b.level),
		cmp.Compare(a.code, b.code),
	)
}

// row is one line of a list.
type row struct {
	key
	outcome    string // success, warning, failure, partial or either
	transient  bool
	duplicate  string // no, replay or conflict
	splitBatch bool
	text       string
	kind       string // name of the constant in package errors; "0" for success
}

func readItems(file string) ([]row, error) {
	header := "api_version entity code outcome transient duplicate meaning"
	return readList(file, header, func(f []string) (row, bool) {
		return row{
			key:     key{version: f[0], entity: f[1], level: itemLevel},
			outcome: f[3], transient: f[4] == "yes", duplicate: f[5], text: f[6],
		}, true
	})
}

// readRequests leaves out what is seen as HTTP status only: such an answer is
// judged by its status, not by a code of a body.
func readRequests(file string) ([]row, error) {
	header := "api_version code seen_as outcome transient duplicate split_batch refresh_auth meaning"
	return readList(file, header, func(f []string) (row, bool) {
		r := row{
			key:     key{version: f[0], level: requestLevel},
			outcome: f[3], transient: f[4] == "yes", duplicate: f[5], splitBatch: f[6] == "yes", text: f[8],
		}
		if strings.HasPrefix(r.text, "store log upload:") {
			r.entity = "store" // codes of one entity that arrive at request level
		}
		return r, strings.Contains(f[2], "body") || f[2] == "error code"
	})
}

// readList reads a file of fields divided by tabs, whose first line names the
// fields. Take makes a row of a line, or says that it is to be left out.
func readList(file, header string, take func(fields []string) (row, bool)) ([]row, error) {
	data, err := os.ReadFile(file) //nolint:gosec // one of two constant names
	if err != nil {
		return nil, err
	}
	names := strings.Fields(header)
	code := slices.Index(names, "code")
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if got := strings.Join(strings.Split(lines[0], "\t"), " "); got != header {
		return nil, fmt.Errorf("%s: header is %q", file, got)
	}
	rows := make([]row, 0, len(lines))
	for i, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		if len(fields) != len(names) {
			return nil, fmt.Errorf("%s:%d: %d fields, not %d", file, i+2, len(fields), len(names))
		}
		number, err := strconv.ParseUint(fields[code], 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+2, err)
		}
		r, ok := take(fields)
		if !ok {
			continue
		}
		r.code = uint32(number)
		rows = append(rows, r)
	}
	return rows, nil
}
