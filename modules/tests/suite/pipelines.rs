//! What happens to signals on their way: steps, metrics of spans, archives.

use modules::{
    Archived, Collector, ObjectStore, logs, metrics,
    protocol::{Otlp, PrometheusOtlp},
    traces,
    units::days,
};
use provider_core::{Endpoint, Scope, k8s_openapi::api::core::v1::Secret};
use serde_json::{Value, json};

use crate::support::{config_of, graph, objects, own_yaml};

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

fn prometheus() -> Endpoint<PrometheusOtlp> {
    Endpoint::outside("prometheus.example", 9090)
}

fn measured(scope: &mut Scope<'_>) {
    let pipeline = traces()
        .red(metrics().export(&prometheus()))
        .red_by("http.route")
        .sample(0.1)
        .export(&elsewhere());
    scope.add(Collector::gateway("otlp").pipeline(pipeline));
}

fn archived(scope: &mut Scope<'_>) {
    let keys = scope.existing::<Secret>("archive-keys");
    let store = ObjectStore::s3("archive")
        .region("eu-central-1")
        .keys(&keys, "id", "key")
        .expire(days(90));
    let kept = traces()
        .sample(0.1)
        .archive(store.clone(), Archived::Kept)
        .export(&elsewhere());
    let all = logs().archive(store).export(&elsewhere());
    scope.add(Collector::gateway("otlp").pipeline(kept).pipeline(all));
}

#[test]
fn gateway_that_measures_spans() {
    insta::assert_snapshot!(own_yaml(measured));
}

#[test]
fn gateway_that_archives() {
    insta::assert_snapshot!(own_yaml(archived));
}

#[test]
fn what_is_measured_of_spans_has_one_writer_and_is_sent_whether_or_not_that_is_asked_for() {
    let objects = objects(|scope| {
        let measures = traces().red(metrics().one_writer().export(&prometheus()));
        let pipeline = measures.sample(0.1).export(&elsewhere());
        scope.add(Collector::gateway("otlp").pipeline(pipeline));
    });
    let sampler = config_of(&objects, "otlp-sampler");
    assert_eq!(
        sampler["service"]["pipelines"]["metrics/red"]["exporters"],
        json!(["otlp_http/prometheus.example"])
    );
}

#[test]
fn spans_are_measured_before_any_is_left_out_and_where_whole_traces_come_together() {
    let objects = objects(measured);
    let sampler = config_of(&objects, "otlp-sampler");
    let pipelines = &sampler["service"]["pipelines"];
    assert_eq!(
        pipelines["traces/red"],
        json!({
            "receivers": ["otlp"],
            "processors": ["memory_limiter"],
            "exporters": ["span_metrics", "service_graph"],
        })
    );
    assert_eq!(
        pipelines["metrics/red"]["exporters"],
        json!(["otlp_http/prometheus.example"])
    );
    assert_eq!(
        pipelines["traces"]["processors"],
        json!(["memory_limiter", "tail_sampling"])
    );
    let writer = &sampler["processors"]["transform/red-1"]["metric_statements"][0];
    assert!(writer.as_str().unwrap().contains("${env:POD_NAME}"));
    let first = config_of(&objects, "otlp");
    assert!(first["connectors"].is_null());
}

#[test]
fn traces_that_are_only_measured_are_sent_nowhere_else() {
    let objects = objects(|scope| {
        let pipeline = traces().red(metrics().export(&prometheus()));
        scope.add(Collector::gateway("otlp").pipeline(pipeline));
    });
    let pipelines = &config_of(&objects, "otlp-traces")["service"]["pipelines"];
    let names: Vec<_> = pipelines.as_object().unwrap().keys().collect();
    assert_eq!(names, ["metrics/red", "traces/red"]);
}

#[test]
fn an_archive_lies_before_or_behind_the_sampler() {
    let with = |what: Archived, objects: Vec<Value>| {
        let has = |name: &str| {
            let exporters = &config_of(&objects, name)["exporters"];
            exporters.get("awss3/archive-traces").is_some()
        };
        assert_eq!(
            (has("otlp"), has("otlp-sampler")),
            match what {
                Archived::Everything => (true, false),
                Archived::Kept => (false, true),
            }
        );
    };
    with(
        Archived::Everything,
        objects(|scope| {
            let store = ObjectStore::s3("archive").pod_identity();
            let pipeline = traces().sample(0.1).archive(store, Archived::Everything);
            scope.add(Collector::gateway("otlp").pipeline(pipeline.export(&elsewhere())));
        }),
    );
    with(Archived::Kept, objects(archived));
}

#[test]
fn the_plan_says_which_rule_the_bucket_must_have() {
    let graph_of = graph(archived).unwrap();
    let note = |rule: &str| {
        graph_of
            .notes()
            .iter()
            .find(|note| note.rule == rule)
            .cloned()
    };
    let hint = note("archive-rule").unwrap().hint.unwrap();
    assert!(hint.contains("\"Days\":90"), "{hint}");
    let forever = graph(|scope| {
        let store = ObjectStore::gcs("archive").identity();
        scope.add(Collector::gateway("otlp").pipeline(logs().archive(store)));
    })
    .unwrap();
    assert_eq!(forever.notes()[0].rule, "archive-for-ever");
}

#[test]
fn steps_run_in_the_order_in_which_they_are_said() {
    let objects = objects(|scope| {
        let pipeline = logs()
            .drop_if("log.severity_number < SEVERITY_NUMBER_INFO")
            .resource("k8s.cluster.name", "eu")
            .resource("deployment.environment.name", "prod")
            .attribute("team", "shop")
            .without_attribute("http.request.header.authorization")
            .export(&elsewhere());
        scope.add(Collector::gateway("otlp").pipeline(pipeline));
    });
    let config = config_of(&objects, "otlp");
    assert_eq!(
        config["service"]["pipelines"]["logs"]["processors"],
        json!([
            "memory_limiter",
            "filter/logs-1",
            "resource/logs-2",
            "transform/logs-3"
        ])
    );
    assert_eq!(
        config["processors"]["transform/logs-3"]["log_statements"],
        json!([
            "set(log.attributes[\"team\"], \"shop\")",
            "delete_key(log.attributes, \"http.request.header.authorization\")",
        ])
    );
    let attributes = &config["processors"]["resource/logs-2"]["attributes"];
    assert_eq!(attributes.as_array().unwrap().len(), 2);
}
