package errors_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestWhatTheStatusOfTheEdgeProves(t *testing.T) {
	t.Parallel()
	tests := map[caperrors.Outcome]map[caperrors.Kind][]int{
		caperrors.Refused: {
			caperrors.ErrTransient: {429, 503, 521}, caperrors.ErrOversize: {413}, caperrors.ErrUnauthenticated: {401},
			caperrors.ErrPermission: {403}, caperrors.ErrNotFound: {404}, caperrors.ErrUnsupported: {405, 415}, caperrors.ErrInvalid: {400, 422},
		},
		caperrors.Unknown: {0: {200, 201, 204, 302, 408, 409, 500, 502, 504, 520, 524}},
	}
	for outcome, kinds := range tests {
		for kind, statuses := range kinds {
			for _, status := range statuses {
				t.Run(strconv.Itoa(status), func(t *testing.T) {
					t.Parallel()
					gotKind, gotOutcome := caperrors.EdgeStatus(status)
					assert.Equal(t, kind, gotKind)
					assert.Equal(t, outcome, gotOutcome)
				})
			}
		}
	}
}
