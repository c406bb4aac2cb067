//! Does every alert have a page that says what to do, and a test that it fires and that it is silent?

use std::{collections::BTreeSet, fs, path::Path};

use modules::{
    Alertmanager, Collector, Elasticsearch, Injector, Jaeger, Kubelet, Loki, ObjectStore,
    Prometheus, ScaleOn, Sidecar, Tempo, VictoriaMetrics, logs, metrics, traces,
};
use provider::{Scope, Stack};
use serde_json::Value;

pub(crate) mod cases;
pub(crate) mod scaling;

/// One of everything that there are alerts about.
pub(crate) fn everything(stack: &mut Scope<'_>) {
    let people = stack.add(Alertmanager::new("alertmanager").tell_nobody());
    let search = stack.add(Elasticsearch::new("search").nodes(3));
    let jaeger = stack.add(Jaeger::new("jaeger", &search));
    let prometheus = stack.add(Prometheus::new("prometheus").alerts(&people.alerts));
    let bucket = ObjectStore::s3("logs")
        .region("eu-central-1")
        .role("arn:aws:iam::111122223333:role/logs");
    let loki = stack.add(Loki::new("loki").bucket(bucket).replicas(3));
    let gateway = stack.add(
        Collector::gateway("otlp")
            .pipeline(
                traces()
                    .red(metrics().export(&prometheus.otlp))
                    .sample(0.1)
                    .export(&jaeger.otlp),
            )
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().export(&loki.otlp)),
    );
    let agent = Collector::agent("node").ask_kubelet(Kubelet::AnyCertificate);
    stack.add(agent.forward(&gateway.otlp));
    stack.add(Collector::cluster("cluster").forward(&gateway.otlp));
    stack.add(Tempo::new("tempo"));
    stack.add(VictoriaMetrics::cluster("series"));
    let sidecar = Sidecar::new("otel").forward(&gateway.otlp);
    let image = "registry.example/otelier/injector:0.1.0";
    stack.add(Injector::new("injector", image, sidecar).namespaces(["shop"]));
}

/// Gateways that the cluster scales by what rules work out.
fn scaled(stack: &mut Scope<'_>) {
    let prometheus = stack.add(Prometheus::new("prometheus"));
    for (name, on) in [("full", ScaleOn::QueueFill), ("refusing", ScaleOn::Refused)] {
        let gateway = Collector::gateway(name).autoscale_on(on, 2..=6);
        stack.add(gateway.pipeline(metrics().export(&prometheus.otlp)));
    }
}

/// The files of rules that Prometheus gets for that stack, by their names.
pub(crate) fn rule_files() -> Vec<(String, String)> {
    files_of(everything)
}

/// The same for gateways that are scaled.
pub(crate) fn scaling_files() -> Vec<(String, String)> {
    let files = files_of(scaled).into_iter();
    files
        .filter(|(name, _)| name.ends_with("-autoscale.yml"))
        .collect()
}

fn files_of(define: fn(&mut Scope<'_>)) -> Vec<(String, String)> {
    let graph = Stack::new("all", define)
        .graph()
        .unwrap_or_else(|findings| panic!("{findings}"));
    let rules = graph
        .resources()
        .find(|resource| resource.id.name == "prometheus-rules")
        .unwrap();
    let data = rules.object["data"].as_object().unwrap();
    data.iter()
        .map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()))
        .collect()
}

/// Every alert of those files.
pub(crate) fn alerts() -> Vec<Value> {
    let mut alerts = Vec::new();
    for (_, text) in rule_files() {
        let file: Value = serde_saphyr::from_str(&text).unwrap();
        let groups = file["groups"].as_array().unwrap();
        let rules = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap());
        alerts.extend(rules.filter(|rule| rule["alert"].is_string()).cloned());
    }
    alerts
}

fn names() -> BTreeSet<String> {
    alerts()
        .iter()
        .map(|alert| alert["alert"].as_str().unwrap().to_owned())
        .collect()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() {
    let tested: BTreeSet<String> = cases::all().map(|case| case.alert.to_owned()).collect();
    assert_eq!(names(), tested);
}

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let pages = fs::read_dir(repository().join("docs/runbooks")).unwrap();
    let pages = pages.map(|page| page.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = pages
        .filter(|page| page != "README.md")
        .map(|page| page.strip_suffix(".md").unwrap().to_owned())
        .collect();
    assert_eq!(pages, names());
    for alert in alerts() {
        let page = repository().join(alert["annotations"]["runbook"].as_str().unwrap());
        let text = fs::read_to_string(&page).unwrap();
        let name = alert["alert"].as_str().unwrap();
        for part in [
            &format!("# {name}\n"),
            "## What it means",
            "## How to look",
            "## What to do",
        ] {
            assert!(text.contains(part), "{} has no `{part}`", page.display());
        }
    }
}
