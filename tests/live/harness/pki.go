// Which certificates does a run need, and who signs them?

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An authority that lives as long as one run. Its files are the cluster's certificates.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(folder string) (*authority, error) {
	a := &authority{folder: folder}
	template := certificateFor(pkix.Name{CommonName: "otelier-live"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	var err error
	a.certificate, a.key, err = a.issue("ca", template)
	return a, err
}

// server is the API server's own certificate.
func (a *authority) server(name string) error {
	template := certificateFor(pkix.Name{CommonName: "kube-apiserver"})
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)}
	template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	_, _, err := a.issue(name, template)
	return err
}

// client is a user of the API, with the groups that RBAC knows.
func (a *authority) client(name, user string, groups ...string) error {
	template := certificateFor(pkix.Name{CommonName: user, Organization: groups})
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, _, err := a.issue(name, template)
	return err
}

func (a *authority) file(name string) string {
	return filepath.Join(a.folder, name)
}

func certificateFor(subject pkix.Name) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   subject,
		NotBefore: now.Add(-time.Minute),
		NotAfter:  now.Add(7 * 24 * time.Hour),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

// issue writes name.crt and name.key, signed by the authority or, for the first, by itself.
func (a *authority) issue(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate %s: %w", name, err)
	}
	if err := writePEM(a.file(name+".crt"), "CERTIFICATE", der); err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	if err := writePEM(a.file(name+".key"), "PRIVATE KEY", private); err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// kubeconfig writes name.kubeconfig: one file that holds everything, so that it may be copied away.
func (a *authority) kubeconfig(name, server string) error {
	var data [3]string
	for i, file := range []string{"ca.crt", name + ".crt", name + ".key"} {
		content, err := os.ReadFile(a.file(file))
		if err != nil {
			return err
		}
		data[i] = base64.StdEncoding.EncodeToString(content)
	}
	return os.WriteFile(a.file(name+".kubeconfig"), fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: otelier-live
clusters:
- {name: otelier-live, cluster: {server: "%s", certificate-authority-data: %s}}
contexts:
- {name: otelier-live, context: {cluster: otelier-live, user: %s}}
users:
- {name: %s, user: {client-certificate-data: %s, client-key-data: %s}}
`, server, data[0], name, name, data[1], data[2]), 0o600)
}
