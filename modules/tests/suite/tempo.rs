//! Tempo in place of Jaeger, and what the plan says of it.

use modules::{
    Collector, Grafana, ObjectStore, Prometheus, Tempo, Tls,
    tempo::{Blocks, TempoYaml},
    traces,
    units::days,
};
use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};

use crate::support::{files, graph, objects, own_yaml};

fn in_bucket(scope: &mut Scope<'_>) {
    let keys = scope.existing::<Secret>("traces-keys");
    let bucket = ObjectStore::s3("traces")
        .endpoint("https://garage.example:3900")
        .prefix("prod")
        .keys(&keys, "id", "key");
    let prometheus = Prometheus::new("prometheus")
        .replicas(2)
        .take_remote_write();
    let prometheus = scope.add(prometheus);
    let tempo = Tempo::new("tempo").bucket(bucket).keep(days(90));
    let tempo = scope.add(tempo.measure_into(&prometheus.remote_write));
    scope.add(Collector::gateway("otlp").pipeline(traces().sample(0.1).export(&tempo.otlp)));
    scope.add(Grafana::new("grafana").source(&tempo.query));
}

#[test]
fn tempo_on_a_disk() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Tempo::new("tempo"));
    }));
}

fn file(define: fn(&mut Scope<'_>)) -> String {
    let all = files(define).into_iter();
    let mut found = all.filter(|(_, name, _)| name == "tempo.yaml");
    found.next().unwrap().2
}

#[test]
fn tempo_in_a_bucket() {
    let text = file(in_bucket);
    let read: TempoYaml = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(serde_saphyr::to_string(&read).unwrap(), text);
    insta::assert_snapshot!(text);
}

#[test]
fn it_may_use_the_bucket_and_reach_each_replica_of_the_store_of_metrics() {
    let objects = objects(in_bucket);
    let find = |kind: &str, name: &str| {
        let wanted = |o: &&serde_json::Value| o["kind"] == kind && o["metadata"]["name"] == name;
        objects.iter().find(wanted).unwrap().to_string()
    };
    let policy = find("NetworkPolicy", "tempo-statefulset");
    assert!(policy.contains("3900") && policy.contains("9090"));
    assert!(find("StatefulSet", "tempo").contains("AWS_SECRET_ACCESS_KEY"));
}

#[test]
fn it_speaks_tls_where_the_stack_does() {
    let secured: fn(&mut Scope<'_>) = |scope| {
        scope.add(Tls::generated());
        let prometheus = scope.add(Prometheus::new("prometheus").take_remote_write());
        let tempo = Tempo::new("tempo").measure_into(&prometheus.remote_write);
        let tempo = scope.add(tempo);
        scope.add(Collector::gateway("otlp").pipeline(traces().export(&tempo.otlp)));
    };
    graph(secured).unwrap();
    let read: TempoYaml = serde_saphyr::from_str(&file(secured)).unwrap();
    let protocols = read.distributor.receivers.otlp.protocols;
    for tls in [
        protocols.grpc.tls,
        protocols.http.tls,
        read.server.http_tls_config,
    ] {
        assert_eq!(tls.unwrap().cert_file, "/etc/otelier/tls/tls.crt");
    }
    let to = &read.metrics_generator.unwrap().storage.remote_write[0];
    assert!(to.url.starts_with("https://") && to.tls_config.is_some());
}

#[test]
fn from_a_trace_grafana_goes_to_what_has_measured_it() {
    let counted = |define: fn(&mut Scope<'_>)| -> Vec<bool> {
        let all = files(define).into_iter();
        let mut found = all.filter(|(_, name, _)| name == "datasources.yaml");
        let text = found.next().unwrap().2;
        // Tempo's own names, and those of the collector's connector.
        [
            "traces_spanmetrics_calls_total",
            "value: service\n",
            "traces_span_metrics_calls_total",
            "value: service_name\n",
        ]
        .map(|name| text.contains(name))
        .into()
    };
    let by_itself: fn(&mut Scope<'_>) = |scope| {
        let prometheus = scope.add(Prometheus::new("prometheus").take_remote_write());
        let tempo = scope.add(Tempo::new("tempo").measure_into(&prometheus.remote_write));
        let grafana = Grafana::new("grafana").source(&tempo.query);
        scope.add(grafana.source(&prometheus.query));
    };
    assert_eq!(counted(by_itself), [true, true, false, false]);
    let by_collectors: fn(&mut Scope<'_>) = |scope| {
        let prometheus = scope.add(Prometheus::new("prometheus"));
        let tempo = scope.add(Tempo::new("tempo"));
        let grafana = Grafana::new("grafana").source(&tempo.query);
        scope.add(grafana.source(&prometheus.query));
    };
    assert_eq!(counted(by_collectors), [false, false, true, true]);
}

#[test]
fn its_limits_are_said_with_the_plan() {
    let notes = |define: fn(&mut Scope<'_>)| -> Vec<_> {
        let graph = graph(define).unwrap();
        graph.notes().iter().map(|note| note.rule).collect()
    };
    assert_eq!(
        notes(|scope| {
            scope.add(Tempo::new("tempo"));
        }),
        ["tempo-alone"]
    );
    let upgraded = notes(|scope| {
        let bucket = ObjectStore::gcs("traces").account("tempo@shop.iam.gserviceaccount.com");
        let tempo = Tempo::new("tempo").bucket(bucket);
        scope.add(tempo.after_version_2(Blocks::VParquet4));
    });
    assert_eq!(upgraded, ["tempo-alone", "tempo-no-way-back"]);
}

#[test]
fn what_cannot_be_taken_over_is_found() {
    let rules = |define: fn(&mut Scope<'_>)| -> Vec<_> {
        let found = graph(define).unwrap_err().0.into_iter();
        found.map(|finding| finding.rule).collect()
    };
    let old: fn(&mut Scope<'_>) = |scope| {
        let bucket = ObjectStore::gcs("traces").account("tempo@shop.iam.gserviceaccount.com");
        let tempo = Tempo::new("tempo").bucket(bucket);
        scope.add(tempo.after_version_2(Blocks::VParquet3));
    };
    assert_eq!(rules(old), ["tempo-old-blocks"]);
    let nowhere: fn(&mut Scope<'_>) = |scope| {
        scope.add(Tempo::new("tempo").after_version_2(Blocks::VParquet4));
    };
    assert_eq!(rules(nowhere), ["tempo-upgrade"]);
    let gone_early: fn(&mut Scope<'_>) = |scope| {
        let bucket = ObjectStore::gcs("traces").account("tempo@shop.iam.gserviceaccount.com");
        let tempo = Tempo::new("tempo").bucket(bucket.expire(days(30)));
        scope.add(tempo.keep(days(90)));
    };
    assert_eq!(rules(gone_early).len(), 1);
}
