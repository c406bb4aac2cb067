//! Is a trace decided as one, whichever connections, threads, shards and runs its spans come over?

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use gateway::settings::{Settings, WireCompression};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::json;

use crate::support::{
    Backend, Running, TRACES, call, crash::arrived, over_grpc, request_of, sampled_by, settings,
    stored_in,
};

/// How many traces there are; every second one has an error.
const TRACES_SENT: u64 = 12;
/// How many connections each has a span over.
const CONNECTIONS: u64 = 30;

/// Keeps traces with an error that are whole, after so long, in so many shards; what is undecided is in files.
fn sampled(to: SocketAddr, folder: &Path, wait: &str, shards: usize) -> Settings {
    let settings = stored_in(folder, settings(over_grpc(to, WireCompression::None)));
    let whole_and_wrong = json!({ "decision_wait": wait, "num_shards": shards, "policies": [
        { "name": "both", "type": "and", "and": { "and_sub_policy": [
            { "name": "whole", "type": "span_count", "span_count": { "min_spans": CONNECTIONS } },
            { "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } },
        ] } },
    ] });
    sampled_by(whole_and_wrong, settings)
}

/// A span of each trace.
fn piece(nth: u64) -> Vec<u8> {
    let spans = (0..TRACES_SENT).map(|trace| {
        let fails = trace % 2 == 0 && nth == trace;
        Span {
            trace_id: [7, trace + 1].map(u64::to_be_bytes).concat(),
            span_id: (nth * TRACES_SENT + trace + 1).to_be_bytes().to_vec(),
            status: fails.then(|| Status {
                code: 2,
                ..Status::default()
            }),
            ..Span::default()
        }
    });
    request_of(spans)
}

/// Everything comes on so many threads to as many shards, and is decided by others after a start.
async fn decided(first: usize, second: usize) {
    let name = format!("gateway-decided-{first}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let (backend, address) = Backend::start().await;
    let gateway = Running::on(&sampled(address, &folder, "10m", first), first);
    for nth in 0..CONNECTIONS {
        assert_eq!(call(gateway.grpc, TRACES, &piece(nth)).await.code, "0");
    }
    gateway.stop_within(Duration::from_millis(100)).await;
    assert!(backend.got().is_empty(), "nothing was decided yet");
    let gateway = Running::on(&sampled(address, &folder, "1s", second), second);
    let expected: BTreeMap<u64, u64> = (0..CONNECTIONS * TRACES_SENT)
        .filter(|span| (span % TRACES_SENT).is_multiple_of(2))
        .map(|span| (span + 1, 1))
        .collect();
    let began = Instant::now();
    while arrived(&backend).len() < expected.len() {
        assert!(began.elapsed() < Duration::from_mins(1), "{second} shards");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.stop().await;
    assert_eq!(arrived(&backend), expected, "{second} shards");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_trace_is_decided_as_one_by_however_many_shards_and_after_a_start_by_others() {
    tokio::join!(decided(3, 1), decided(2, 3));
}
