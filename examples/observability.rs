//! Traces, metrics and logs for one production cluster: the program of the README.
//!
//! `cargo run -p examples --bin observability -- up prod`

use modules::{
    Alertmanager, Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus, Tls, logs, metrics,
    traces, units::days,
};
use provider::{Scope, Stack};

fn prod(stack: &mut Scope<'_>) {
    stack.add(Tls::generated());
    let search = stack.add(Elasticsearch::new("search").nodes(3));
    let alerts = stack.add(Alertmanager::new("alertmanager").tell_nobody());
    let prometheus = Prometheus::new("prometheus").replicas(2).keep(days(30));
    let prometheus = stack.add(prometheus.alerts(&alerts.alerts));
    let jaeger = stack.add(Jaeger::new("jaeger", &search).keep(days(7)));
    let loki = stack.add(Loki::new("loki").keep(days(30)));

    let kept = traces().red(metrics().export(&prometheus.otlp)).sample(0.1);
    let gateway = stack.add(
        Collector::gateway("otlp")
            .replicas(3)
            .pipeline(kept.export(&jaeger.otlp))
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().export(&loki.otlp)),
    );
    stack.add(Collector::agent("node").forward(&gateway.otlp));
    stack.add(Collector::cluster("cluster").forward(&gateway.otlp));
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
