//! Production: traces in Elasticsearch, metrics in Prometheus, logs in Loki, three gateways in front of them.

use modules::{
    Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus, logs, metrics, traces,
    units::{GIB, days},
};
use provider::Scope;

pub(super) fn prod(stack: &mut Scope<'_>) {
    let search = stack.add(Elasticsearch::new("search").nodes(3).storage(100 * GIB));
    let jaeger = stack.add(Jaeger::new("jaeger", &search).replicas(2, 2).keep(days(7)));
    let prometheus = stack.add(
        Prometheus::new("prometheus")
            .keep(days(30))
            .storage(100 * GIB),
    );
    let loki = stack.add(Loki::new("loki").keep(days(30)).storage(50 * GIB));

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
