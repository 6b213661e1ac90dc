package wire_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	require.NoError(tb, err)
	return body
}

// v1Call is a call of v1.1 transaction/add.
func v1Call(count int) wire.Call {
	return wire.Call{
		Version: caperrors.V1, Entity: "transaction", Dialect: wire.V1JSON,
		Items: "transactions.transaction", EchoID: "number", Count: count,
	}
}

// bulkCall is a call of v2 transactions/bulk.
func bulkCall(count int) wire.Call {
	return wire.Call{
		Version: caperrors.V2, Entity: "transaction", Dialect: wire.V2Bulk,
		Items: "response", EchoID: "result.billNumber", Count: count,
	}
}

// listsCall is a call of v2 coupon/revoke.
func listsCall(count int) wire.Call {
	return wire.Call{
		Version: caperrors.V2, Entity: "coupon", Dialect: wire.V2Lists, Count: count,
		Items: "entity.revokedCoupons", EchoID: "couponCode", Failed: "entity.failedToRevoke", FailedID: "couponCodes",
	}
}

// singleCall is a call for one thing of v2.
func singleCall(entity string) wire.Call {
	return wire.Call{Version: caperrors.V2, Entity: entity, Dialect: wire.V2Single, Count: 1}
}

// summary writes a verdict as "refused 521 transient w91016 ?": outcome, code,
// kind, warnings, and a question mark if it has a diagnostic.
func summary(v caperrors.Verdict) string {
	words := []string{v.Outcome.String(), strconv.Itoa(int(v.Code)), v.Kind.String()}
	for _, w := range v.Warnings {
		words = append(words, "w"+strconv.Itoa(int(w.Code)))
	}
	if v.Diagnostic != "" {
		words = append(words, "?")
	}
	return strings.Join(words, " ")
}

func summaries(verdicts []caperrors.Verdict) []string {
	var texts []string
	for _, v := range verdicts {
		texts = append(texts, summary(v))
	}
	return texts
}

// read reads a body that must be the API's.
func read(t *testing.T, c wire.Call, status int, body string) wire.Reply {
	t.Helper()
	reply, err := wire.Read(wire.HTTP{Status: status, RequestID: "req-1", Body: []byte(body)}, c)
	require.NoError(t, err)
	return reply
}
