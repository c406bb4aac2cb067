//! The whole thin stack: valid, as it is written in the design, and every file of it read back.

use modules::{
    Collector, Elasticsearch, Grafana, Jaeger, Loki, Prometheus, logs, metrics, traces, units::days,
};
use provider_core::{Scope, Stack};

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

#[test]
fn the_whole_stack() {
    let graph = match Stack::new("prod", prod).graph() {
        Ok(graph) => graph,
        Err(findings) => panic!("{findings}"),
    };
    let mut text = String::new();
    for resource in graph.resources() {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(&resource.object).unwrap());
    }
    insta::assert_snapshot!(text);
}
