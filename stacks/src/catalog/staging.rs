//! Staging: production's shape with one replica of what needs no more, and a tenth of the data.

use modules::{
    Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus, logs, metrics, traces,
    units::{GIB, days},
};
use provider::Scope;

pub(super) fn staging(stack: &mut Scope<'_>) {
    let search = stack.add(Elasticsearch::new("search").nodes(1).storage(20 * GIB));
    let jaeger = stack.add(Jaeger::new("jaeger", &search).replicas(1, 1).keep(days(2)));
    let prometheus = stack.add(
        Prometheus::new("prometheus")
            .keep(days(7))
            .storage(20 * GIB),
    );
    let loki = stack.add(Loki::new("loki").keep(days(7)).storage(10 * GIB));

    let gateway = stack.add(
        Collector::gateway("otlp")
            .replicas(2)
            .pipeline(traces().sample(0.5).export(&jaeger.otlp))
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
