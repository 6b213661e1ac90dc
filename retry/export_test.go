package retry

import "time"

// Ceiling is the largest wait that Delay can draw.
func Ceiling(p Policy, c Class, n int) time.Duration { return p.ceiling(c, n) }
