// How are missing programs built, once and into a cache?

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// buildFlags leaves out debug information, which is a sixth of the compile time.
func buildFlags(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	stamp := "-s -w"
	if len(parts) == 3 {
		const at = " -X k8s.io/component-base/version."
		stamp += at + "gitVersion=" + version + at + "gitMajor=" + parts[0] + at + "gitMinor=" + parts[1] + at + "gitTreeState=clean"
	}
	return "-trimpath\n-buildvcs=false\n-gcflags=all=-dwarf=false\n-ldflags=" + stamp
}

// build compiles programs into the cache. Downloads come first and are repeated, because a proxy may
// fail for a moment; a compile error is not.
func build(module, folder, version string, names []string, interrupts <-chan os.Signal) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	lock, err := os.Create(filepath.Join(folder, ".lock"))
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	var paths []string
	for _, name := range names {
		if !executable(filepath.Join(folder, name)) { // another run may have built it meanwhile
			paths = append(paths, packages[name])
		}
	}
	if len(paths) == 0 {
		return nil
	}
	say("building %s once, of Kubernetes %s: some ten CPU-minutes", strings.Join(names, ", "), version)
	started := time.Now()
	list := append([]string{"list", "-deps", "-f", "{{.ImportPath}}"}, paths...)
	for attempt := 1; ; attempt++ {
		if err = golang(module, interrupts, list...); err == nil || attempt == 4 || errors.Is(err, errInterrupted) {
			break
		}
		say("download: attempt %d failed", attempt)
		time.Sleep(time.Duration(attempt*attempt) * 3 * time.Second)
	}
	if err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(folder, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	arguments := append([]string{"build"}, strings.Split(buildFlags(version), "\n")...)
	arguments = append(append(arguments, "-o", fresh+string(filepath.Separator)), paths...)
	if err := golang(module, interrupts, arguments...); err != nil {
		return err
	}
	say("built in %s", time.Since(started).Round(time.Second))
	return moveInto(folder, fresh)
}

// golang runs the go command; its list on stdout is of no interest, its errors are.
func golang(module string, interrupts <-chan os.Signal, arguments ...string) error {
	command := exec.Command("go", arguments...)
	command.Dir = module
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	command.Stderr = os.Stderr
	command.SysProcAttr = ownGroup()
	if err := command.Start(); err != nil {
		return fmt.Errorf("go %s: %w", arguments[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("go %s: %w", arguments[0], err)
		}
		return nil
	case <-interrupts:
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		<-done
		return errInterrupted
	}
}

// moveInto gives each program its name (etcd's main package is called server) and its place.
func moveInto(folder, fresh string) error {
	entries, err := os.ReadDir(fresh)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == "server" {
			name = "etcd"
		}
		if err := os.Rename(filepath.Join(fresh, entry.Name()), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}
