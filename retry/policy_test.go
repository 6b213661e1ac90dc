package retry_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/retry"
)

func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	assert.Equal(t, retry.Policy{
		MaxAttempts:    4,
		TransportDelay: 50 * time.Millisecond,
		ConflictDelay:  250 * time.Millisecond,
		OverloadDelay:  time.Second,
		MaxDelay:       20 * time.Second,
		MaxRetryAfter:  time.Minute,
	}, retry.Policy{}.WithDefaults())

	own := retry.Policy{
		MaxAttempts: 1, MaxElapsed: 2, TransportDelay: 3, ConflictDelay: 4, OverloadDelay: 5, MaxDelay: 6, MaxRetryAfter: 7,
	}
	assert.Equal(t, own, own.WithDefaults())
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy retry.Policy
		fields []string // named in the error; none: valid
	}{
		"the zero policy is valid":          {},
		"the defaults are valid":            {policy: retry.Policy{}.WithDefaults()},
		"a day is the longest wait":         {policy: retry.Policy{MaxDelay: 24 * time.Hour, MaxRetryAfter: 24 * time.Hour}},
		"elapsed time has no upper bound":   {policy: retry.Policy{MaxElapsed: math.MaxInt64}},
		"negative attempts are a fault":     {policy: retry.Policy{MaxAttempts: -1}, fields: []string{"MaxAttempts"}},
		"negative elapsed time is a fault":  {policy: retry.Policy{MaxElapsed: -1}, fields: []string{"MaxElapsed"}},
		"a wait of years is a fault":        {policy: retry.Policy{MaxDelay: math.MaxInt64}, fields: []string{"MaxDelay"}},
		"a Retry-After of years is a fault": {policy: retry.Policy{MaxRetryAfter: math.MaxInt64}, fields: []string{"MaxRetryAfter"}},
		"all faults come at once": {
			policy: retry.Policy{
				MaxAttempts: -1, MaxElapsed: -1, TransportDelay: -1, ConflictDelay: -1, OverloadDelay: -1, MaxDelay: -1, MaxRetryAfter: -1,
			},
			fields: []string{
				"MaxAttempts", "MaxElapsed", "TransportDelay", "ConflictDelay", "OverloadDelay", "MaxDelay", "MaxRetryAfter",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.policy.Validate()
			if len(test.fields) == 0 {
				require.NoError(t, err)
				return
			}
			var joined interface{ Unwrap() []error }
			require.ErrorAs(t, err, &joined)
			require.Len(t, joined.Unwrap(), len(test.fields))
			for i, field := range test.fields {
				assert.Contains(t, joined.Unwrap()[i].Error(), field+":")
			}
		})
	}
}

func TestClass(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		class retry.Class
		name  string
		cost  int
	}{
		"the zero class is final":     {class: 0, name: "none", cost: 0},
		"transport":                   {class: retry.Transport, name: "transport", cost: 14},
		"conflict":                    {class: retry.Conflict, name: "conflict", cost: 14},
		"overload":                    {class: retry.Overload, name: "overload", cost: 14},
		"throttled":                   {class: retry.Throttled, name: "throttled", cost: 5},
		"an unknown class is as none": {class: 200, name: "none", cost: 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.name, test.class.String())
			assert.Equal(t, test.cost, test.class.Cost())
		})
	}
}
