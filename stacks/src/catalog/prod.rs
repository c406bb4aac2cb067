//! Production: traces in Elasticsearch, metrics in two Prometheus, logs in Loki, three gateways in front of them, TLS on
//! every way between them, and alerts to look at: whom to tell stands in Secrets that this repository does not have.

use modules::{
    Alertmanager, Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus, Tls, logs, metrics,
    traces,
    units::{GIB, days},
};
use provider::Scope;

pub(super) fn prod(stack: &mut Scope<'_>) {
    stack.add(Tls::generated());
    let search = stack.add(Elasticsearch::new("search").nodes(3).storage(100 * GIB));
    // Whom to tell, and how, stands in Secrets that this repository does not have.
    let alerts = stack.add(Alertmanager::new("alertmanager").tell_nobody());
    let prometheus = Prometheus::new("prometheus").replicas(2).keep(days(30));
    let prometheus = stack.add(prometheus.storage(100 * GIB).alerts(&alerts.alerts));
    let jaeger = stack.add(Jaeger::new("jaeger", &search).replicas(2, 2).keep(days(7)));
    let loki = stack.add(Loki::new("loki").keep(days(30)).storage(50 * GIB));

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
