//! Requests of metrics and the series that they become.

use collector_config::{
    Signal,
    components::remote_write::{PrometheusRemoteWrite, TargetInfo},
};

use super::{
    Version, Writer,
    samples::STALE,
    translate::{Translated, Translator},
};

fn body(metrics: &str) -> Vec<u8> {
    let json = format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[
            {{"key":"service.name","value":{{"stringValue":"shop"}}}},
            {{"key":"service.namespace","value":{{"stringValue":"eu"}}}},
            {{"key":"service.instance.id","value":{{"stringValue":"i1"}}}},
            {{"key":"host.name","value":{{"stringValue":"h"}}}}]}},
          "scopeMetrics":[{{"scope":{{"name":"lib","version":"1"}},"metrics":[{metrics}]}}]}}]}}"#
    );
    crate::json::to_protobuf(Signal::Metrics, json.as_bytes()).unwrap()
}

fn plain() -> PrometheusRemoteWrite {
    PrometheusRemoteWrite {
        target_info: Some(TargetInfo { enabled: false }),
        disable_scope_info: true,
        ..Default::default()
    }
}

fn translated(settings: &PrometheusRemoteWrite, metrics: &str) -> Translated {
    Translator::new(settings, Version::Two).translate(&body(metrics))
}

/// A line for each series: its name and labels, and what it has.
fn lines(translated: &Translated) -> Vec<String> {
    let line = |series: &super::series::Series| {
        let mut labels = String::new();
        let mut name = "";
        for label in &series.labels {
            if label.name == "__name__" {
                name = &label.value;
            } else {
                labels.extend([" ", &label.name, "=", &label.value]);
            }
        }
        let samples: Vec<_> = series
            .samples
            .iter()
            .map(|sample| format!("{}@{}", sample.value, sample.time))
            .collect();
        format!("{name}{labels}: {}", samples.join(" "))
    };
    translated.series.iter().map(line).collect()
}

const HISTOGRAM: &str = r#"{"name":"latency","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[
    {"startTimeUnixNano":"1000000","timeUnixNano":"2000000","count":6,"sum":1.5,"bucketCounts":[1,2,3],"explicitBounds":[0.1,1],
     "exemplars":[{"timeUnixNano":"1500000","asDouble":0.5,"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174"}]}]}}"#;

#[test]
fn a_histogram_is_buckets_that_include_the_ones_below() {
    let translated = translated(&plain(), HISTOGRAM);
    assert_eq!(
        lines(&translated),
        [
            "latency_seconds_sum instance=i1 job=eu/shop: 1.5@2",
            "latency_seconds_count instance=i1 job=eu/shop: 6@2",
            "latency_seconds_bucket instance=i1 job=eu/shop le=0.1: 1@2",
            "latency_seconds_bucket instance=i1 job=eu/shop le=1: 3@2",
            "latency_seconds_bucket instance=i1 job=eu/shop le=+Inf: 6@2",
        ]
    );
    let bucket = &translated.series[3];
    assert_eq!(bucket.samples[0].start, 1);
    let labels: Vec<_> = bucket.exemplars[0]
        .labels
        .iter()
        .map(|label| (label.name.as_str(), label.value.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            ("span_id", "eee19b7ec3c1b174"),
            ("trace_id", "5b8efff798038103d269b633813fc60c")
        ]
    );
}

#[test]
fn counters_scopes_and_targets_have_their_labels() {
    let settings = PrometheusRemoteWrite::default();
    let translated = translated(
        &settings,
        r#"{"name":"requests","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
        {"timeUnixNano":"3000000","asInt":"7","attributes":[{"key":"http.method","value":{"stringValue":"GET"}},
         {"key":"http_method","value":{"stringValue":"POST"}},{"key":"empty","value":{"stringValue":""}}]},
        {"timeUnixNano":"1000000","asInt":"5","attributes":[{"key":"http.method","value":{"stringValue":"GET;POST"}}]}]}}"#,
    );
    assert_eq!(
        lines(&translated),
        [
            "requests_total http_method=GET;POST instance=i1 job=eu/shop otel_scope_name=lib otel_scope_version=1: 5@1 7@3",
            "target_info host_name=h instance=i1 job=eu/shop: 1@3",
        ],
        "one series, in the order of time"
    );
}

#[test]
fn what_prometheus_cannot_count_is_left_out_and_the_rest_is_kept() {
    let translated = translated(
        &plain(),
        r#"
        {"name":"delta","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":1},{"asInt":2}]}},
        {"name":"...","gauge":{"dataPoints":[{"asInt":1}]}},
        {"name":"coarse","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"scale":-5,"count":1}]}},
        {"name":"nothing"},
        {"name":"kept","gauge":{"dataPoints":[{"timeUnixNano":"1000000","asDouble":1.5}]}}"#,
    );
    assert_eq!(translated.dropped, 4);
    assert_eq!(lines(&translated), ["kept instance=i1 job=eu/shop: 1.5@1"]);
}

#[test]
fn the_end_of_a_series_is_marked() {
    let translated = translated(
        &plain(),
        r#"{"name":"g","gauge":{"dataPoints":[{"flags":1,"asInt":3}]}}"#,
    );
    assert_eq!(translated.series[0].samples[0].value.to_bits(), STALE);
}

#[test]
fn labels_for_all_lose_to_attributes_and_resources_can_be_labels() {
    let mut settings = plain();
    settings.external_labels = [("cluster", "a"), ("zone", "z")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    settings.resource_to_telemetry_conversion.enabled = true;
    settings
        .resource_to_telemetry_conversion
        .exclude_service_attributes = true;
    let translated = translated(
        &settings,
        r#"{"name":"g","gauge":{"dataPoints":[
        {"asInt":3,"attributes":[{"key":"zone","value":{"stringValue":"own"}},{"key":"host.name","value":{"stringValue":"x"}}]}]}}"#,
    );
    assert_eq!(
        lines(&translated),
        ["g cluster=a host_name=h instance=i1 job=eu/shop zone=own: 3@0"]
    );
}

#[test]
fn large_requests_are_cut_between_series_and_a_series_stays_in_its_shard() {
    let metrics: Vec<_> = (0..50).map(|at| format!(r#"{{"name":"m{at}","gauge":{{"dataPoints":[{{"asInt":{at},"timeUnixNano":"1000000"}}]}}}}"#)).collect();
    let body = body(&metrics.join(","));
    for version in [Version::One, Version::Two] {
        let whole = Writer::new(&plain(), version, u64::MAX, 1).prepare(&body);
        assert_eq!(whole.shards.iter().map(Vec::len).collect::<Vec<_>>(), [1]);
        let cut = Writer::new(&plain(), version, 300, 3);
        let (one, two) = (cut.prepare(&body), cut.prepare(&body));
        assert_eq!(one.shards, two.shards, "the same every time");
        assert!(one.shards.iter().map(Vec::len).sum::<usize>() > 6);
        for request in one.shards.iter().flatten() {
            let length = snap::raw::decompress_len(&request.body).unwrap();
            assert!(length < 500, "{length}");
        }
    }
}
