//! Traces, metrics and logs for one production cluster.
//!
//! `cargo run -p examples --bin observability -- up prod`

use modules::{
    Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus, logs, metrics, traces, units::days,
};
use provider::{Scope, Stack};

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

fn main() -> std::process::ExitCode {
    stacks::run([Stack::new("prod", prod)])
}
