// Which programs does a run need, and where are they?

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// The packages behind the programs. All are built in one call, so that what they share compiles once.
var packages = map[string]string{
	"etcd":                    "go.etcd.io/etcd/server/v3",
	"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
	"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
	"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
	"kubectl":                 "k8s.io/kubernetes/cmd/kubectl",
	"kwok":                    "sigs.k8s.io/kwok/cmd/kwok",
}

// findPrograms gives the path of each program that the run needs, building what is missing.
func findPrograms(o options, interrupts <-chan os.Signal) (map[string]string, error) {
	needed := []string{"etcd", "kube-apiserver", "kubectl"}
	if !o.bare {
		needed = append(needed, "kube-controller-manager", "kube-scheduler", "kwok")
	}
	version, key, err := moduleVersion(o.module)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(o.cache, key)
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	found := map[string]string{}
	var missing []string
	for _, name := range needed {
		if path := filepath.Join(assets, name); assets != "" && executable(path) {
			found[name] = path
			continue
		}
		found[name] = filepath.Join(folder, name)
		if !executable(found[name]) {
			missing = append(missing, name)
		}
	}
	if assets != "" {
		if err := checkSkew(found, assets, version); err != nil {
			return nil, err
		}
	}
	if len(missing) > 0 {
		err = build(o.module, folder, version, missing, interrupts)
	}
	if o.verb == "build" && err == nil {
		fmt.Println(folder)
	}
	return found, err
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// moduleVersion reads the Kubernetes version of go.mod, and a key for everything that decides what is built.
func moduleVersion(module string) (version, key string, err error) {
	manifest, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", "", err
	}
	line := regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v\S+)`).FindSubmatch(manifest)
	if line == nil {
		return "", "", errors.New("go.mod does not say which k8s.io/kubernetes")
	}
	sums, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(string(manifest) + string(sums) + buildFlags("") + runtime.GOOS + runtime.GOARCH))
	return string(line[1]), string(line[1]) + "-" + hex.EncodeToString(sum[:6]), nil
}

// checkSkew refuses controllers of ours that are newer than a given API server: that is not supported.
func checkSkew(found map[string]string, assets, version string) error {
	if filepath.Dir(found["kube-apiserver"]) != filepath.Clean(assets) {
		return nil
	}
	output, err := exec.Command(found["kube-apiserver"], "--version").Output()
	if err != nil {
		return fmt.Errorf("%s --version: %w", found["kube-apiserver"], err)
	}
	given := strings.TrimSpace(strings.TrimPrefix(string(output), "Kubernetes "))
	for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
		path, needed := found[name]
		if needed && filepath.Dir(path) != filepath.Clean(assets) && minor(version) > minor(given) {
			return fmt.Errorf("KUBEBUILDER_ASSETS has kube-apiserver %s but no %s, and ours is %s, which must not be newer: "+
				"add that program or unset KUBEBUILDER_ASSETS", given, name, version)
		}
	}
	return nil
}

func minor(version string) int {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return 0
	}
	number, err := strconv.Atoi(parts[1])
	if err != nil {
		return 0
	}
	return number
}
