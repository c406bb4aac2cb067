//! The stack's own dashboards: those of what is there, and only where they can be asked and are wanted.

use modules::{
    Collector, Grafana, Kubelet, Pipeline, Prometheus,
    grafana::Show,
    logs, metrics,
    prometheus::Translation,
    protocol::{JaegerQuery, LogQl, Otlp, PromQl, PrometheusOtlp},
    signal::Metrics,
    traces,
};
use provider_core::{Endpoint, Scope};

use crate::support::files;

fn dashboards(define: fn(&mut Scope<'_>)) -> Vec<(String, String)> {
    let all = files(define).into_iter();
    let dashboards = all.filter(|(owner, _, _)| owner.starts_with("grafana-dashboards"));
    dashboards.map(|(_, file, text)| (file, text)).collect()
}

fn names(define: fn(&mut Scope<'_>)) -> Vec<String> {
    dashboards(define)
        .into_iter()
        .map(|(file, _)| file)
        .collect()
}

fn looked_at(scope: &mut Scope<'_>) {
    // What is added later is looked at too.
    let metrics = Endpoint::<PromQl>::outside("metrics", 80);
    scope.add(Grafana::new("grafana").source(&metrics));
}

fn one_prometheus(scope: &mut Scope<'_>) {
    looked_at(scope);
    scope.add(Prometheus::new("prometheus"));
}

#[test]
fn what_is_not_there_has_none() {
    assert_eq!(names(looked_at), [""; 0]);
    assert_eq!(names(one_prometheus), ["otelier-prometheus.json"]);
    let with_collectors = names(|scope| {
        looked_at(scope);
        let prometheus = scope.add(Prometheus::new("prometheus"));
        scope.add(Collector::gateway("otlp").pipeline(metrics().export(&prometheus.otlp)));
    });
    let collectors = [
        "otelier-prometheus.json",
        "otelier-collector-flow.json",
        "otelier-collector-health.json",
    ];
    for name in collectors {
        assert!(
            with_collectors.iter().any(|file| file == name),
            "{with_collectors:?}"
        );
    }
    assert_eq!(with_collectors.len(), collectors.len());
}

const REQUESTS: &str = "otelier-requests.json";
const KUBERNETES: &str = "otelier-kubernetes.json";

fn shows(define: fn(&mut Scope<'_>), dashboard: &str) -> bool {
    names(define).iter().any(|name| name == dashboard)
}

/// The collectors, all of whose metrics go there.
fn collectors(scope: &mut Scope<'_>, metrics_to: Pipeline<Metrics>) {
    let store = Endpoint::<Otlp>::outside("traces.example", 4317);
    let gateway = Collector::gateway("otlp")
        .pipeline(traces().export(&store))
        .pipeline(logs().export(&store))
        .pipeline(metrics_to);
    let gateway = scope.add(gateway);
    let agent = Collector::agent("node").ask_kubelet(Kubelet::AnyCertificate);
    scope.add(agent.forward(&gateway.otlp));
    scope.add(Collector::cluster("cluster").forward(&gateway.otlp));
}

#[test]
fn the_cluster_is_shown_where_what_is_measured_of_it_arrives_in_a_store() {
    // By way of the gateway, and of those who write series.
    let arrives = |scope: &mut Scope<'_>| {
        looked_at(scope);
        let prometheus = scope.add(Prometheus::new("prometheus"));
        collectors(scope, metrics().one_writer().export(&prometheus.otlp));
    };
    assert!(shows(arrives, KUBERNETES));
    let under_other_names = |scope: &mut Scope<'_>| {
        looked_at(scope);
        let prometheus = Prometheus::new("prometheus").translation(Translation::Utf8);
        let prometheus = scope.add(prometheus);
        collectors(scope, metrics().export(&prometheus.otlp));
    };
    assert!(!shows(under_other_names, KUBERNETES));
    let outside = |scope: &mut Scope<'_>| {
        looked_at(scope);
        let store = Endpoint::<PrometheusOtlp>::outside("metrics.example", 9090);
        collectors(scope, metrics().export(&store));
    };
    assert!(shows(outside, KUBERNETES));
    let nothing = |scope: &mut Scope<'_>| {
        looked_at(scope);
        let prometheus = scope.add(Prometheus::new("prometheus"));
        scope.add(Collector::gateway("otlp").pipeline(metrics().export(&prometheus.otlp)));
    };
    assert!(!shows(nothing, KUBERNETES));
}

fn measured(scope: &mut Scope<'_>) {
    let prometheus = scope.add(Prometheus::new("prometheus"));
    let way = traces().red(metrics().export(&prometheus.otlp));
    scope.add(Collector::gateway("otlp").pipeline(way));
}

#[test]
fn requests_are_shown_where_spans_are_measured() {
    let shown = |scope: &mut Scope<'_>| {
        looked_at(scope);
        measured(scope);
    };
    assert!(shows(shown, REQUESTS));
    let without = |scope: &mut Scope<'_>| {
        looked_at(scope);
        scope.add(Prometheus::new("prometheus"));
        let store = Endpoint::<Otlp>::outside("traces.example", 4317);
        scope.add(Collector::gateway("otlp").pipeline(traces().export(&store)));
    };
    assert!(!shows(without, REQUESTS));
}

#[test]
fn numbers_lead_to_traces_where_those_are_kept() {
    let text = |define: fn(&mut Scope<'_>)| {
        let all = dashboards(define).into_iter();
        let mut requests = all.filter(|(name, _)| name == REQUESTS);
        requests.next().unwrap().1
    };
    let kept = text(|scope| {
        let metrics = Endpoint::<PromQl>::outside("metrics", 80);
        let traces = Endpoint::<JaegerQuery>::outside("traces", 80);
        scope.add(Grafana::new("grafana").source(&metrics).source(&traces));
        measured(scope);
    });
    assert!(kept.contains("\"exemplar\":true"));
    assert!(kept.contains(
        "/explore?schemaVersion=1&panes=%7B%22a%22%3A%7B%22datasource%22%3A%22traces%22"
    ));
    let not_kept = text(|scope| {
        looked_at(scope);
        measured(scope);
    });
    assert!(!not_kept.contains("exemplar") && !not_kept.contains("/explore"));
}

#[test]
fn a_grafana_without_metrics_or_that_is_told_so_shows_none() {
    let without_metrics = names(|scope| {
        let logs = Endpoint::<LogQl>::outside("logs", 80);
        scope.add(Grafana::new("grafana").source(&logs));
        scope.add(Prometheus::new("prometheus"));
    });
    assert_eq!(without_metrics, [""; 0]);
    let told = names(|scope| {
        let metrics = Endpoint::<PromQl>::outside("metrics", 80);
        let grafana = Grafana::new("grafana").source(&metrics);
        scope.add(grafana.show(Show::Announced));
        scope.add(Prometheus::new("prometheus"));
    });
    assert_eq!(told, [""; 0]);
}

#[test]
fn a_dashboard_is_what_grafana_reads() {
    let (_, text) = dashboards(one_prometheus).remove(0);
    let mut model: serde_json::Value = serde_json::from_str(&text).unwrap();
    // A heading and the first two panels show how all of them are written.
    model["panels"].as_array_mut().unwrap().truncate(3);
    insta::assert_json_snapshot!(model);
}
