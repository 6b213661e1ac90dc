//go:build !race

package client_test

// underRace says that the race detector is on: it adds allocations.
const underRace = false
