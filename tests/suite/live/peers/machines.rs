//! Does what an agent measures of its machine arrive under the names that rules and dashboards ask for?
//!
//! A real collector measures this machine as an agent's configuration has it, and a real Prometheus takes it in each way
//! that there is: as OTLP, by remote write, and by asking.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use modules::{Collector, Loki, Prometheus, logs, metrics};
use provider::{Scope, Stack};
use serde_json::{Value, json};
use support::{Container, Live, Running, ask};

use super::{graph, of};
use crate::seen;

const PROMETHEUS: &str = "127.0.8.11:9090";
const EXPORTER: &str = "127.0.8.12:9464";

/// An agent whose metrics arrive, and two gateways that send in the two ways in which something is sent.
fn measured(stack: &mut Scope<'_>) {
    let prometheus = stack.add(Prometheus::new("prometheus").take_remote_write());
    let loki = stack.add(Loki::new("loki"));
    let sends = |name| Collector::gateway(name).pipeline(logs().export(&loki.otlp));
    let gateway = sends("otlp").pipeline(metrics().export(&prometheus.otlp));
    stack.add(sends("write").pipeline(metrics().export(&prometheus.remote_write)));
    let gateway = stack.add(gateway);
    stack.add(Collector::agent("node").forward(&gateway.otlp));
}

/// Lets Prometheus measure the collector of this machine and nothing else, and not wait.
fn prepare(container: &Container) {
    let jobs = json!({ "scrape_configs": [{
        "job_name": "machines",
        "scrape_interval": "1s",
        "static_configs": [{ "targets": [EXPORTER] }],
    }] });
    let file = container.path("/etc/prometheus/scrape/stack.yml");
    fs::write(file, jobs.to_string()).unwrap();
    let hurry = |text: String| text.replace("evaluation_interval: 30s", "evaluation_interval: 1s");
    container.edit(container.argument("--config.file").unwrap(), hurry);
}

fn config(container: &Container) -> Value {
    let text = fs::read_to_string(container.argument("--config").unwrap()).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn collector(stack: &Stack, workload: &str) -> Container {
    let containers = Container::all(&graph(stack));
    let mut named = containers
        .into_iter()
        .filter(|one| one.workload == workload);
    named.next().expect("the stack has it")
}

/// What that gateway's exporter says of labels: remote write knows no resources.
fn labels(written: &Container) -> Value {
    let config = config(written);
    let exporters = config["exporters"].as_object().unwrap();
    let mut named = exporters
        .iter()
        .filter(|(id, _)| id.starts_with("prometheus_remote_write"));
    let (_, exporter) = named.next().expect("the gateway writes to Prometheus");
    exporter["resource_to_telemetry_conversion"].clone()
}

/// What an agent measures and adds, with all ways out of it.
fn measures(agent: &Container, labels: &Value) -> String {
    let whole = config(agent);
    let mut receiver = whole["receivers"]["host_metrics"].clone();
    receiver["collection_interval"] = json!("1s");
    receiver["root_path"] = json!("/");
    // In a container there may be no other.
    let file_systems = &mut receiver["scrapers"]["filesystem"];
    file_systems["include_virtual_filesystems"] = json!(true);
    file_systems["exclude_fs_types"]["fs_types"] = json!(["proc", "sysfs"]);
    let config = json!({
        "receivers": { "host_metrics": receiver },
        "processors": { "resource": whole["processors"]["resource"] },
        "exporters": {
            "otlp_http": { "endpoint": format!("http://{PROMETHEUS}/api/v1/otlp") },
            "prometheus_remote_write": {
                "endpoint": format!("http://{PROMETHEUS}/api/v1/write"),
                "external_labels": { "job": "written" },
                "resource_to_telemetry_conversion": labels,
            },
            "prometheus": { "endpoint": EXPORTER, "resource_to_telemetry_conversion": labels },
        },
        "service": {
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "metrics": {
                "receivers": ["host_metrics"],
                "processors": ["resource"],
                "exporters": ["otlp_http", "prometheus_remote_write", "prometheus"],
            } },
        },
    });
    config.to_string()
}

/// The series that answer a question, once there are any.
fn answer(question: &str) -> Option<Vec<Value>> {
    let mut path = "/api/v1/query?query=".to_owned();
    for byte in question.bytes() {
        write!(path, "%{byte:02X}").expect("a String takes everything");
    }
    let answer: Value = serde_json::from_str(&ask(PROMETHEUS, "GET", &path, "")?).ok()?;
    let series = answer["data"]["result"].as_array()?.clone();
    (!series.is_empty()).then_some(series)
}

/// What the dashboard about the cluster asks of machines.
fn questions() -> Vec<String> {
    let dashboards = seen::dashboards();
    let asked = seen::questions(&dashboards["otelier-kubernetes.json"]);
    let asked = asked.into_iter().filter(|one| one.contains("system_"));
    asked
        .map(|one| {
            let one = one.replace("$__rate_interval", "10s");
            one.replace("$node", ".+")
        })
        .collect()
}

#[test]
fn what_an_agent_measures_of_its_machine_is_what_rules_and_dashboards_ask_for() {
    let _live = Live::expected();
    let stack = Stack::new("measured", measured);
    let container = of(std::slice::from_ref(&stack), "prom/prometheus")
        .remove(0)
        .1;
    prepare(&container);
    let listen = format!("--web.listen-address={PROMETHEUS}");
    let mut prometheus = Running::start(&container, "prometheus", &[listen]);
    prometheus.wait("Prometheus is ready", || {
        ask(PROMETHEUS, "GET", "/-/ready", "")
    });
    let agent = collector(&stack, "DaemonSet/node");
    let written = collector(&stack, "Deployment/write");
    let config = measures(&agent, &labels(&written));
    fs::write(agent.argument("--config").unwrap(), config).unwrap();
    let _collector = Running::start(&agent, "otelcol", &[]);

    let questions = questions();
    assert!(questions.len() > 6, "{questions:?}");
    for question in &questions {
        let series = prometheus.wait(question, || answer(question));
        // Each tells nodes apart.
        assert_eq!(
            series[0]["metric"]["k8s_node_name"], "nodename",
            "{question}: {series:?}"
        );
    }
    for metric in metrics_in(&questions) {
        for way in ["", "written", "machines"] {
            let question = format!("{metric}{{job=\"{way}\"}}");
            prometheus.wait(&question, || answer(&question));
        }
    }
    prometheus.wait("the rules about the cluster are worked out", || {
        let rules: Value =
            serde_json::from_str(&ask(PROMETHEUS, "GET", "/api/v1/rules", "")?).ok()?;
        let groups = rules["data"]["groups"].as_array()?;
        let group = groups.iter().find(|group| group["name"] == "kubernetes")?;
        let rules = group["rules"].as_array()?;
        assert!(
            rules.iter().all(|rule| rule["health"] != "err"),
            "{rules:?}"
        );
        let there = rules.iter().any(|rule| rule["name"] == "NodeDiskFillsSoon");
        (there && rules.iter().all(|rule| rule["health"] == "ok")).then_some(())
    });
}

/// The names of metrics in what is asked.
fn metrics_in(questions: &[String]) -> BTreeSet<String> {
    questions.iter().flat_map(|one| seen::names(one)).collect()
}
