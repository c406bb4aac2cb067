//! Development: metrics and logs of one's own programs, for a laptop's cluster. No traces are stored, no node is read.

use modules::{
    Collector, Grafana, Loki, Prometheus, logs, metrics,
    units::{GIB, days},
};
use provider::{Scope, Source};

pub(super) fn dev(stack: &mut Scope<'_>) {
    let prometheus = stack.add(Prometheus::new("prometheus").keep(days(1)).storage(2 * GIB));
    let loki = stack.add(Loki::new("loki").keep(days(1)).storage(2 * GIB));
    stack.add(
        // No agent stands between: programs of every namespace send to the gateway itself.
        Collector::gateway("otlp")
            .replicas(1)
            .accept(Source::AnyNamespace)
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().export(&loki.otlp)),
    );
    stack.add(
        Grafana::new("grafana")
            .source(&prometheus.query)
            .source(&loki.query),
    );
}
