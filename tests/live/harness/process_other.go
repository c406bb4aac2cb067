// What makes a child end with us elsewhere?

//go:build !linux

package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the child: the harness decides who ends when.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
