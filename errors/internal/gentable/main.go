// Command gentable writes the table of codes, table.go, from the lists in the
// folder codes. It is run in the folder of package errors, by go generate.
// With -check it writes nothing and fails if table.go is not up to date.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
)

const (
	itemList    = "codes/item-codes.tsv"
	requestList = "codes/request-codes.tsv"
	tableFile   = "table.go"
)

func main() {
	check := flag.Bool("check", false, "compare table.go instead of writing it")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "gentable:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	source, err := generate()
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(tableFile, source, 0o644) //nolint:gosec // source code, readable by all
	}
	old, err := os.ReadFile(tableFile)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, source) {
		return errors.New("table.go is not up to date: run go generate ./errors")
	}
	return nil
}

func generate() ([]byte, error) {
	items, err := readItems(itemList)
	if err != nil {
		return nil, err
	}
	requests, err := readRequests(requestList)
	if err != nil {
		return nil, err
	}
	rows := append(items, requests...)
	if err = setKinds(rows); err != nil {
		return nil, err
	}
	rows, err = withExtras(rows)
	if err != nil {
		return nil, err
	}
	return writeSource(rows)
}
