//! What a destination does not take at once comes again, or does not, as it says.

use gateway::settings::{ExporterKind, Http2, QueueBatch, Sizer, WireCompression};

use crate::support::{
    BOTH, Backend, Running, TRACES, call, count, over_grpc, over_http, settings, settings_on, spans,
};

async fn attempts(http2: Http2, kind: ExporterKind, backend: &Backend) -> usize {
    let gateway = Running::start(&settings_on(http2, kind));
    assert_eq!(call(gateway.grpc, TRACES, &spans(1)).await.code, "0");
    gateway.stop().await;
    backend.got().len()
}

#[tokio::test]
async fn only_what_may_pass_is_tried_again() {
    let none = WireCompression::None;
    for http2 in BOTH {
        for (code, expected) in [(14, 2), (4, 2), (8, 1), (3, 1), (13, 1), (0, 1)] {
            let (backend, address) = Backend::answering(&[(code, None)]).await;
            let attempts = attempts(http2, over_grpc(address, none), &backend).await;
            assert_eq!(attempts, expected, "gRPC {code} over {http2:?}");
        }
    }
    for (code, expected) in [
        (503, 2),
        (429, 2),
        (502, 2),
        (504, 2),
        (500, 1),
        (400, 1),
        (200, 1),
    ] {
        let (backend, address) = Backend::answering(&[(code, Some("0"))]).await;
        let attempts = attempts(Http2::Own, over_http(address, none), &backend).await;
        assert_eq!(attempts, expected, "HTTP {code}");
    }
}

#[tokio::test]
async fn what_is_too_large_arrives_in_parts() {
    let (backend, address) = Backend::answering(&[(8, None)]).await;
    let gateway = Running::start(&settings(over_grpc(address, WireCompression::None)));
    assert_eq!(call(gateway.grpc, TRACES, &spans(5)).await.code, "0");
    gateway.stop().await;
    let got: Vec<_> = backend.got().iter().map(|one| count(&one.body)).collect();
    assert_eq!(got, [5, 3, 2]);
}

#[tokio::test]
async fn requests_are_put_together_and_cut() {
    let (backend, address) = Backend::start().await;
    let mut settings = settings(over_grpc(address, WireCompression::None));
    for exporter in settings.exporters.values_mut() {
        exporter.queue.as_mut().unwrap().batch = Some(QueueBatch {
            sizer: Sizer::Items,
            min_size: 6,
            max_size: Some(8),
            flush_timeout: std::time::Duration::from_hours(1),
            metadata_keys: gateway::Keys::default(),
        });
    }
    let gateway = Running::start(&settings);
    for spans in [2_u8, 4, 20].map(spans) {
        assert_eq!(call(gateway.grpc, TRACES, &spans).await.code, "0");
    }
    let got = backend.wait_for(4).await;
    let mut got: Vec<_> = got.iter().map(|one| count(&one.body)).collect();
    // They are sent side by side: which comes first is open.
    got.sort_unstable();
    assert_eq!(got, [4, 6, 8, 8]);
    gateway.stop().await;
}

#[tokio::test]
async fn who_waits_for_the_result_hears_it() {
    let (_, address) = Backend::answering(&[(3, None)]).await;
    let mut settings = settings(over_grpc(address, WireCompression::None));
    for exporter in settings.exporters.values_mut() {
        exporter.queue.as_mut().unwrap().wait_for_result = true;
    }
    let gateway = Running::start(&settings);
    assert_eq!(call(gateway.grpc, TRACES, &spans(1)).await.code, "3");
    assert_eq!(call(gateway.grpc, TRACES, &spans(1)).await.code, "0");
    gateway.stop().await;
}
