//! What holds for the whole thin stack, as it is written in the design.

use collector_config::{Config, Release};
use modules::{
    Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus,
    elasticsearch::ElasticsearchYml,
    grafana::{DashboardsYaml, DatasourcesYaml},
    logs,
    loki::LokiYaml,
    metrics,
    prometheus::{PrometheusYml, ScrapeFile},
    traces,
    units::days,
};
use provider_core::Scope;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::support::{files, graph, objects, templates};

fn prod(stack: &mut Scope<'_>) {
    let search = stack.add(Elasticsearch::new("search").nodes(3));
    let jaeger = stack.add(Jaeger::new("jaeger", &search).keep(days(7)));
    let prometheus = stack.add(Prometheus::new("prometheus").keep(days(30)));
    let loki = stack.add(Loki::new("loki").keep(days(30)));

    let gateway = stack.add(
        Collector::gateway("otlp")
            .replicas(3)
            .pipeline(traces().sample(0.1).export(&jaeger.otlp))
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().export(&loki.otlp)),
    );
    stack.add(Collector::agent("node").forward(&gateway.otlp));
    stack.add(
        Grafana::new("grafana")
            .source(&jaeger.query)
            .source(&prometheus.query)
            .source(&loki.query),
    );
}

/// Reads a file as what it was written from; nothing may be lost.
fn reads_back<T: Serialize + DeserializeOwned>(text: &str) {
    let read: T = serde_saphyr::from_str(text).unwrap();
    assert_eq!(serde_saphyr::to_string(&read).unwrap(), text);
}

#[test]
fn every_file_is_read_back_by_the_type_it_was_written_from() {
    let mut seen = 0;
    for (owner, name, content) in files(prod) {
        match (
            owner.rsplit_once('-').map(|(owner, _)| owner),
            name.as_str(),
        ) {
            // Rules are judged where Prometheus' own tool is, in `make live`.
            _ if owner == "prometheus-rules" => {}
            _ if owner.starts_with("grafana-dashboards-") => {
                let model: serde_json::Value = serde_json::from_str(&content).unwrap();
                assert_eq!(serde_json::to_string(&model).unwrap(), content);
            }
            (Some("jaeger-collector" | "jaeger-query"), "config.yaml") => {
                collector(&content, Release::JAEGER);
            }
            (Some("otlp" | "otlp-sampler" | "node"), "config.yaml") => {
                collector(&content, Release::KUBERNETES);
            }
            (_, "dashboards.yaml") => reads_back::<DashboardsYaml>(&content),
            (_, "prometheus.yml") => reads_back::<PrometheusYml>(&content),
            (Some("prometheus"), "stack.yml") => reads_back::<ScrapeFile>(&content),
            (_, "loki.yaml") => reads_back::<LokiYaml>(&content),
            (_, "elasticsearch.yml") => reads_back::<ElasticsearchYml>(&content),
            (_, "datasources.yaml") => reads_back::<DatasourcesYaml>(&content),
            (_, "grafana.ini" | "members" | "prepare.sh") => {}
            other => panic!("nobody reads {other:?}"),
        }
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}

fn collector(text: &str, release: Release) {
    let config = Config::from_yaml(text).unwrap();
    assert_eq!(config.check(release), []);
    assert_eq!(config.to_yaml(release), text);
}

#[test]
fn the_same_definition_gives_the_same_objects() {
    assert_eq!(objects(prod), objects(prod));
}

#[test]
fn everything_but_the_agent_runs_restricted() {
    for (namespace, name, template) in templates(prod) {
        let spec = &template["spec"];
        assert_eq!(spec["enableServiceLinks"], false, "{name}");
        for container in containers(spec) {
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(
                security["capabilities"]["drop"],
                serde_json::json!(["ALL"]),
                "{name}"
            );
            assert!(
                container["resources"]["limits"]["memory"].is_string(),
                "{name}"
            );
        }
        assert_eq!(
            spec["securityContext"]["seccompProfile"]["type"],
            "RuntimeDefault"
        );
        let agent = namespace == "test-agents";
        assert_eq!(spec["securityContext"]["runAsNonRoot"], !agent, "{name}");
        let host = |volume: &Value| volume.get("hostPath").is_some();
        let volumes = spec["volumes"].as_array().cloned().unwrap_or_default();
        assert_eq!(volumes.iter().any(host), agent, "{name}");
    }
}

#[test]
fn a_token_is_there_only_where_the_api_is_asked() {
    for (_, name, template) in templates(prod) {
        let token = template["spec"]["automountServiceAccountToken"] == true;
        let asks = ["otlp", "node", "prometheus"].contains(&name.as_str());
        assert_eq!(token, asks, "{name}");
        assert_eq!(
            template["spec"]["serviceAccountName"].is_string(),
            token,
            "{name}"
        );
    }
}

#[test]
fn probes_ask_ports_that_are_there() {
    for (_, name, template) in templates(prod) {
        let container = &template["spec"]["containers"][0];
        let ports = container["ports"].as_array().cloned().unwrap_or_default();
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let Some(probe) = container.get(probe) else {
                continue;
            };
            let port = probe
                .pointer("/httpGet/port")
                .or(probe.pointer("/tcpSocket/port"));
            let port = port.unwrap();
            assert!(
                ports.iter().any(|declared| declared["name"] == *port),
                "{name}: {port}"
            );
        }
        let served = name != "jaeger-index-cleaner";
        assert_eq!(container.get("startupProbe").is_some(), served, "{name}");
    }
}

#[test]
fn a_budget_never_keeps_a_node_from_being_drained() {
    let objects = objects(prod);
    let find =
        |kind: &str| -> Vec<&Value> { objects.iter().filter(|o| o["kind"] == kind).collect() };
    let budgets = find("PodDisruptionBudget");
    for kind in ["Deployment", "StatefulSet"] {
        for workload in find(kind) {
            let name = &workload["metadata"]["name"];
            let budget = budgets
                .iter()
                .find(|budget| budget["metadata"]["name"] == *name);
            let replicas = workload["spec"]["replicas"].as_i64().unwrap();
            assert_eq!(budget.is_some(), replicas > 1, "{name}");
        }
    }
    for budget in budgets {
        assert_eq!(budget["spec"]["maxUnavailable"], 1);
        assert_eq!(budget["spec"]["unhealthyPodEvictionPolicy"], "AlwaysAllow");
    }
}

#[test]
fn no_secret_value_is_written_down() {
    for object in objects(prod) {
        if object["kind"] == "Secret" {
            let keys: Vec<_> = object["data"].as_object().unwrap().keys().collect();
            let generated: [&str; 0] = [];
            assert!(keys == ["username"] || keys == generated, "{keys:?}");
        }
    }
    for (_, _, content) in files(prod) {
        assert!(!content.to_lowercase().contains("password"));
    }
}

#[test]
fn what_receives_is_ready_before_what_sends() {
    let graph = graph(prod).unwrap();
    let place = |name: &str| {
        let workload = |r: &&str| r.ends_with(&format!("/{name}"));
        let ids: Vec<String> = graph
            .resources()
            .filter(|r| ["Deployment", "StatefulSet", "DaemonSet"].contains(&r.id.kind.as_str()))
            .map(|r| format!("{}/{}", r.id.kind, r.id.name))
            .collect();
        ids.iter().position(|id| workload(&id.as_str())).unwrap()
    };
    for (earlier, later) in [
        ("search", "jaeger-collector"),
        ("search", "jaeger-query"),
        ("jaeger-collector", "otlp-sampler"),
        ("otlp-sampler", "otlp"),
        ("prometheus", "otlp"),
        ("loki", "otlp"),
        ("otlp", "node"),
        ("jaeger-query", "grafana"),
    ] {
        assert!(place(earlier) < place(later), "{earlier} before {later}");
    }
}

fn containers(spec: &Value) -> Vec<Value> {
    ["initContainers", "containers"]
        .iter()
        .filter_map(|list| spec[list].as_array().cloned())
        .flatten()
        .collect()
}
