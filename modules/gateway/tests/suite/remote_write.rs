//! What reaches a Prometheus server, in which order, and how often.

use std::{collections::BTreeMap, net::SocketAddr};

use collector_config::components::remote_write::PrometheusRemoteWrite;
use gateway::{
    Signal, json,
    settings::{Authorities, ExporterKind, RemoteWrite, WriteVersion},
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

#[tokio::test]
async fn what_is_refused_for_ever_keeps_nothing_else_back() {
    let (backend, address) = Backend::answering(&[(400, None)]).await;
    let ExporterKind::RemoteWrite(mut kind) = server(address, WriteVersion::V1) else {
        unreachable!("it writes to Prometheus")
    };
    // Each series has a request of its own.
    kind.max_request = 1;
    let gateway = Running::start(&settings(ExporterKind::RemoteWrite(kind)));
    let gauges = ["a", "b", "c"].map(|name| {
        format!(
            r#"{{"name":"{name}","gauge":{{"dataPoints":[{{"asInt":"1","timeUnixNano":"1000000000"}}]}}}}"#
        )
    });
    let text = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{}]}}]}}]}}"#,
        gauges.join(",")
    );
    let request = json::to_protobuf(Signal::Metrics, text.as_bytes()).unwrap();
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
