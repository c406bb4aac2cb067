//! Do real collectors pass on what they are sent?
//!
//! They run with the configuration that is rendered for them. Only what exists in a cluster alone is changed: the
//! places that they send to, the certificates, and the way in which they prove to the API who they are.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use support::{Command, Live, Running, ask, peers};

use super::of;

/// Who asks the API of the cluster, by default as the account of its Pod.
const ASK_THE_API: [&str; 5] = [
    "k8s_attributes",
    "k8s_cluster",
    "k8s_events",
    "k8s_objects",
    "k8s_leader_elector",
];
const SIGNALS: [&str; 3] = ["traces", "metrics", "logs"];

/// A collector that writes down what it is sent.
pub(super) struct Sink {
    file: PathBuf,
    pub(super) running: Running,
    _folder: Command,
}

impl Sink {
    pub(super) fn at(address: &str) -> Self {
        let folder = Command::new("sink");
        let file = folder.folder().join("arrived.jsonl");
        let pipeline = json!({ "receivers": ["otlp"], "exporters": ["file"] });
        let config = json!({
            "receivers": { "otlp": { "protocols": {
                "grpc": { "endpoint": format!("{address}:4317") },
                "http": { "endpoint": format!("{address}:4318") },
            } } },
            "exporters": { "file": { "path": file, "flush_interval": "100ms" } },
            "service": {
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": pipeline, "metrics": pipeline, "logs": pipeline },
            },
        });
        let path = folder.folder().join("config.yaml");
        fs::write(&path, config.to_string()).unwrap();
        let mut otelcol = peers::peer("otelcol");
        otelcol.arg("--config").arg(path);
        let mut running = Running::of(otelcol, folder.folder().join("output.log"));
        let http = format!("{address}:4318");
        running.wait("the sink listens", || {
            std::net::TcpStream::connect(&http).ok()
        });
        Self {
            file,
            running,
            _folder: folder,
        }
    }

    /// Which signals with this mark have arrived.
    fn arrived(&self, mark: &str) -> BTreeSet<&'static str> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(mark)).collect();
        let kinds = [
            ("resourceSpans", "traces"),
            ("resourceMetrics", "metrics"),
            ("resourceLogs", "logs"),
        ];
        let there = |key: &&str| {
            lines
                .iter()
                .any(|line| line.starts_with(&format!("{{\"{key}")))
        };
        kinds
            .iter()
            .filter(|(key, _)| there(key))
            .map(|(_, signal)| *signal)
            .collect()
    }
}

/// Sends one span, one metric and one log as an application does: which signals were taken.
pub(super) fn send(address: &str, mark: &str) -> BTreeSet<&'static str> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let (before, now) = ((now - 1_000_000_000).to_string(), now.to_string());
    let resource =
        json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": mark } }] });
    let span = json!({
        "traceId": format!("{:032x}", 7_u64 << 32 | mark.len() as u64), "spanId": "eee19b7ec3c1b174", "name": mark,
        "kind": 2, "startTimeUnixNano": before, "endTimeUnixNano": now, "status": { "code": 2 },
    });
    let log = json!({ "body": { "stringValue": mark }, "timeUnixNano": now });
    let point = json!({ "asInt": "7", "startTimeUnixNano": before, "timeUnixNano": now });
    let sum = json!({ "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [point] });
    let metric = json!({ "name": "otelier.test", "sum": sum });
    let bodies = [
        json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": [span] }] }] }),
        json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [{ "metrics": [metric] }] }] }),
        json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": [log] }] }] }),
    ];
    let taken = |signal: &str, body: &Value| {
        let path = format!("/v1/{signal}");
        ask(&format!("{address}:4318"), "POST", &path, &body.to_string()).is_some()
    };
    let each = SIGNALS.into_iter().zip(&bodies);
    each.filter(|(signal, body)| taken(signal, body))
        .map(|(signal, _)| signal)
        .collect()
}

/// Lets a configuration send to the sink, and ask the API as the caller of `make live`. Gives the signals that lead
/// to the sink.
fn redirect(text: &str, sink: &str) -> (String, BTreeSet<String>) {
    let mut config: Value = serde_saphyr::from_str(text).unwrap();
    let mut led = BTreeSet::new();
    for (id, exporter) in config["exporters"].as_object_mut().into_iter().flatten() {
        let plain = json!({ "insecure": true });
        match id.split('/').next().unwrap_or_default() {
            "otlp_http" => {
                exporter["endpoint"] = json!(format!("http://{sink}:4318"));
                exporter["tls"] = Value::Null;
            }
            "otlp_grpc" => {
                exporter["endpoint"] = json!(format!("{sink}:4317"));
                exporter["tls"] = plain;
            }
            "load_balancing" => {
                exporter["resolver"] =
                    json!({ "static": { "hostnames": [format!("{sink}:4317")] } });
                exporter["protocol"]["otlp"]["tls"] = plain;
            }
            _ => continue,
        }
        led.insert(id.clone());
    }
    for protocol in ["grpc", "http"] {
        config["receivers"]["otlp"]["protocols"][protocol]["tls"] = Value::Null;
    }
    for section in ["receivers", "processors", "extensions"] {
        for (id, component) in config[section].as_object_mut().into_iter().flatten() {
            if ASK_THE_API.contains(&id.split('/').next().unwrap_or_default()) {
                component["auth_type"] = json!("kubeConfig");
            }
        }
    }
    let signals = config["service"]["pipelines"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, pipeline)| {
            let takes = pipeline["receivers"]
                .as_array()
                .is_some_and(|all| all.contains(&json!("otlp")));
            let exporters = pipeline["exporters"].as_array().into_iter().flatten();
            takes
                && exporters
                    .filter_map(Value::as_str)
                    .any(|id| led.contains(id))
        });
    let signals = signals
        .map(|(id, _)| id.split('/').next().unwrap_or_default().to_owned())
        .collect();
    (config.to_string(), signals)
}

#[test]
fn a_real_collector_passes_on_a_span_a_metric_and_a_log_with_every_configuration() {
    let live = Live::expected();
    let sink_address = "127.0.9.1";
    let mut sink = Sink::at(sink_address);
    let all = [
        "opentelemetry-collector-k8s",
        "opentelemetry-collector-contrib",
    ]
    .map(|repository| of(&stacks::catalog::all(), repository));
    for (number, (stack, container)) in all.into_iter().flatten().enumerate() {
        let address = format!("127.0.9.{}", number + 2);
        let mark = format!("{stack}-{}", "x".repeat(number + 1));
        let mut container = container.at(&address);
        let kubeconfig = live.kubeconfig.display().to_string();
        container.env.insert("KUBECONFIG".to_owned(), kubeconfig);
        let config = container.argument("--config").unwrap().to_owned();
        // A sidecar listens to its own Pod alone, which here is everyone's machine.
        let text = fs::read_to_string(&config).unwrap();
        let text = text.replace("127.0.0.1:", &format!("{address}:"));
        let (text, expected) = redirect(&text, sink_address);
        fs::write(&config, text).unwrap();
        let mut collector = Running::start(&container, "otelcol", &[]);
        let workload = &container.workload;
        collector.wait(&format!("{workload} of {stack} is healthy"), || {
            ask(&format!("{address}:13133"), "GET", "/", "")
        });
        let taken: BTreeSet<String> = send(&address, &mark)
            .into_iter()
            .map(str::to_owned)
            .collect();
        assert!(
            expected.is_subset(&taken),
            "{workload} of {stack} takes {taken:?}, and not {expected:?}"
        );
        collector.wait(
            &format!("{expected:?} through {workload} of {stack}"),
            || {
                let arrived: BTreeSet<String> =
                    sink.arrived(&mark).into_iter().map(str::to_owned).collect();
                expected.is_subset(&arrived).then_some(())
            },
        );
        sink.running.wait("the sink runs", || Some(()));
    }
}
