//! What is made of payloads only to be sent has its room in memory, and leaves where there is none.

use std::net::SocketAddr;

use gateway::{
    Signal, json,
    settings::{Encoding, ExporterKind, WireCompression, WriteVersion},
};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    remote_write::{METRICS, server},
    support::{
        Backend, Running, TRACES, call, call_on, caller, count, framed, free, over_grpc, over_http,
        request_of, settings, until,
    },
};

/// So many that what a connection takes is little beside them.
const MANY: u32 = 1000;

/// A request of about 130 bytes a span, most of which nothing makes shorter.
fn spans() -> Vec<u8> {
    let words = (0_u64..).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut bytes = words.flat_map(u64::to_be_bytes);
    let mut some = |many: usize| bytes.by_ref().take(many).collect::<Vec<u8>>();
    let mut span = |_| opentelemetry_proto::tonic::trace::v1::Span {
        trace_id: some(16),
        span_id: some(8),
        trace_state: format!("a={:?}", some(24)),
        ..Default::default()
    };
    request_of((0..MANY).map(&mut span))
}

fn gauges() -> Vec<u8> {
    let gauge = |at: u32| {
        format!(
            r#"{{"name":"g{at}","gauge":{{"dataPoints":[{{"asDouble":{at},"timeUnixNano":"{at}000000000"}}]}}}}"#
        )
    };
    let gauges = (1..10 * MANY).map(gauge).collect::<Vec<_>>().join(",");
    let text = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{gauges}]}}]}}]}}"#);
    json::to_protobuf(Signal::Metrics, text.as_bytes()).unwrap()
}

fn in_json(to: SocketAddr) -> ExporterKind {
    let ExporterKind::OtlpHttp(mut http) = over_http(to, WireCompression::None) else {
        unreachable!("it is over HTTP");
    };
    http.encoding = Encoding::Json;
    ExporterKind::OtlpHttp(http)
}

/// How much of the budget is used while a request is sent to somebody who does not answer.
async fn used_by(kind: fn(SocketAddr) -> ExporterKind, path: &str, request: &[u8], least: u64) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Running::start(&settings(kind(silent.local_addr().unwrap())));
    assert_eq!(call(gateway.grpc, path, request).await.code, "0");
    let connection = silent.accept().await.unwrap();
    let budget = gateway.gateway().budget();
    let used = || budget.used() >= request.len() as u64 + least;
    until("what was made is charged", used).await;
    drop((connection, silent));
    gateway.stop_within(std::time::Duration::ZERO).await;
}

#[tokio::test]
async fn what_is_made_to_be_sent_is_charged() {
    let (traces, metrics) = (spans(), gauges());
    // More than a connection takes, which may be there still or not, and less than what is made: in JSON it is 1.4 times as much.
    let (some, more) = (traces.len() as u64 / 4, traces.len() as u64);
    used_by(in_json, TRACES, &traces, more).await;
    let packed = |to| over_http(to, WireCompression::Zstd(None));
    used_by(packed, TRACES, &traces, some).await;
    let packed = |to| over_grpc(to, WireCompression::Gzip(None));
    used_by(packed, TRACES, &traces, some).await;
    let written = |to| server(to, WriteVersion::V2);
    used_by(written, METRICS, &metrics, metrics.len() as u64 / 8).await;
}

#[tokio::test]
async fn what_leaves_does_not_wait_for_memory() {
    let (request, to) = (spans(), free());
    let mut settings = settings(in_json(to));
    settings.memory.budget = 4 << 20;
    let gateway = Running::start(&settings);
    let mut sent = 0;
    let stream = TcpStream::connect(gateway.grpc).await.unwrap();
    let mut caller = caller(stream).await.unwrap();
    let mut send = async || call_on(&mut caller, TRACES, &[], framed(0, &request)).await;
    while send().await.is_ok_and(|answer| answer.code == "0") {
        sent += 1;
    }
    assert!(sent > 10, "{sent} were taken");
    let backend = Backend::start_on(to).await;
    until("all have arrived", || backend.got().len() == sent).await;
    gateway.stop().await;
    let got = backend.got();
    let spans = got
        .iter()
        .map(|one| json::to_protobuf(Signal::Traces, &one.body).unwrap());
    assert_eq!(
        spans.map(|one| count(&one)).sum::<usize>(),
        sent * MANY as usize
    );
}
