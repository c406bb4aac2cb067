//! The exporters of a collector: what they are called, and where what waits for them lies.

use std::collections::BTreeMap;

use modules::{
    Collector, Elasticsearch, Loki, Prometheus, logs, metrics,
    protocol::{LokiOtlp, Otlp, OtlpHttpProtocol},
    traces,
    units::{GIB, MIB},
};
use provider_core::{Endpoint, Scope};
use serde_json::Value;

use crate::support::{config_of, graph, objects};

/// The exporters of the gateway `otlp`, each with where it sends to.
fn exporters(define: fn(&mut Scope<'_>)) -> BTreeMap<String, String> {
    let config = config_of(&objects(define), "otlp");
    let exporters = config["exporters"].as_object().unwrap();
    let each = exporters.iter().map(|(id, settings)| {
        let endpoint = settings["endpoint"].as_str().unwrap_or_default();
        (id.clone(), endpoint.to_owned())
    });
    each.collect()
}

fn loki(scope: &mut Scope<'_>, namespace: &str) -> Endpoint<LokiOtlp> {
    let loki = scope.within(namespace, |scope| scope.add(Loki::new("loki")));
    loki.otlp
}

#[test]
fn one_place_is_called_by_its_name() {
    let found = exporters(|scope| {
        let loki = loki(scope, "blue");
        scope.add(Collector::gateway("otlp").pipeline(logs().export(&loki)));
    });
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["otlp_http/loki"]);
}

#[test]
fn two_of_one_name_are_told_apart_whichever_was_said_first() {
    let blue_first = exporters(|scope| {
        let (blue, green) = (loki(scope, "blue"), loki(scope, "green"));
        scope.add(Collector::gateway("otlp").pipeline(logs().export(&blue).export(&green)));
    });
    let expected = [
        ("otlp_http/loki-blue", "http://loki.blue.svc:3100/otlp"),
        ("otlp_http/loki-green", "http://loki.green.svc:3100/otlp"),
    ];
    let expected = expected.map(|(id, to)| (id.to_owned(), to.to_owned()));
    assert_eq!(blue_first, BTreeMap::from(expected));
    let in_two_pipelines = exporters(|scope| {
        let (blue, green) = (loki(scope, "blue"), loki(scope, "green"));
        let gateway = Collector::gateway("otlp").pipeline(logs().export(&green));
        scope.add(gateway.pipeline(logs().export(&blue)));
    });
    assert_eq!(in_two_pipelines, blue_first);
}

#[test]
fn two_ports_of_one_place_are_two_exporters_where_they_speak_the_same() {
    let ids = |define| -> Vec<String> { exporters(define).into_keys().collect() };
    assert_eq!(
        ids(|scope| {
            let first: Endpoint<Otlp> = Endpoint::outside("otlp.example", 4317);
            let second: Endpoint<Otlp> = Endpoint::outside("otlp.example", 5317);
            let gateway = Collector::gateway("otlp").pipeline(traces().export(&first));
            let gateway = gateway.pipeline(metrics().export(&first));
            scope.add(gateway.pipeline(logs().export(&second)));
        }),
        ["otlp_grpc/otlp.example-4317", "otlp_grpc/otlp.example-5317"]
    );
    assert_eq!(
        ids(|scope| {
            let first: Endpoint<Otlp> = Endpoint::outside("otlp.example", 4317);
            let second: Endpoint<OtlpHttpProtocol> = Endpoint::outside("otlp.example", 4318);
            let gateway = Collector::gateway("otlp").pipeline(traces().export(&first));
            scope.add(gateway.pipeline(logs().export(&second)));
        }),
        ["otlp_grpc/otlp.example", "otlp_http/otlp.example"]
    );
}

/// Everything that a gateway can send to, from one that keeps its queue.
fn everything(scope: &mut Scope<'_>) {
    let elsewhere: Endpoint<Otlp> = Endpoint::outside("otlp.example", 4317);
    let over_http: Endpoint<OtlpHttpProtocol> = Endpoint::outside("http.example", 4318);
    let prometheus = scope.add(Prometheus::new("prometheus"));
    let loki = scope.add(Loki::new("loki"));
    let search = scope.add(Elasticsearch::new("search").nodes(3));
    let gateway = Collector::gateway("otlp")
        .keep_queue(10 * GIB)
        .memory(2 * GIB);
    let older = scope.add(Prometheus::new("older").take_remote_write());
    let measured = metrics()
        .export(&prometheus.otlp)
        .export(&older.remote_write);
    scope.add(
        gateway
            .pipeline(traces().export(&elsewhere).export(&over_http))
            .pipeline(measured)
            .pipeline(logs().export(&loki.otlp).export(&search.logs)),
    );
}

#[test]
fn whatever_can_keep_its_queue_on_the_volume_does() {
    let config = config_of(&objects(everything), "otlp");
    let exporters = config["exporters"].as_object().unwrap();
    assert_eq!(exporters.len(), 6, "{:?}", exporters.keys());
    for (id, settings) in exporters {
        let storage = &settings["sending_queue"]["storage"];
        if id.starts_with("prometheus_remote_write/") {
            assert_eq!(*storage, Value::Null);
            let labels = &settings["resource_to_telemetry_conversion"]["enabled"];
            assert_eq!(*labels, true, "two nodes are two series");
            let requests = settings["remote_write_queue"]["queue_size"]
                .as_u64()
                .unwrap();
            assert!(requests * 1_000_000 <= 16 * MIB, "it lies in memory");
        } else {
            assert_eq!(*storage, "file_storage", "{id}");
        }
    }
    let notes = graph(everything).unwrap();
    let notes: Vec<_> = notes
        .notes()
        .iter()
        .filter(|note| note.rule == "queue-not-kept")
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(
        notes,
        ["what waits for `prometheus_remote_write/older-0` is in memory, and goes with its Pod"]
    );
}
