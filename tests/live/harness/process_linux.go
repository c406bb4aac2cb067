// What makes a child end with us on Linux?

package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the child, and ends it with us even when we are killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
