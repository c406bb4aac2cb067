//! What goes in comes out.

use crate::support::{Backend, TRACES, call, gateway, spans};

#[tokio::test]
async fn every_signal_goes_through_unchanged() {
    let (backend, address) = Backend::start().await;
    let (gateway, address) = gateway(address, |_| {});
    let body = spans(3);
    let mut sent = Vec::new();
    for path in ["trace.v1.TraceService", "logs.v1.LogsService"] {
        let path = format!("/opentelemetry.proto.collector.{path}/Export");
        let answer = call(address, &path, &body).await;
        assert_eq!((answer.code.as_str(), answer.message.len()), ("0", 0));
        sent.push((path, body.clone()));
    }
    tokio::task::spawn_blocking(|| gateway.stop())
        .await
        .unwrap();
    let mut got = backend.got();
    got.sort();
    sent.sort();
    assert_eq!(got, sent);
}

#[tokio::test]
async fn what_is_no_request_is_refused_for_good() {
    let (backend, address) = Backend::start().await;
    let (gateway, address) = gateway(address, |_| {});
    let answer = call(address, TRACES, b"no protobuf").await;
    assert_eq!(answer.code, "3");
    assert!(answer.details.is_some());
    assert_eq!(call(address, "/other.Service/Export", b"").await.code, "12");
    assert_eq!(
        call(address, TRACES, b"").await.code,
        "0",
        "nothing is fine"
    );
    tokio::task::spawn_blocking(|| gateway.stop())
        .await
        .unwrap();
    assert_eq!(backend.got(), []);
}
