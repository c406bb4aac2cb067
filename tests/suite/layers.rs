//! Two layers of gateways through each other: the configurations as the module writes them for a stack, of which only
//! addresses and the folder of a volume are replaced.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    path::PathBuf,
    process::{self, Child, Command as Process},
};

use modules::{Collector, sampling::Policy, traces, units::GIB};
use provider::{Scope, Stack};
use serde_json::{Value, json};
use support::Command;

use crate::{
    gateway::{IMAGE, configurations},
    local::{post, until},
};

/// How many traces are sent, and how many spans each has.
const TRACES: u64 = 80;
const SPANS: u64 = 6;
/// Every one of so many has an error.
const ERRORS: u64 = 4;

fn two_layers(scope: &mut Scope<'_>) {
    let policies = [Policy::errors(), Policy::slow(1000)];
    scope.add(
        Collector::otlp_gateway("otlp", IMAGE)
            .samplers(2, 2 * GIB)
            .pipeline(traces().sample_by(policies).write()),
    );
}

/// The address of a Pod: one that no other test has, so that it can have the ports of a cluster.
fn pod(number: u8) -> Ipv4Addr {
    let [.., high, low] = process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 1, low, number)
}

/// A gateway in the place of a Pod.
struct Pod {
    child: Child,
    address: Ipv4Addr,
    /// What is in its volume.
    volume: PathBuf,
}

impl Pod {
    fn start(user: &Command, number: u8, text: &str, keys: &[String]) -> Self {
        let address = pod(number);
        let volume = user.folder().join(address.to_string());
        fs::create_dir_all(&volume).unwrap();
        fs::write(volume.join("config.yaml"), text).unwrap();
        let log = volume.join("log");
        let mut command = user.prepared("gateway", &["--shards", "1", "--config"]);
        command.arg(volume.join("config.yaml"));
        command.args(keys.iter().flat_map(|key| ["--set", key]));
        let child = command
            .env("POD_IP", address.to_string())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let pod = Self {
            child,
            address,
            volume,
        };
        until("a gateway takes telemetry", || {
            let said = fs::read_to_string(&log).unwrap();
            assert!(!said.contains("rror:"), "{said}");
            said.contains("the gateway takes telemetry")
        });
        pod
    }

    fn http(&self) -> SocketAddr {
        (self.address, 4318).into()
    }

    /// The spans in its file, by their traces.
    fn written(&self) -> BTreeMap<String, Vec<String>> {
        let mut spans = BTreeMap::<String, Vec<String>>::new();
        let text = fs::read_to_string(self.volume.join("traces.jsonl")).unwrap_or_default();
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let request: Value = serde_json::from_str(line).unwrap();
            let list = |value: &Value| value.as_array().unwrap().clone();
            let resources = list(&request["resourceSpans"]).into_iter();
            let scopes = resources.flat_map(|resource| list(&resource["scopeSpans"]));
            for span in scopes.flat_map(|scope| list(&scope["spans"])) {
                let id = |of: &str| span[of].as_str().unwrap().to_owned();
                spans.entry(id("traceId")).or_default().push(id("spanId"));
            }
        }
        for spans in spans.values_mut() {
            spans.sort();
        }
        spans
    }

    fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Process::new("kill").arg(id).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trace_id(trace: u64) -> String {
    // Ids are spread as an SDK's are: the ring gives each layer's member its share.
    let mixed = (trace + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}{trace:016x}")
}

fn span_id(trace: u64, span: u64) -> String {
    format!("{:016x}", trace * SPANS + span + 1)
}

/// A request with the spans of a half of every trace.
fn half(spans: &Range<u64>) -> String {
    let of_trace = |trace: u64| {
        spans.clone().map(move |span| {
            let failed = trace.is_multiple_of(ERRORS) && span == 1;
            json!({
                "traceId": trace_id(trace), "spanId": span_id(trace, span), "name": "checkout", "kind": 2,
                "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712660100000000",
                "status": { "code": if failed { 2 } else { 0 } },
            })
        })
    };
    let spans: Vec<Value> = (0..TRACES).flat_map(of_trace).collect();
    json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }).to_string()
}

/// What sends over gRPC whatever it is sent.
fn agent(to: &Pod) -> String {
    json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": "${env:POD_IP}:4318" } } } },
        "exporters": { "otlp_grpc": {
            "endpoint": format!("{}:4317", to.address), "tls": { "insecure": true },
        } },
        "service": {
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["otlp_grpc"] } },
        },
    })
    .to_string()
}

#[test]
fn what_the_second_layer_decides_is_whole_whichever_way_its_halves_came_into_the_first() {
    let user = Command::new("layers");
    let texts = configurations(&Stack::new("two-layers", two_layers));
    let (samplers, front): (Vec<_>, Vec<_>) = texts
        .into_iter()
        .partition(|(name, _)| name.contains("sampler"));
    let [(_, front)] = &front[..] else {
        panic!("{front:?}")
    };
    let [(_, sampler)] = &samplers[..] else {
        panic!("{samplers:?}")
    };

    let samplers = [2, 3].map(|number| {
        let file = user
            .folder()
            .join(pod(number).to_string())
            .join("traces.jsonl");
        let path = format!("exporters.file/traces.path={}", file.display());
        Pod::start(&user, number, sampler, &[path])
    });
    let names = samplers
        .each_ref()
        .map(|pod| format!("{}:4317", pod.address));
    let hostnames = format!("exporters.load_balancing.resolver.static.hostnames={names:?}");
    let front = Pod::start(&user, 1, front, &[hostnames]);
    let agent = Pod::start(&user, 4, &agent(&front), &[]);

    // Errors are in the one half alone.
    for (to, half) in [
        (front.http(), half(&(0..SPANS / 2))),
        (agent.http(), half(&(SPANS / 2..SPANS))),
    ] {
        let answer = post(to, &half);
        assert!(answer.contains("200"), "{answer}");
    }

    let kept = (0..TRACES).step_by(usize::try_from(ERRORS).unwrap());
    let kept: BTreeMap<String, Vec<String>> = kept
        .map(|trace| {
            (
                trace_id(trace),
                (0..SPANS).map(|span| span_id(trace, span)).collect(),
            )
        })
        .collect();
    let written = || samplers.each_ref().map(Pod::written);
    until("what is kept is written", || {
        written().iter().map(BTreeMap::len).sum::<usize>() >= kept.len()
    });
    [agent, front].into_iter().for_each(Pod::end);
    let shares = written();
    assert!(
        shares.iter().all(|share| !share.is_empty()),
        "both have a share: {shares:?}"
    );
    let (mut all, second) = (shares[0].clone(), &shares[1]);
    all.extend(second.clone());
    assert_eq!(
        all, kept,
        "each trace is whole, in one place, and no other is kept"
    );
    assert_eq!(shares.iter().map(BTreeMap::len).sum::<usize>(), kept.len());
    samplers.into_iter().for_each(Pod::end);
}
