//go:build !race

package batch_test

// underRace says that the race detector is on: it adds allocations.
const underRace = false
