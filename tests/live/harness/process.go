// How is a program started, watched and ended?

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

var errInterrupted = errors.New("interrupted")

// A process that the harness started, in a group of its own, writing to a log of its own.
type process struct {
	name    string
	log     string
	command *exec.Cmd
	done    chan struct{}
}

// start must be called on the main thread, with whose end the kernel ends the child.
func start(folder, name, path string, arguments ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(folder, name+".log"), done: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	fmt.Fprintf(log, "%s %q\n", path, arguments)
	p.command = exec.Command(path, arguments...)
	p.command.Stdout, p.command.Stderr = log, log
	p.command.SysProcAttr = ownGroup()
	p.command.Dir = folder
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.command.Wait()
		close(p.done)
	}()
	return p, nil
}

// ended says so if the process is gone though nobody stopped it.
func (p *process) ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended: %s", p.name, p.command.ProcessState)
	default:
		return nil
	}
}

// signal reaches the whole group: what the process started belongs to it.
func (p *process) signal(s syscall.Signal) {
	_ = syscall.Kill(-p.command.Process.Pid, s)
}

// stop asks first and insists after the grace time.
func (p *process) stop(grace time.Duration) {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
	}
	p.signal(syscall.SIGKILL)
	<-p.done
}

// tail gives the last lines of the log, each cut to what a terminal can bear.
func (p *process) tail(lines int) []byte {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	all := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
	all = all[max(0, len(all)-lines):]
	for i, line := range all {
		all[i] = line[:min(len(line), 300)]
	}
	return bytes.Join(all, []byte("\n"))
}
