//! What reaches a Prometheus server, in which order, and how often.

use std::{collections::BTreeMap, net::SocketAddr};

use collector_config::components::remote_write::PrometheusRemoteWrite;
use gateway::{
    Signal, json,
    settings::{Authorities, ExporterKind, RemoteWrite, WriteVersion},
    wire::{FieldValue, Fields},
};

use crate::support::{Backend, Running, call, client_tls, settings};

pub(crate) const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

pub(crate) fn server(to: SocketAddr, version: WriteVersion) -> ExporterKind {
    ExporterKind::RemoteWrite(Box::new(RemoteWrite {
        settings: PrometheusRemoteWrite {
            endpoint: format!("http://{to}/api/v1/write"),
            ..PrometheusRemoteWrite::default()
        },
        version,
        tls: client_tls(Authorities::System),
        headers: BTreeMap::new(),
        senders: 1,
        max_request: 1 << 20,
    }))
}

/// One gauge at that second.
fn gauge(second: u64) -> Vec<u8> {
    let text = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"g","gauge":{{"dataPoints":[
            {{"asInt":"{second}","timeUnixNano":"{second}000000000"}}]}}}}]}}]}}]}}"#
    );
    json::to_protobuf(Signal::Metrics, text.as_bytes()).unwrap()
}

#[tokio::test]
async fn samples_arrive_in_the_order_of_time_even_when_one_has_to_wait() {
    // The first and the third attempt fail for now: nothing may overtake what is tried again.
    let answers = [(503, Some("0")), (200, None), (500, None)];
    let (backend, address) = Backend::answering(&answers).await;
    let gateway = Running::start(&settings(server(address, WriteVersion::V1)));
    for second in 1..=4 {
        assert_eq!(call(gateway.grpc, METRICS, &gauge(second)).await.code, "0");
    }
    gateway.stop().await;
    let seconds = backend.got().into_iter().map(|got| {
        assert_eq!(got.path, "/api/v1/write");
        let request = snap::raw::Decoder::new().decompress_vec(&got.body).unwrap();
        // The last field of the only sample is its time, in milliseconds, as a varint of two bytes.
        let time = request.len() - 2;
        u64::from(request[time] & 0x7f) | u64::from(request[time + 1]) << 7
    });
    let seconds: Vec<u64> = seconds.collect();
    assert_eq!(seconds, [1000, 1000, 2000, 2000, 3000, 4000]);
}

/// Gauges of several names at that second.
fn gauges(names: &[&str], second: u64) -> Vec<u8> {
    let gauge = |name: &&str| {
        format!(
            r#"{{"name":"{name}","gauge":{{"dataPoints":[{{"asInt":"1","timeUnixNano":"{second}000000000"}}]}}}}"#
        )
    };
    let gauges = names.iter().map(gauge).collect::<Vec<_>>().join(",");
    let text = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{gauges}]}}]}}]}}"#);
    json::to_protobuf(Signal::Metrics, text.as_bytes()).unwrap()
}

/// What a message has in a field of bytes.
fn within(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    let fields = Fields::of(message).filter(move |field| field.number == number);
    fields.filter_map(|field| field.value.bytes())
}

/// The samples of a request of version 1.0 in their order: name and second.
fn samples(body: &[u8]) -> Vec<(String, u64)> {
    let request = snap::raw::Decoder::new().decompress_vec(body).unwrap();
    let mut samples = Vec::new();
    for series in within(&request, 1) {
        let mut labels = within(series, 1);
        let name = labels.find_map(|label| {
            let mut texts = within(label, 1).chain(within(label, 2));
            (texts.next() == Some(b"__name__")).then(|| texts.next())?
        });
        let name = String::from_utf8(name.unwrap().to_vec()).unwrap();
        for sample in within(series, 2) {
            let time = Fields::of(sample).find(|field| field.number == 2);
            let Some(FieldValue::Varint(milliseconds)) = time.map(|time| time.value) else {
                panic!("a sample has a time");
            };
            samples.push((name.clone(), milliseconds / 1000));
        }
    }
    samples
}

#[tokio::test]
async fn several_senders_keep_the_order_of_each_series() {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const SECONDS: u64 = 6;
    // Some of the first fail for now, whoever sends them.
    let answers = [503, 200, 500, 200, 200, 429, 200, 503].map(|status| (status, Some("0")));
    let (backend, address) = Backend::answering(&answers).await;
    let ExporterKind::RemoteWrite(mut kind) = server(address, WriteVersion::V1) else {
        unreachable!("it writes to Prometheus")
    };
    kind.senders = 4;
    let gateway = Running::start(&settings(ExporterKind::RemoteWrite(kind)));
    for second in 1..=SECONDS {
        let answer = call(gateway.grpc, METRICS, &gauges(&NAMES, second)).await;
        assert_eq!(answer.code, "0");
    }
    gateway.stop().await;
    let got = backend.got();
    assert!(got.len() as u64 > 2 * SECONDS, "they send side by side");
    let mut all = BTreeMap::<String, Vec<u64>>::new();
    for (name, second) in got.iter().flat_map(|got| samples(&got.body)) {
        all.entry(name).or_default().push(second);
    }
    assert_eq!(all.len(), NAMES.len());
    for (name, mut seconds) in all {
        assert!(seconds.is_sorted(), "{name}: {seconds:?}");
        seconds.dedup();
        assert!(seconds.into_iter().eq(1..=SECONDS), "{name}");
    }
}

#[tokio::test]
async fn what_is_refused_for_ever_keeps_nothing_else_back() {
    let (backend, address) = Backend::answering(&[(400, None)]).await;
    let ExporterKind::RemoteWrite(mut kind) = server(address, WriteVersion::V1) else {
        unreachable!("it writes to Prometheus")
    };
    // Each series has a request of its own.
    kind.max_request = 1;
    let gateway = Running::start(&settings(ExporterKind::RemoteWrite(kind)));
    let request = gauges(&["a", "b", "c"], 1);
    assert_eq!(call(gateway.grpc, METRICS, &request).await.code, "0");
    gateway.stop().await;
    assert_eq!(backend.got().len(), 3);
}

#[tokio::test]
async fn both_versions_say_what_they_are_and_a_lasting_refusal_is_not_repeated() {
    for (version, number, content_type) in [
        (WriteVersion::V1, "0.1.0", "application/x-protobuf"),
        (
            WriteVersion::V2,
            "2.0.0",
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        ),
    ] {
        let (backend, address) = Backend::answering(&[(400, None)]).await;
        let gateway = Running::start(&settings(server(address, version)));
        assert_eq!(call(gateway.grpc, METRICS, &gauge(1)).await.code, "0");
        gateway.stop().await;
        let got = backend.got();
        assert_eq!(got.len(), 1);
        let headers = &got[0].headers;
        assert_eq!(headers["x-prometheus-remote-write-version"], number);
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["content-encoding"], "snappy");
    }
}
