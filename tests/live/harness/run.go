// What happens while the control plane runs, and how does it end?

package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// wait repeats a check until it passes; a program that ended meanwhile is the better error.
func (p *plane) wait(what string, limit time.Duration, check func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return nil
		}
		for _, each := range p.processes {
			if err := each.ended(); err != nil {
				return err
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s was not ready after %s: %w", what, limit, err)
		}
		select {
		case <-p.interrupts:
			return errInterrupted
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// healthy asks a health endpoint. Whose certificate it shows does not matter: the port is ours.
func (p *plane) healthy(url string) func() error {
	client := &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return func() error {
		response, err := client.Get(url)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, response.Status)
		}
		return nil
	}
}

func (p *plane) kubectl(arguments ...string) func() error {
	return func() error {
		command := exec.Command(p.programs["kubectl"], append(arguments, "--kubeconfig="+p.kubeconfig)...)
		command.SysProcAttr = ownGroup()
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl %s: %s", strings.Join(arguments, " "), strings.TrimSpace(string(output)))
		}
		return nil
	}
}

// command starts what was asked for, on our own streams, in a group that can be ended as a whole.
func (p *plane) command(arguments []string, prefix string) (*process, error) {
	c := &process{name: arguments[0], command: exec.Command(arguments[0], arguments[1:]...), done: make(chan struct{})}
	c.command.Stdin, c.command.Stdout, c.command.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.command.SysProcAttr = ownGroup()
	c.command.Env = append(os.Environ(),
		"KUBECONFIG="+p.kubeconfig,
		"OTELIER_LIVE_KUBECONFIG="+p.kubeconfig,
		"OTELIER_LIVE_PREFIX="+prefix,
		"OTELIER_LIVE_SERVER="+p.server(),
		"OTELIER_LIVE_CA="+p.authority.file("ca.crt"),
		"OTELIER_LIVE_CERT="+p.authority.file("admin.crt"),
		"OTELIER_LIVE_KEY="+p.authority.file("admin.key"),
		"OTELIER_LIVE_AUDIT_LOG="+p.file("audit.log"),
		"OTELIER_LIVE_KUBECTL="+p.programs["kubectl"],
		"NO_PROXY="+strings.Trim(os.Getenv("NO_PROXY")+",127.0.0.1", ","), // a proxy cannot reach our loopback
	)
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	go func() {
		_ = c.command.Wait()
		close(c.done)
	}()
	return c, nil
}

// watch returns when the command is done, a program of the plane ended, or someone interrupts.
func (p *plane) watch(command *process) error {
	var done <-chan struct{}
	if command != nil {
		done = command.done
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-p.interrupts:
			if command == nil {
				return nil
			}
			command.signal(syscall.SIGINT)
			select {
			case <-done:
			case <-p.interrupts:
			case <-time.After(20 * time.Second):
			}
			return errInterrupted // whatever it made of that
		case <-tick.C:
			for _, each := range p.processes {
				if err := each.ended(); err != nil {
					return err
				}
			}
		}
	}
}

func exitCode(command *process) int {
	status, ok := command.command.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return command.command.ProcessState.ExitCode()
}

// stop ends what was started, last first, and removes the volumes that were provisioned.
func (p *plane) stop() {
	volumes := p.volumes()
	for i := len(p.processes) - 1; i >= 0; i-- {
		p.processes[i].stop(3 * time.Second)
	}
	for _, volume := range volumes {
		_ = os.RemoveAll(volume)
	}
	_ = os.Remove(volumeFolder) // if it is empty now
	_ = os.RemoveAll(p.file("etcd"))
}

// Where kube-controller-manager's host-path provisioner makes its folders.
const volumeFolder = "/tmp/hostpath_pv"

// volumes asks for the folders of host-path volumes: the provisioner makes them outside of ours.
func (p *plane) volumes() []string {
	if p.bare || len(p.processes) == 0 {
		return nil
	}
	output, err := exec.Command(p.programs["kubectl"], "--kubeconfig="+p.kubeconfig, "--request-timeout=5s",
		"get", "persistentvolumes", "--output=jsonpath={.items[*].spec.hostPath.path}").Output()
	if err != nil {
		return nil
	}
	var ours []string
	for _, path := range strings.Fields(string(output)) {
		if filepath.Dir(path) == volumeFolder {
			ours = append(ours, path)
		}
	}
	return ours
}

// printLogs shows how each log ends, when the plane itself is to blame.
func (p *plane) printLogs() {
	for _, each := range p.processes {
		fmt.Fprintf(os.Stderr, "--- %s\n%s\n", each.log, each.tail(15))
	}
}
