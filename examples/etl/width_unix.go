//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// terminalWidth returns how many columns the terminal behind f has now; 0 if f is no terminal.
func terminalWidth(f *os.File) int {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	var size struct{ rows, columns, x, y uint16 }
	var failed syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, failed = syscall.Syscall(syscall.SYS_IOCTL, fd, uintptr(syscall.TIOCGWINSZ), uintptr(unsafe.Pointer(&size))) //nolint:gosec // as the call wants it
	})
	if err != nil || failed != 0 {
		return 0
	}
	if size.columns == 0 {
		return usualWidth // a terminal that was never told its size
	}
	return int(size.columns)
}
