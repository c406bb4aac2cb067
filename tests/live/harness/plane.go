// What is a control plane made of, before anything runs?

package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"time"
)

//go:embed audit.yaml
var auditPolicy []byte

//go:embed kubelet.yaml
var kubeletStages []byte

//go:embed world.yaml
var worldObjects []byte

// A control plane that runs, or is about to.
type plane struct {
	programs   map[string]string
	bare       bool
	interrupts <-chan os.Signal

	folder     string // everything of this run
	authority  *authority
	kubeconfig string
	ports      map[string]string
	processes  []*process
}

func newPlane(programs map[string]string, bare bool, interrupts <-chan os.Signal) (*plane, error) {
	folder, err := os.MkdirTemp("", "otelier-live-")
	if err != nil {
		return nil, err
	}
	p := &plane{programs: programs, bare: bare, interrupts: interrupts, folder: folder}
	if p.ports, err = freePorts("etcd", "etcd-peer", "api", "controllers", "scheduler"); err != nil {
		return nil, err
	}
	return p, p.writeFiles()
}

// freePorts holds all ports open until each is known, so that no two are the same.
func freePorts(names ...string) (map[string]string, error) {
	ports := map[string]string{}
	for _, name := range names {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		_, ports[name], _ = net.SplitHostPort(listener.Addr().String())
	}
	return ports, nil
}

func (p *plane) server() string { return "https://127.0.0.1:" + p.ports["api"] }

func (p *plane) file(name string) string { return filepath.Join(p.folder, name) }

func (p *plane) writeFiles() error {
	pki := p.file("pki")
	if err := os.Mkdir(pki, 0o700); err != nil {
		return err
	}
	var err error
	if p.authority, err = newAuthority(pki); err != nil {
		return err
	}
	if err := p.authority.server("apiserver"); err != nil {
		return err
	}
	for _, user := range []struct {
		file, name string
		groups     []string
	}{
		{"admin", "otelier-admin", []string{"system:masters"}},
		{"kubelet", "kwok", []string{"system:masters"}},
		{"kube-controller-manager", "system:kube-controller-manager", nil},
		{"kube-scheduler", "system:kube-scheduler", nil},
		{"service-accounts", "service-accounts", nil}, // its key signs their tokens
	} {
		if err := p.authority.client(user.file, user.name, user.groups...); err != nil {
			return err
		}
		if err := p.authority.kubeconfig(user.file, p.server()); err != nil {
			return err
		}
	}
	p.kubeconfig = p.authority.file("admin.kubeconfig")
	for name, content := range map[string][]byte{
		"audit.yaml": auditPolicy, "kubelet.yaml": kubeletStages, "world.yaml": worldObjects,
	} {
		if err := os.WriteFile(p.file(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// serve brings everything up, does what was asked for, and gives the command's exit status.
func (p *plane) serve(o options) (int, error) {
	started := time.Now()
	if err := p.start(); err != nil {
		return 0, err
	}
	say("ready in %s: %s", time.Since(started).Round(100*time.Millisecond), p.server())
	if o.verb == "serve" {
		say("export KUBECONFIG=%s", p.kubeconfig)
		say("kubectl: %s", p.programs["kubectl"])
		say("audit log: %s", p.file("audit.log"))
		say("Ctrl-C ends it")
		return 0, p.watch(nil)
	}
	random := make([]byte, 3)
	if _, err := rand.Read(random); err != nil {
		return 0, err
	}
	command, err := p.command(o.command, "ol-"+hex.EncodeToString(random))
	if err != nil {
		return 0, err
	}
	err = p.watch(command)
	command.stop(5 * time.Second)
	if err != nil {
		return 0, err
	}
	return exitCode(command), nil
}
