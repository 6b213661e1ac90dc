package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// separators are what may stand between the columns of CSV: in the order in which they win where a header has as many of each.
const separators = ",;\t|"

// separatorOf reads a value of -separator; 0 is auto.
func separatorOf(word string) (rune, error) {
	switch word {
	case "auto":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	if r, size := utf8.DecodeRuneInString(word); size == len(word) && size > 0 && strings.ContainsRune(separators, r) {
		return r, nil
	}
	return 0, fmt.Errorf("-separator must be one of auto, comma as , or ; or | or tab, not %q", word)
}

// detectSeparator finds what separates the columns: what stands most often in the first line that is not blank, outside quotes. It
// consumes nothing.
func detectSeparator(br *bufio.Reader) (rune, error) {
	counts := make([]int, len(separators))
	quoted, begun := false, false
	for seen := 0; seen < br.Size(); {
		head, err := br.Peek(max(seen+1, min(br.Buffered(), br.Size())))
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, readError(err)
		}
		if len(head) == seen {
			break
		}
		for _, c := range head[seen:] {
			switch {
			case c == '"':
				quoted = !quoted
				begun = true
			case quoted:
			case c == '\n' && begun:
				return mostFrequent(counts), nil
			case c == '\n' || c == '\r':
			default:
				begun = true
				if i := strings.IndexByte(separators, c); i >= 0 {
					counts[i]++
				}
			}
		}
		seen = len(head)
	}
	return mostFrequent(counts), nil
}

func mostFrequent(counts []int) rune {
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return rune(separators[best])
}

// takeSeparatorLine consumes a first line such as "sep=;", which Excel writes and reads, and returns its separator; 0 if there is none.
func takeSeparatorLine(br *bufio.Reader) (separator rune, size int64) {
	head, _ := br.Peek(len("sep=;\r\n"))
	if len(head) < len("sep=;\n") || !strings.EqualFold(string(head[:4]), "sep=") || strings.IndexByte(separators, head[4]) < 0 {
		return 0, 0
	}
	n := 5
	if head[n] == '\r' {
		n++
	}
	if n == len(head) || head[n] != '\n' {
		return 0, 0
	}
	taken, _ := br.Discard(n + 1)
	return rune(head[4]), int64(taken)
}
