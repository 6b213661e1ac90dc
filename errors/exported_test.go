package errors_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// errorTypes returns the exported struct types of the module's packages that
// have a method Error, by package and name, with the names of their methods that
// are on values. The others, such as Code, are numbers: they hold nothing.
func errorTypes(t *testing.T) map[string]map[string]bool {
	t.Helper()
	isStruct, isError := make(map[string]bool), make(map[string]bool)
	onValues := make(map[string]map[string]bool)
	note := func(file *ast.File) {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if named, ok := spec.(*ast.TypeSpec); ok && named.Name.IsExported() {
						_, isStruct[file.Name.Name+"."+named.Name.Name] = named.Type.(*ast.StructType)
					}
				}
			case *ast.FuncDecl:
				if d.Recv == nil {
					continue
				}
				receiver := d.Recv.List[0].Type
				pointer, onPointer := receiver.(*ast.StarExpr)
				if onPointer {
					receiver = pointer.X
				}
				name, ok := receiver.(*ast.Ident)
				if !ok {
					continue // of a generic type
				}
				of := file.Name.Name + "." + name.Name
				if d.Name.Name == "Error" {
					isError[of] = true
				}
				if !onPointer {
					if onValues[of] == nil {
						onValues[of] = make(map[string]bool)
					}
					onValues[of][d.Name.Name] = true
				}
			}
		}
	}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "examples" || entry.Name() == "internal" || entry.Name() == "testdata"):
			return fs.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			note(file)
		}
		return err
	})
	require.NoError(t, err)
	found := make(map[string]map[string]bool)
	for of := range isError {
		if isStruct[of] {
			found[of] = onValues[of]
		}
	}
	return found
}

// An error type without these prints its fields: the unmasked ones, and what was
// panicked with.
func TestEveryExportedErrorTypeSaysItselfHowItIsPrinted(t *testing.T) {
	t.Parallel()
	types := errorTypes(t)
	assert.GreaterOrEqual(t, len(types), 11, "eight of this package, one of batch, two of its journal")
	for name, onValues := range types {
		for _, method := range []string{"Format", "LogValue", "MarshalJSON"} {
			assert.True(t, onValues[method], "%s has no method %s on its value", name, method)
		}
	}
}

// And those of this package are among the errors that the other tests print.
func TestEveryErrorTypeIsPrintedInTests(t *testing.T) {
	t.Parallel()
	printed := make(map[string]bool)
	for _, err := range loudErrors() {
		printed[strings.TrimPrefix(fmt.Sprintf("%T", err), "*")] = true
	}
	for name := range errorTypes(t) {
		if strings.HasPrefix(name, "errors.") {
			assert.True(t, printed[name], name)
		}
	}
}
