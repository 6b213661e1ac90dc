package wire

import "strings"

// cutPath splits a dotted path behind its first segment.
func cutPath(path string) (head, rest string) {
	for i := range len(path) {
		if path[i] == '.' {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

// step goes one member down the paths, which bars divide. It reports whether
// the member is on one of them, and where those go on; empty: they end here.
func step(paths string, name []byte) (rest string, ok bool) {
	for paths != "" {
		path := paths
		if i := strings.IndexByte(paths, '|'); i >= 0 {
			path, paths = paths[:i], paths[i+1:]
		} else {
			paths = ""
		}
		head, tail := cutPath(path)
		if head == "" || head != string(name) {
			continue
		}
		if ok {
			tail = rest + "|" + tail
		}
		rest, ok = tail, true
	}
	return rest, ok
}
