package wire

// Field returns the string or the number at a dotted path of an encoded JSON
// object: "customer.mobile". A string is unescaped, a number is returned as it
// is written. The bool is false if there is nothing else than null, a truth
// value, an object or an array at the path, and if item is not JSON. Of several
// members with the same name the last one counts. It allocates the result only.
func Field(item []byte, path string) (string, bool) {
	if path == "" {
		return "", false
	}
	s := scanner{data: item}
	token := s.find(path)
	s.end()
	if s.err != nil || len(token) == 0 || token[0] == 't' || token[0] == 'f' {
		return "", false
	}
	return string(content(token)), true
}

// CheckObject returns an error unless item is one JSON object, nested at most
// 200 deep, and nothing else but white space. The error tells the byte and what
// is wrong there, and quotes nothing. Invalid UTF-8 in strings is let pass, as
// encoding/json does.
func CheckObject(item []byte) error {
	s := scanner{data: item}
	if c := s.peek(); c != '{' {
		s.fail(s.pos, reasonNotObject)
		return s.err
	}
	s.skip()
	if s.err == nil {
		s.end()
	}
	if s.err != nil {
		return s.err
	}
	return nil
}
