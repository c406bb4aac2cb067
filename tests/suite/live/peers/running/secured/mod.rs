//! Do real collectors take and pass on what they are sent where everything is spoken over TLS?
//!
//! They run with what is rendered for them and with the certificates that the engine makes. Each place that they send to
//! becomes a receiver on this machine with the certificate of whoever has that name in the cluster.

use std::{collections::BTreeSet, fs};

use modules::{Collector, JaegerInMemory, Loki, Prometheus, Tls, logs, metrics, traces};
use provider::{Scope, Stack};
use serde_json::Value;
use support::{Command, Container, Live, Running, ask};

use super::{
    Sink, ask_as_ourselves,
    sender::{send, send_by},
    signals,
};
use caller::{Caller, Files};
use made::Made;
use places::{Place, of, receivers, redirect};

mod caller;
mod made;
mod places;

const COLLECTORS: &str = "opentelemetry-collector-k8s";

/// As production, but that collectors ask who calls.
fn mutual(stack: &mut Scope<'_>) {
    stack.add(Tls::generated().mutual());
    let jaeger = stack.add(JaegerInMemory::new("jaeger"));
    let prometheus = stack.add(Prometheus::new("prometheus").replicas(2));
    let loki = stack.add(Loki::new("loki"));
    let gateway = Collector::gateway("otlp")
        .pipeline(traces().sample(0.5).export(&jaeger.otlp))
        .pipeline(metrics().export(&prometheus.otlp))
        .pipeline(logs().export(&loki.otlp));
    let gateway = stack.add(gateway);
    stack.add(Collector::agent("node").forward(&gateway.otlp));
}

/// How data comes to a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Anything,
    Encrypted,
}

/// A collector that sends over TLS.
struct Secured {
    /// What it is called in the cluster.
    name: String,
    address: String,
    container: Container,
    takes: Takes,
    /// What has to arrive of what it is sent.
    expected: BTreeSet<String>,
}

impl Secured {
    /// A collector that programs send to, at an address on this machine, that sends to places of another net.
    fn new(
        made: &Made,
        container: Container,
        at: String,
        places: &mut Vec<Place>,
        net: &str,
    ) -> Option<Self> {
        let path = container.argument("--config").unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let mut config: Value = serde_saphyr::from_str(&text).unwrap();
        let protocols = config.pointer("/receivers/otlp/protocols")?.as_object()?;
        let encrypted = |protocol: &Value| protocol["tls"]["cert_file"].is_string();
        let takes = if protocols.values().all(encrypted) {
            Takes::Encrypted
        } else {
            Takes::Anything
        };
        ask_as_ourselves(&mut config);
        let led = redirect(&mut config, places, net);
        let expected = signals(&config, &led);
        fs::write(&path, config.to_string()).unwrap();
        let mut container = container.at(&at);
        let kubeconfig = Live::expected().kubeconfig.display().to_string();
        container.env.insert("KUBECONFIG".to_owned(), kubeconfig);
        let name = container.workload.split('/').next_back().unwrap();
        Some(Self {
            name: format!("{name}.{}.svc", made.namespace(&container.workload)),
            address: at,
            container,
            takes,
            expected,
        })
    }

    /// Sends something of each signal: what was taken.
    fn sent(&self, caller: &Caller) -> BTreeSet<&'static str> {
        send_by(&self.name, |path, body| {
            self.post(caller, path, body).is_ok()
        })
    }

    fn post(&self, caller: &Caller, path: &str, body: &str) -> Result<(), String> {
        caller.post(&format!("{}:4318", self.address), &self.name, path, body)
    }

    /// Expects that nothing is taken in the open and, where it is asked who calls, nothing of nobody and of strangers.
    fn refuses_others(&self, trusts: &Files, own: Option<&Files>, stranger: &Files) {
        let name = &self.name;
        assert!(send(&self.address, "open").is_empty(), "{name}");
        for (who, shown) in [("nobody", None), ("a stranger", Some(stranger))] {
            let said = self.post(&Caller::new(trusts, shown), "/v1/traces", "{}");
            let refused = said
                .as_ref()
                .is_err_and(|said| said.contains("received fatal alert"));
            assert_eq!(refused, own.is_some(), "{name} says to {who}: {said:?}");
        }
    }
}

/// Sends through every collector of a stack, as whoever has a certificate for that name, or as nobody. They live in one
/// net of this machine, and send to another.
fn passes_on(stack: &Stack, own: Option<&str>, [net, far]: [&str; 2]) {
    let made = Made::of(stack);
    let others = Made::of(&Stack::new("others", mutual));
    let stranger = of(&others, "otlp.others.svc");
    let mut places = Vec::new();
    let mut collectors = Vec::new();
    for container in made.containers(COLLECTORS) {
        let at = format!("{net}.{}", collectors.len() + 1);
        collectors.extend(Secured::new(&made, container, at, &mut places, far));
    }
    let folder = Command::new("secured");
    let sink = Sink::of(&receivers(&made, &places, folder.folder(), far));
    let own = own.map(|name| of(&made, name));
    let mut encrypted = BTreeSet::new();
    for secured in &collectors {
        let Secured {
            name,
            address,
            container,
            takes,
            expected,
        } = secured;
        let mut collector = Running::start(container, "otelcol", &[]);
        collector.wait(&format!("{name} is healthy"), || {
            ask(&format!("{address}:13133"), "GET", "/", "")
        });
        let taken = match takes {
            Takes::Anything => send(address, name),
            Takes::Encrypted => {
                let trusts = of(&made, name);
                secured.refuses_others(&trusts, own.as_ref(), &stranger);
                encrypted.insert(name.split('.').next().unwrap());
                secured.sent(&Caller::new(&trusts, own.as_ref()))
            }
        };
        let all = |there: &BTreeSet<&str>| {
            let mut each = expected.iter();
            !expected.is_empty() && each.all(|signal| there.contains(signal.as_str()))
        };
        assert!(all(&taken), "{name} takes {taken:?}, and not {expected:?}");
        collector.wait(&format!("{expected:?} through {name}"), || {
            all(&sink.arrived(name)).then_some(())
        });
    }
    assert_eq!(encrypted, ["otlp", "otlp-sampler"].into());
}

#[test]
fn production_takes_and_passes_on_a_span_a_metric_and_a_log_over_tls() {
    let mut all = stacks::catalog::all().into_iter();
    let prod = all.find(|stack| stack.name() == "prod").unwrap();
    passes_on(&prod, None, ["127.0.10", "127.0.11"]);
}

#[test]
fn collectors_that_ask_who_calls_take_what_those_send_whom_they_know_and_nothing_else() {
    let stack = Stack::new("mutual", mutual);
    passes_on(
        &stack,
        Some("node.mutual-agents.svc"),
        ["127.0.12", "127.0.13"],
    );
}
