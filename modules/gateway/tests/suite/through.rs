//! What goes in over gRPC comes out.

use std::{sync::Arc, time::Duration};

use gateway::settings::{Http2, WireCompression};
use prost::Message as _;

use crate::support::{
    BOTH, Backend, Running, Status, TRACES, call, call_raw, framed, over_grpc, settings,
    settings_on, spans,
};

#[tokio::test]
async fn every_signal_goes_through_unchanged_on_any_number_of_shards() {
    for http2 in BOTH {
        for shards in [1, 2] {
            let (backend, address) = Backend::start().await;
            let gateway = Running::on(
                &settings_on(http2, over_grpc(address, WireCompression::None)),
                shards,
            );
            let mut sent = Vec::new();
            // One resource with one scope with one log record, or with a gauge of two points.
            let logs = b"\x0a\x06\x12\x04\x12\x02\x10\x01".to_vec();
            let metrics = b"\x0a\x0c\x12\x0a\x12\x08\x0a\x00\x2a\x04\x0a\x00\x0a\x00".to_vec();
            let requests = [
                ("trace.v1.TraceService", spans(3)),
                ("logs.v1.LogsService", logs),
                ("metrics.v1.MetricsService", metrics),
            ];
            for (service, body) in requests {
                let path = format!("/opentelemetry.proto.collector.{service}/Export");
                let answer = call(gateway.grpc, &path, &body).await;
                assert_eq!((answer.code.as_str(), answer.message.len()), ("0", 0));
                sent.push((path, body));
            }
            gateway.stop().await;
            let got = backend.got().into_iter().map(|one| (one.path, one.body));
            let mut got: Vec<_> = got.collect();
            got.sort();
            sent.sort();
            assert_eq!(got, sent);
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_for_good() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let gateway = Running::start(&settings_on(
            http2,
            over_grpc(address, WireCompression::None),
        ));
        let to = gateway.grpc;
        let large = framed(0, &vec![0; 2 << 20]);
        let cases: [(&str, &[(&str, &str)], Vec<u8>, &str); 6] = [
            (TRACES, &[], framed(0, b"no protobuf"), "3"),
            (TRACES, &[], framed(0, b""), "0"),
            ("/other.Service/Export", &[], framed(0, b""), "12"),
            (TRACES, &[], large, "8"),
            (TRACES, &[("grpc-encoding", "br")], framed(1, b"x"), "12"),
            (TRACES, &[("grpc-encoding", "gzip")], framed(1, b"x"), "3"),
        ];
        for (path, headers, body, code) in cases {
            let answer = call_raw(to, path, headers, body).await;
            assert_eq!(answer.code, code, "{path} {headers:?}");
            // No detail says that it may come again; data that is bad is told what is wrong with it.
            let details = answer.details.as_deref().unwrap_or_default();
            let status = Status::decode(details).unwrap();
            assert_eq!(status.code.to_string(), code);
            let bad = (code == "3").then(|| vec![status.message.clone()]);
            assert_eq!(status.violations(), bad, "{code}");
        }
        gateway.stop().await;
        assert!(backend.got().is_empty());
    }
}

#[tokio::test]
async fn who_finds_no_room_is_told_when_to_come_again() {
    for http2 in BOTH {
        let (_, address) = Backend::start().await;
        let mut settings = settings_on(http2, over_grpc(address, WireCompression::None));
        settings.memory.budget = 40 << 10;
        let gateway = Running::start(&settings);
        // What a connection with a call takes for itself is left, and nothing for what comes over it.
        let left = match http2 {
            Http2::Own => (24 << 10) + 10,
            Http2::Hyper => (8 << 10) + 10,
        };
        let budget = gateway.gateway().budget();
        let held = budget.charge(budget.limit() - left).unwrap();
        let answer = call(gateway.grpc, TRACES, &spans(1)).await;
        assert_eq!(answer.code, "14");
        let details = answer.details.unwrap();
        assert!(details.windows(9).any(|part| part == b"RetryInfo"));
        drop(held);
        assert_eq!(call(gateway.grpc, TRACES, &spans(1)).await.code, "0");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_sender_waits_for_memory_before_it_is_told_to_come_again() {
    let (_backend, address) = Backend::start().await;
    let gateway = Running::start(&settings(over_grpc(address, WireCompression::None)));
    let budget = Arc::clone(gateway.gateway().budget());
    let (grpc, hurried) = (gateway.grpc, Duration::from_millis(50));
    // How long it waits is short, and a machine may be slow: once is enough.
    for _ in 0..20 {
        let all = budget.charge(budget.limit() - budget.used()).unwrap();
        let sent = tokio::spawn(async move { call(grpc, TRACES, &spans(1)).await.code });
        tokio::time::sleep(hurried).await;
        drop(all);
        // It may not even get a connection.
        if sent.await.is_ok_and(|code| code == "0") {
            return gateway.stop().await;
        }
    }
    panic!("nobody waits");
}
