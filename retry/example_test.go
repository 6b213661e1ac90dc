package retry_test

import (
	"fmt"
	"time"

	"github.com/capillary-go/capillary/retry"
)

func ExamplePolicy() {
	policy := retry.Policy{MaxAttempts: 6, MaxElapsed: time.Minute}
	fmt.Println(policy.Validate())
	fmt.Println(policy.WithDefaults().MaxDelay)
	// Output:
	// <nil>
	// 20s
}

func ExamplePolicy_Validate() {
	fmt.Println(retry.Policy{MaxAttempts: -3, MaxDelay: 48 * time.Hour}.Validate())
	// Output:
	// MaxAttempts: -3 is negative; 1 means that nothing is repeated
	// MaxDelay: 48h0m0s is outside of 0 to 24h0m0s
}

func ExamplePolicy_Delay() {
	wait := retry.Policy{}.Delay(retry.Overload, 2)
	fmt.Println(wait >= 0 && wait <= 4*time.Second)
	// Output: true
}

func ExampleParseRetryAfter() {
	// The server's clock is an hour behind. What counts is its own Date header.
	wait, ok := retry.ParseRetryAfter("Sun, 06 Nov 1994 07:50:00 GMT", "Sun, 06 Nov 1994 07:49:30 GMT", time.Now())
	fmt.Println(wait, ok)
	// Output: 30s true
}

func ExampleBudget() {
	budget := retry.NewBudget(0)
	cost, ok := budget.Take(retry.Overload) // before the wait
	fmt.Println(cost, ok, budget.Tokens())
	budget.Refund(cost) // the repetition succeeded
	fmt.Println(budget.Tokens(), "of", budget.Capacity())
	// Output:
	// 14 true 486
	// 500 of 500
}
