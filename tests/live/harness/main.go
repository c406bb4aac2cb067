// Command harness runs a real Kubernetes control plane for as long as a command needs it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

const usage = `A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager,
kube-scheduler, and kwok for three nodes whose pods become ready.

  control-plane run [flags] -- COMMAND...   run COMMAND with KUBECONFIG set, then end everything
  control-plane serve [flags]               the same for a person, until Ctrl-C
  control-plane build                       only build the programs, and print their folder

flags:
  -no-controllers   etcd and kube-apiserver alone: nothing but the caller writes
  -keep             keep the folder with the logs also after success

COMMAND gets KUBECONFIG, OTELIER_LIVE_KUBECONFIG, OTELIER_LIVE_SERVER, OTELIER_LIVE_CA, OTELIER_LIVE_CERT,
OTELIER_LIVE_KEY, OTELIER_LIVE_AUDIT_LOG and OTELIER_LIVE_KUBECTL. Programs come from KUBEBUILDER_ASSETS where it
is set and has them; the others are built once with Go. The exit status is COMMAND's, or 125 when the
control plane itself failed; its logs are then kept.
`

// What the command line asked for.
type options struct {
	module, cache string
	verb          string
	bare, keep    bool
	command       []string
}

// Exit statuses that are not the command's own.
const (
	harnessFailed = 125
	interrupted   = 130
)

func init() {
	// Children die with the thread that started them (process_linux.go): keep that thread.
	runtime.LockOSThread()
}

func main() {
	asked, err := parse(os.Args[1:])
	if err != nil {
		say("%v", err)
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	code, err := run(asked)
	switch {
	case errors.Is(err, errInterrupted):
		code = interrupted
	case err != nil:
		code = harnessFailed
	}
	if err != nil {
		say("%v", err)
	}
	os.Exit(code)
}

func parse(args []string) (options, error) {
	var o options
	place := flag.NewFlagSet("control-plane", flag.ContinueOnError)
	place.Usage = func() {}
	place.StringVar(&o.module, "module", "", "")
	place.StringVar(&o.cache, "cache", "", "")
	if err := place.Parse(args); err != nil {
		return o, err
	}
	if place.NArg() == 0 || place.Arg(0) == "help" {
		fmt.Print(usage)
		os.Exit(0)
	}
	o.verb = place.Arg(0)
	verb := flag.NewFlagSet(o.verb, flag.ContinueOnError)
	verb.Usage = func() {}
	verb.BoolVar(&o.bare, "no-controllers", false, "")
	verb.BoolVar(&o.keep, "keep", false, "")
	if err := verb.Parse(place.Args()[1:]); err != nil {
		return o, err
	}
	o.command = verb.Args()
	switch {
	case o.verb != "run" && o.verb != "serve" && o.verb != "build":
		return o, fmt.Errorf("unknown verb %q", o.verb)
	case o.verb == "run" && len(o.command) == 0:
		return o, errors.New("run needs a command after --")
	case o.verb != "run" && len(o.command) > 0:
		return o, fmt.Errorf("%s takes no command", o.verb)
	}
	if o.verb == "run" {
		if _, err := exec.LookPath(o.command[0]); err != nil {
			return o, err
		}
	}
	return o, nil
}

func run(o options) (int, error) {
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	programs, err := findPrograms(o, interrupts)
	if err != nil || o.verb == "build" {
		return 0, err
	}
	plane, err := newPlane(programs, o.bare, interrupts)
	if err != nil {
		return 0, err
	}
	code, err := plane.serve(o)
	broken := err != nil && !errors.Is(err, errInterrupted)
	if broken {
		plane.printLogs()
	}
	plane.stop()
	if broken || code != 0 || o.keep {
		say("logs are kept: %s", plane.folder)
		return code, err
	}
	return code, errors.Join(err, os.RemoveAll(plane.folder))
}

// say writes one line for the reader; the command's own output is left alone on stdout.
func say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "control-plane: "+format+"\n", values...)
}
