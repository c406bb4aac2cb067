//! Development: metrics and logs of one's own programs, for a laptop's cluster; and every request in files, to look at.
//!
//! Its gateway is the one of this repository, so that it runs on a machine without a cluster too.

use modules::{
    Collector, Grafana, Loki, Prometheus, logs, metrics, traces,
    units::{GIB, days},
};
use provider::{Scope, Source};

/// Built by `make image`.
const GATEWAY: &str = concat!("localhost/otelier/gateway:", env!("CARGO_PKG_VERSION"));

pub(super) fn dev(stack: &mut Scope<'_>) {
    let prometheus = stack.add(Prometheus::new("prometheus").keep(days(1)).storage(2 * GIB));
    let loki = stack.add(Loki::new("loki").keep(days(1)).storage(2 * GIB));
    stack.add(
        // No agent stands between: programs of every namespace send to the gateway itself.
        Collector::otlp_gateway("otlp", GATEWAY)
            .replicas(1)
            .accept(Source::AnyNamespace)
            .pipeline(traces().write())
            .pipeline(metrics().write().export(&prometheus.otlp))
            .pipeline(logs().write().export(&loki.otlp)),
    );
    stack.add(
        Grafana::new("grafana")
            .source(&prometheus.query)
            .source(&loki.query),
    );
}
