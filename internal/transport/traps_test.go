package transport_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// traps are what the libraries below get wrong, and what other clients built on
// them got wrong, each with the tests that would fail if it were true of this
// module. 2a is go-retryablehttp, with net/http below it, 2b backoff/v4, 2c
// testify, 4 what is known of retries in general, and 4e other clients.
var traps = map[string][]string{
	"2a-01 Retry-After is obeyed without limit":                         {"internal/transport.TestRetryAfterVectors"},
	"2a-02 a large Retry-After overflows to a negative wait":            {"internal/transport.TestRetryAfterVectors", "retry.TestParseRetryAfter"},
	"2a-03 Retry-After counts for 429 and 503 only":                     {"internal/transport.TestRetryAfterVectors"},
	"2a-04 waits have no jitter":                                        {"retry.TestDelayIsFullJitter"},
	"2a-05 it sleeps past the deadline and loses answer and cause":      {"internal/transport.TestContextEndsAWait"},
	"2a-06 a failure closes the connections of all goroutines":          {"internal/transport.TestFailuresLeaveThePoolAlone"},
	"2a-07 an answer of more than 4 KiB costs a connection":             {"internal/transport.TestConnectionsAreReused"},
	"2a-08 used-up attempts leave a text with the whole URL":            {"internal/transport.TestDoGivesUpAfterTheLastAttempt", "internal/transport.TestNoErrorShowsASecret"},
	"2a-09 the error handler gets an open body":                         {"internal/transport.TestBodiesAreClosed"},
	"2a-10 a check that aborts leaves the body open":                    {"internal/transport.TestBodiesAreClosed"},
	"2a-11 no hint of the body reaches the wait":                        {"internal/transport.TestRetryAfterOfTheJudgement"},
	"2a-12 the wait knows no call":                                      {"internal/transport.TestDoIsSafeForConcurrentUse"},
	"2a-13 the check has no attempt number":                             {"internal/transport.TestDoGivesUpAfterTheLastAttempt"},
	"2a-14 a response handler makes the check run twice":                {"internal/transport.TestDoJudgesEachAnswerOnce", "internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2a-15 a failed preparation replaces the cause":                     {"internal/transport.TestRenewal"},
	"2a-16 attempts share one header":                                   {"internal/transport.TestDoGivesEachAttemptAHeaderOfItsOwn"},
	"2a-17 a POST is repeated after the server had it":                  {"internal/transport.TestDoRepeatsOnlyWhatItMay"},
	"2a-18 every request is printed to standard error":                  {"internal/transport.TestQuietByDefault"},
	"2a-19 no structured log":                                           {"internal/transport.TestLog"},
	"2a-20 bodies with an offset of their own":                          {"internal/transport.TestDoSendsTheSameBodyEachTime"},
	"2a-21 bodies are read whole without being closed":                  {"internal/transport.TestDoSendsTheSameBodyEachTime"},
	"2a-22 the client's time-out covers all attempts together":          {"internal/transport.TestTimeoutOfAnAttempt", "internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2a-23 a request value is good for one call":                        {"internal/transport.TestDoIsSafeForConcurrentUse"},
	"2a-24 failures are told apart by their text":                       {"internal/transport.TestLastingFailuresAreNotRepeated", "internal/transport.TestUnknownNameIsNotRepeated"},
	"2a-25 no total time, no policy of one call":                        {"internal/transport.TestMaxElapsedEndsTheCall", "client.TestWithOverridesForOneCall"},
	"2a-26 headers of one's own go along to another host":               {"internal/transport.TestRedirects", "internal/transport.TestRedirectsThroughMiddleware"},
	"2a-27 net/http sends again by itself on a stale connection":        {"internal/transport.TestNothingIsResentBehindOurBack", "internal/transport.TestAKeyOfTheMiddlewareMakesNothingRepeat"},
	"2b-01 the schedule ends after 15 minutes":                          {"internal/transport.TestTheScheduleHasNoTimeLimitOfItsOwn"},
	"2b-02 a shared schedule is a data race":                            {"retry.TestDelayIsSafeForConcurrentUse"},
	"2b-03 a literal panics, or waits nothing":                          {"retry.TestDelayCeiling"},
	"2b-04 its Retry may never stop":                                    {"internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2b-05 the cap is put before the jitter":                            {"retry.TestDelayCeiling"},
	"2b-06 the jitter never goes below a half":                          {"retry.TestDelayIsFullJitter"},
	"2b-07 any two permanent errors are equal":                          {"internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2b-08 a permanent error in a join hides the others":                {"internal/transport.TestDoHandsBackItemsThatFailed", "internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2b-09 a context that has ended still runs the call once":           {"internal/transport.TestContextEndsBeforeAnythingIsSent"},
	"2b-10 after a cancel the next attempt may begin":                   {"internal/transport.TestNoAttemptStartsAfterTheContextEnded"},
	"2b-11 it sleeps until the deadline":                                {"internal/transport.TestContextEndsAWait"},
	"2b-12 a wrapper hides the context":                                 {"internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2b-13 0 retries mean another thing in each version":                {"internal/transport.TestDoGivesUpAfterTheLastAttempt", "internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2b-14 waits turn negative near the largest duration":               {"retry.TestDelayCeiling", "retry.TestPolicyValidate"},
	"2b-15 a ticker leaks":                                              {"internal/transport.TestWhatIsUsedOfTheLibraries"},
	"2c-01 require in a handler ends the wrong goroutine":               {"internal/transport.TestWhatTestsUse"},
	"2c-02 Eventually leaks":                                            {"internal/transport.TestWhatTestsUse"},
	"2c-03 equal errors need not be the same":                           {"internal/transport.TestWhatTestsUse", "errors.TestIs"},
	"2c-04 two nils pass for equal errors":                              {"internal/transport.TestWhatTestsUse"},
	"2c-05 equal JSON may hold a member twice":                          {"errors.TestJSONHasStableNames"},
	"2c-06 a mock prints its arguments, and races":                      {"internal/transport.TestWhatTestsUse"},
	"2c-07 a suite knows no parallel tests":                             {"internal/transport.TestWhatTestsUse"},
	"4a the vectors of the AWS SDKs":                                    {"internal/transport.TestBudgetVectors", "internal/transport.TestRetryAfterVectors"},
	"4b the server of gRPC's throttle test":                             {"internal/transport.TestThrottleVector"},
	"4d the amplification table":                                        {"retry.TestBudgetBoundsAmplification", "retry.TestDefaultPolicyBoundsAmplification"},
	"4e-01 a POST is delivered twice when the error is a page":          {"internal/transport.TestDoRepeatsOnlyWhatItMay"},
	"4e-02 an attempt's time-out passes for the caller's deadline":      {"internal/transport.TestTimeoutOfAnAttempt", "internal/transport.TestTimeoutOfADialer"},
	"4e-03 a 503 with JSON in it is not repeated":                       {"internal/transport.TestDoRepeatsOnlyWhatItMay"},
	"4e-04 a context of 100 ms returns late":                            {"internal/transport.TestAShortContextReturnsInTime"},
	"4e-05 bodies of repeated attempts stay open, and cost connections": {"internal/transport.TestBodiesAreClosed", "internal/transport.TestConnectionsAfterEveryKindOfFailure"},
	"4e-06 ten failures add connections":                                {"internal/transport.TestFailuresLeaveThePoolAlone"},
	"4e-07 forms of Retry-After":                                        {"internal/transport.TestRetryAfterVectors", "retry.TestParseRetryAfter", "retry.FuzzParseRetryAfter"},
	"4e-08 printing an error changes the request":                       {"internal/transport.TestPrintingAnErrorChangesNothing"},
	"4e-09 two equal errors do not compare equal":                       {"errors.TestTrap4e09EqualErrorsCompareEqual"},
	"4e-10 the budget is never filled again":                            {"internal/transport.TestBudgetFillsInEveryMode", "retry.TestBudgetRefills"},
	"4e-11 an empty budget speeds up a loop":                            {"internal/transport.TestEmptyBudgetDoesNotSpeedUpALoop"},
	"4e-12 an attempt begins after the cancel":                          {"internal/transport.TestNoAttemptStartsAfterTheContextEnded"},
	"4e-13 calls race on a shared client":                               {"internal/transport.TestDoIsSafeForConcurrentUse", "retry.TestDelayIsSafeForConcurrentUse"},
	"4e-14 of a permanent and a transient item one is lost":             {"internal/transport.TestDoHandsBackItemsThatFailed", "errors.TestBatchErrorItems"},
}

const module = "../.."

func TestEveryTrapHasItsTest(t *testing.T) {
	t.Parallel()
	for trap, tests := range traps {
		require.NotEmpty(t, tests, trap)
		for _, test := range tests {
			folder, name, _ := strings.Cut(test, ".")
			assert.Contains(t, testsIn(t, filepath.Join(module, folder)), name, trap)
		}
	}
}

func testsIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// goFiles calls each with every Go file of this module, parsed.
func goFiles(t *testing.T, each func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != module {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if nested == nil || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" {
				return fs.SkipDir
			}
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			each(path, file)
		}
		return err
	})
	require.NoError(t, err)
}

// uses returns what a file names of the packages with these import paths.
func uses(file *ast.File, paths ...string) []string {
	names := make(map[string]bool)
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if !slices.Contains(paths, path) {
			continue
		}
		name := strings.TrimPrefix(strings.TrimSuffix(path, "/v4"), "github.com/hashicorp/go-")
		name = name[strings.LastIndexByte(name, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = true
	}
	var used []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, is := n.(*ast.SelectorExpr); is {
			if pkg, named := s.X.(*ast.Ident); named && names[pkg.Name] {
				used = append(used, s.Sel.Name)
			}
		}
		return true
	})
	return used
}

// Some traps are avoided by not using what has them.
func TestWhatIsUsedOfTheLibraries(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"github.com/hashicorp/go-retryablehttp": {"Client", "Request", "ReaderFunc", "PassthroughErrorHandler"},
		"github.com/cenkalti/backoff/v4": {
			"NewExponentialBackOff", "WithInitialInterval", "WithMaxInterval", "WithRandomizationFactor", "WithMultiplier", "WithMaxElapsedTime",
		},
	}
	seen := make(map[string]int)
	goFiles(t, func(path string, file *ast.File) {
		for library, names := range allowed {
			for _, used := range uses(file, library) {
				seen[library]++
				assert.Contains(t, names, used, path)
			}
		}
	})
	assert.Len(t, seen, len(allowed), "both are in use")
}

func TestWhatTestsUse(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string, file *ast.File) {
		for _, used := range uses(file, "github.com/stretchr/testify/assert", "github.com/stretchr/testify/require") {
			for _, trap := range []string{"Eventually", "Never"} {
				assert.False(t, strings.HasPrefix(used, trap), "%s uses %s", path, used)
			}
		}
		for _, spec := range file.Imports {
			assert.NotContains(t, []string{`"github.com/stretchr/testify/mock"`, `"github.com/stretchr/testify/suite"`}, spec.Path.Value, path)
		}
		for _, d := range file.Decls {
			f, is := d.(*ast.FuncDecl)
			if !is || !strings.HasSuffix(path, "_test.go") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				assert.False(t, comparesNil(n), "%s: ErrorIs passes for two nils; use NoError", path)
				assert.False(t, comparesErrors(n), "%s: Equal passes for another error with the same fields; use ErrorIs or Same", path)
				handler, is := n.(*ast.FuncLit)
				if is && handles(handler) {
					assert.Empty(t, uses(&ast.File{Imports: file.Imports, Name: file.Name, Decls: []ast.Decl{
						&ast.FuncDecl{Name: f.Name, Type: handler.Type, Body: handler.Body},
					}}, "github.com/stretchr/testify/require"), "%s: require in a handler", path)
				}
				return true
			})
		}
	})
}

// comparesErrors reports whether a node is a call of Equal with an error, by its
// name.
func comparesErrors(n ast.Node) bool {
	call, is := n.(*ast.CallExpr)
	if !is || len(call.Args) < 3 {
		return false
	}
	s, is := call.Fun.(*ast.SelectorExpr)
	if !is || s.Sel.Name != "Equal" && s.Sel.Name != "NotEqual" {
		return false
	}
	for _, arg := range call.Args[1:3] {
		switch a := arg.(type) {
		case *ast.Ident:
			if a.Name == "err" {
				return true
			}
		case *ast.SelectorExpr:
			if a.Sel.Name == "Err" {
				return true
			}
		}
	}
	return false
}

// comparesNil reports whether a node is a call of ErrorIs with a literal nil.
func comparesNil(n ast.Node) bool {
	call, is := n.(*ast.CallExpr)
	if !is || len(call.Args) < 3 {
		return false
	}
	s, is := call.Fun.(*ast.SelectorExpr)
	if !is || s.Sel.Name != "ErrorIs" {
		return false
	}
	return slices.ContainsFunc(call.Args[1:3], func(arg ast.Expr) bool {
		name, is := arg.(*ast.Ident)
		return is && name.Name == "nil"
	})
}

// handles reports whether a function is an HTTP handler.
func handles(f *ast.FuncLit) bool {
	for _, field := range f.Type.Params.List {
		if s, is := field.Type.(*ast.SelectorExpr); is && s.Sel.Name == "ResponseWriter" {
			return true
		}
	}
	return false
}

// backoff/v4 stops after 15 minutes unless told otherwise.
func TestTheScheduleHasNoTimeLimitOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy)
		policy := retry.Policy{MaxAttempts: 90, OverloadDelay: time.Hour, MaxDelay: time.Hour}
		budget := retry.NewBudget(89 * retry.Overload.Cost())
		start := time.Now()
		_, err := transport.New(transport.Config{HTTPClient: m.client, Policy: policy, Budget: budget}).Do(t.Context(), write())
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		assert.Equal(t, 90, got.count())
		assert.Greater(t, time.Since(start), 10*time.Hour)
	})
}

func TestAShortContextReturnsInTime(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]http.HandlerFunc{
		"refused for now":            answer(503, `{"code":503}`),
		"refused for now, as a page": answer(503, page),
		"asked to wait":              answer(429, page, "Retry-After", "30"),
		"no answer":                  silent,
		"half an answer":             stall(200),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, _ := serve(t, first)
				ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
				defer cancel()
				start := time.Now()
				_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(ctx, repeatableWrite())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.LessOrEqual(t, time.Since(start), 100*ms)
			})
		})
	}
}

func TestPrintingAnErrorChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, answer(200, "400"))
		req := write()
		before := *req
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		first := err.Error()
		assert.Equal(t, first, err.Error())
		assert.Equal(t, before.URL, req.URL)
		assert.Equal(t, before.Header, req.Header)
		assert.Equal(t, before.Body, req.Body)
	})
}

// The server of gRPC's throttle test (test/retry_test.go): of its calls, counted
// from 0, only some succeed. With 4 attempts a call and a budget of 20 tokens, 5
// a repetition, worked out by hand: the budget runs dry at the fourth call, fills
// by one for each first attempt that succeeds, and stops the last one.
func TestThrottleVector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		succeeds := []int{0, 3, 6, 10, 11, 12, 13, 14, 16, 18}
		served := 0
		tr, budget := throttled(func(r *http.Request) (*http.Response, error) {
			served++
			if slices.Contains(succeeds, served-1) {
				return reply(r, http.StatusOK, "ok"), nil
			}
			return reply(r, http.StatusOK, "429"), nil
		})
		for i, want := range []struct {
			last   int // the server's count of the last attempt
			ok     bool
			tokens int
		}{
			{0, true, 20},
			{3, true, 15}, // 20-5-5+5
			{6, true, 10},
			{9, false, 0}, // two repetitions paid, a third not
			{10, true, 1},
			{11, true, 2},
			{12, true, 3},
			{13, true, 4},
			{14, true, 5},
			{16, true, 5}, // 5-5+5
			{18, true, 5},
			{20, false, 0},
		} {
			_, err := tr.Do(t.Context(), write())
			assert.Equal(t, want.last, served-1, "call %d", i)
			assert.Equal(t, want.tokens, budget.Tokens(), "call %d", i)
			if want.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, caperrors.ErrRetryBudget)
			}
		}
	})
}

func throttled(server roundTripper) (*transport.Transport, *retry.Budget) {
	budget := retry.NewBudget(20)
	return transport.New(transport.Config{
		HTTPClient: &http.Client{Transport: server}, Budget: budget, Policy: retry.Policy{MaxAttempts: 4},
	}), budget
}

// Nothing is written unless the program asks for it. The failures are made in a
// process of its own, whose standard error is then empty.
func TestQuietByDefault(t *testing.T) {
	t.Parallel()
	const child = "CAPILLARY_TEST_QUIET"
	if os.Getenv(child) != "" {
		tr := transport.New(transport.Config{
			HTTPClient: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errRefused })},
			Policy:     retry.Policy{TransportDelay: 1},
		})
		_, err := tr.Do(t.Context(), write())
		require.Error(t, err)
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestQuietByDefault$")
	command.Env = append(os.Environ(), child+"=1")
	var said strings.Builder
	command.Stderr = &said
	require.NoError(t, command.Run())
	assert.Empty(t, said.String())
}
