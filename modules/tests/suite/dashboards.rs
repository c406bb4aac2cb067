//! The stack's own dashboards: those of what is there, and only where they can be asked and are wanted.

use modules::{
    Collector, Grafana, Prometheus,
    grafana::Show,
    metrics,
    protocol::{LogQl, PromQl},
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
