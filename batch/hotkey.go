package batch

import "time"

// hotKey returns the number of items of the key that has most, if that is more
// than half the window, else 0; and whether it is less than a quarter.
func (c *core) hotKey() (items int, over bool) {
	n := c.packer.longest
	if n > c.window-n {
		return n, false
	}
	return 0, n < c.window-3*n
}

// reportHotKey tells the observer of a hot key, once.
func (c *core) reportHotKey(now time.Time) {
	items, over := c.hotKey()
	switch {
	case items > 0 && !c.hot:
		c.hot = true
		c.event(Event{Kind: HotKey, At: now, Items: items})
	case over:
		c.hot = false
	}
}
