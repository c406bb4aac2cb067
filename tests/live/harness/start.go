// In which order do the programs start, and with which flags?

package main

import "time"

// start brings the programs up one after the other, each ready before the next.
func (p *plane) start() error {
	if err := p.launch("etcd", p.etcdFlags()); err != nil {
		return err
	}
	if err := p.wait("etcd", 60*time.Second, p.healthy("http://127.0.0.1:"+p.ports["etcd"]+"/readyz")); err != nil {
		return err
	}
	if err := p.launch("kube-apiserver", p.apiFlags()); err != nil {
		return err
	}
	if err := p.wait("kube-apiserver", 3*time.Minute, p.healthy(p.server()+"/readyz")); err != nil {
		return err
	}
	if p.bare {
		return p.wait("namespace default", time.Minute, p.kubectl("get", "namespace", "default"))
	}
	if err := p.launch("kube-controller-manager", p.controllerFlags()); err != nil {
		return err
	}
	if err := p.launch("kube-scheduler", p.schedulerFlags()); err != nil {
		return err
	}
	if err := p.wait("the first objects", time.Minute, p.kubectl("apply", "--filename", p.file("world.yaml"))); err != nil {
		return err
	}
	if err := p.launch("kwok", p.kwokFlags()); err != nil {
		return err
	}
	for what, check := range map[string]func() error{
		"kube-controller-manager": p.healthy("https://127.0.0.1:" + p.ports["controllers"] + "/healthz"),
		"kube-scheduler":          p.healthy("https://127.0.0.1:" + p.ports["scheduler"] + "/healthz"),
		"nodes":                   p.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=1s"),
		"service accounts":        p.kubectl("get", "serviceaccount", "default", "--namespace=default"),
	} {
		if err := p.wait(what, 2*time.Minute, check); err != nil {
			return err
		}
	}
	return nil
}

func (p *plane) launch(name string, flags []string) error {
	started, err := start(p.folder, name, p.programs[name], flags...)
	if err == nil {
		p.processes = append(p.processes, started)
	}
	return err
}

func (p *plane) etcdFlags() []string {
	client, peer := "http://127.0.0.1:"+p.ports["etcd"], "http://127.0.0.1:"+p.ports["etcd-peer"]
	return []string{
		"--name=live", "--data-dir=" + p.file("etcd"), "--log-level=warn",
		"--unsafe-no-fsync", // the data does not outlive the run
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=live=" + peer,
	}
}

func (p *plane) apiFlags() []string {
	pki := p.authority.file
	return []string{
		"--etcd-servers=http://127.0.0.1:" + p.ports["etcd"],
		"--bind-address=127.0.0.1", "--secure-port=" + p.ports["api"], "--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // loopback is no address for an Endpoints object
		"--tls-cert-file=" + pki("apiserver.crt"), "--tls-private-key-file=" + pki("apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"), "--authorization-mode=Node,RBAC", "--anonymous-auth=true",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + pki("service-accounts.crt"),
		"--service-account-signing-key-file=" + pki("service-accounts.key"),
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
		"--audit-policy-file=" + p.file("audit.yaml"), "--audit-log-path=" + p.file("audit.log"),
		"--audit-log-maxsize=4096", "--profiling=false",
	}
}

func (p *plane) controllerFlags() []string {
	pki := p.authority.file
	return []string{
		"--kubeconfig=" + pki("kube-controller-manager.kubeconfig"), "--use-service-account-credentials=true",
		"--bind-address=127.0.0.1", "--secure-port=" + p.ports["controllers"], "--leader-elect=false",
		"--root-ca-file=" + pki("ca.crt"), "--service-account-private-key-file=" + pki("service-accounts.key"),
		"--cluster-signing-cert-file=" + pki("ca.crt"), "--cluster-signing-key-file=" + pki("ca.key"),
		"--enable-hostpath-provisioner=true", "--profiling=false",
	}
}

func (p *plane) schedulerFlags() []string {
	return []string{
		"--kubeconfig=" + p.authority.file("kube-scheduler.kubeconfig"), "--leader-elect=false",
		"--bind-address=127.0.0.1", "--secure-port=" + p.ports["scheduler"], "--profiling=false",
	}
}

func (p *plane) kwokFlags() []string {
	return []string{
		"--kubeconfig=" + p.authority.file("kubelet.kubeconfig"), "--config=" + p.file("kubelet.yaml"),
		"--manage-all-nodes=true", "--node-ip=10.64.0.1", "--node-port=0", "--cidr=10.244.0.0/16",
		"--node-lease-duration-seconds=40",
	}
}
