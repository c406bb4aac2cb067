//! What was acknowledged arrives, whatever lies between.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use gateway::settings::{
    Choice, ExporterKind, LoadBalancing, QueueBatch, RoutingKey, Settings, Sizer, WireCompression,
};
use serde_json::json;
use tokio::time::sleep;

use crate::support::{
    Backend, Folder, Running, TRACES, call, count, free, over_grpc, sampled_by, settings, spans,
    stored_in, until,
};

/// How long an end may take that waits for something: longer than any that does not, on any machine.
const PATIENCE: Duration = Duration::from_mins(2);

fn stored(to: SocketAddr, folder: &Path) -> Settings {
    stored_in(folder, settings(over_grpc(to, WireCompression::None)))
}

#[tokio::test]
async fn a_log_outlives_the_gateway() {
    let folder = std::env::temp_dir().join(format!("gateway-kept-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // Nobody is there.
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let gateway = Running::start(&stored(nobody, &folder));
    for request in [1, 2, 3].map(spans) {
        assert_eq!(call(gateway.grpc, TRACES, &request).await.code, "0");
    }
    gateway.stop_within(Duration::from_millis(100)).await;
    let (backend, address) = Backend::start().await;
    let gateway = Running::start(&stored(address, &folder));
    let got = backend.wait_for(3).await;
    let mut got: Vec<_> = got.iter().map(|one| count(&one.body)).collect();
    got.sort_unstable();
    assert_eq!(got, [1, 2, 3]);
    gateway.stop().await;
    // And is not sent again.
    let gateway = Running::start(&stored(address, &folder));
    gateway.stop().await;
    assert_eq!(backend.got().len(), 3);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_does_not_wait_for_what_is_in_files() {
    for blocks in [false, true] {
        let folder = Folder::new();
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut settings = stored(nobody, &folder.file(""));
        for exporter in settings.exporters.values_mut() {
            let queue = exporter.queue.as_mut().unwrap();
            (queue.size, queue.block_on_overflow) = (3, blocks);
        }
        let gateway = Running::on(&settings, 2);
        for request in [1, 2, 3].map(spans) {
            assert_eq!(call(gateway.grpc, TRACES, &request).await.code, "0");
        }
        let to = gateway.grpc;
        if !blocks {
            assert_eq!(call(to, TRACES, &spans(4)).await.code, "14");
        }
        let one_more = tokio::spawn(async move { call(to, TRACES, &spans(5)).await });
        // Nothing tells that it waits for room, where it may; on a slow machine it comes too late.
        sleep(Duration::from_millis(300)).await;
        let began = Instant::now();
        gateway.stop_within(PATIENCE).await;
        assert!(began.elapsed() < PATIENCE / 2, "it waited");
        // Who waits for room is no reason to wait either: it gets some.
        let taken = one_more.await.is_ok_and(|answer| answer.code == "0");
        let expected = if taken { 4 } else { 3 };
        let (backend, address) = Backend::start().await;
        let gateway = Running::start(&stored(address, &folder.file("")));
        assert_eq!(backend.wait_for(expected).await.len(), expected);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_is_sampled_and_found_no_room_does_not_hold_up_the_end() {
    let folder = Folder::new();
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut settings = all_sampled_after("1s", stored(nobody, &folder.file("")));
    for exporter in settings.exporters.values_mut() {
        exporter.queue.as_mut().unwrap().size = 0;
    }
    let gateway = Running::start(&settings);
    assert_eq!(call(gateway.grpc, TRACES, &spans(4)).await.code, "0");
    let exporters = gateway.gateway().exporters().values();
    let refused = || {
        let mut refused = exporters.clone().map(|one| one.tallies.unqueued.get());
        refused.any(|refused| refused > 0)
    };
    until("there is no room for what is kept", refused).await;
    let began = Instant::now();
    gateway.stop_within(PATIENCE).await;
    assert!(began.elapsed() < PATIENCE / 2, "it waited");
    let (backend, address) = Backend::start().await;
    let settings = all_sampled_after("1s", stored(address, &folder.file("")));
    let gateway = Running::start(&settings);
    let got = backend.wait_for(1).await;
    assert_eq!(count(&got[0].body), 4);
    gateway.stop().await;
}

#[tokio::test]
async fn a_part_that_did_not_arrive_before_the_end_is_not_forgotten() {
    let folder = Folder::new();
    // The first part is to come again, the others are not wanted.
    let answers = [(14, None), (3, None), (3, None), (3, None)];
    let (backend, address) = Backend::answering(&answers).await;
    let mut settings = stored(address, &folder.file(""));
    for exporter in settings.exporters.values_mut() {
        exporter.queue.as_mut().unwrap().batch = Some(QueueBatch {
            sizer: Sizer::Items,
            min_size: 0,
            max_size: Some(1),
            flush_timeout: Duration::ZERO,
            metadata_keys: gateway::Keys::default(),
        });
        let hour = Duration::from_hours(1);
        let retry = exporter.retry.as_mut().unwrap();
        (retry.initial, retry.max, retry.give_up) = (hour, hour, None);
    }
    let gateway = Running::start(&settings);
    assert_eq!(call(gateway.grpc, TRACES, &spans(4)).await.code, "0");
    backend.wait_for(1).await;
    gateway.stop_within(PATIENCE).await;
    let (backend, address) = Backend::start().await;
    let gateway = Running::start(&stored(address, &folder.file("")));
    let got = backend.wait_for(1).await;
    assert_eq!(count(&got[0].body), 4);
    gateway.stop().await;
}

#[tokio::test]
async fn a_full_queue_on_disk_makes_senders_wait_or_refuses_them_as_it_is_told() {
    for (block, third) in [(true, "0"), (false, "14")] {
        let name = format!("gateway-full-{block}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let address = free();
        let mut settings = stored(address, &folder);
        for exporter in settings.exporters.values_mut() {
            let queue = exporter.queue.as_mut().unwrap();
            (queue.size, queue.block_on_overflow) = (2, block);
        }
        let gateway = Running::start(&settings);
        for request in [1, 2].map(spans) {
            assert_eq!(call(gateway.grpc, TRACES, &request).await.code, "0");
        }
        let to = gateway.grpc;
        let waits = tokio::spawn(async move { call(to, TRACES, &spans(3)).await });
        if !block {
            assert_eq!(waits.await.unwrap().code, third);
            gateway.stop_within(Duration::ZERO).await;
            std::fs::remove_dir_all(folder).unwrap();
            continue;
        }
        let backend = Backend::start_on(address).await;
        let answer = tokio::time::timeout(Duration::from_mins(1), waits).await;
        assert_eq!(answer.unwrap().unwrap().code, third);
        backend.wait_for(3).await;
        gateway.stop().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[tokio::test]
async fn a_full_queue_on_disk_sends_what_forms_a_batch() {
    let folder = std::env::temp_dir().join(format!("gateway-forms-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (backend, address) = Backend::start().await;
    let mut settings = stored(address, &folder);
    for exporter in settings.exporters.values_mut() {
        let queue = exporter.queue.as_mut().unwrap();
        (queue.size, queue.block_on_overflow) = (2, true);
        queue.batch = Some(QueueBatch {
            sizer: Sizer::Items,
            min_size: 1000,
            max_size: None,
            flush_timeout: Duration::from_hours(1),
            metadata_keys: gateway::Keys::default(),
        });
    }
    let gateway = Running::start(&settings);
    for request in [1, 2, 3].map(spans) {
        let call = call(gateway.grpc, TRACES, &request);
        let answer = tokio::time::timeout(Duration::from_mins(1), call).await;
        assert_eq!(answer.unwrap().code, "0");
    }
    assert_eq!(count(&backend.wait_for(1).await[0].body), 3);
    gateway.stop().await;
    // What formed a batch at the end was sent then, and what nobody had looked at yet comes with the next start.
    let gateway = Running::start(&stored(address, &folder));
    backend.wait_for(2).await;
    gateway.stop().await;
    let got = backend.got();
    let spans: Vec<_> = got.iter().map(|one| count(&one.body)).collect();
    assert_eq!(spans, [3, 3]);
    std::fs::remove_dir_all(folder).unwrap();
}

/// With a sampler that keeps every trace, once it has waited.
fn all_sampled_after(wait: &str, settings: Settings) -> Settings {
    let all = json!({
        "decision_wait": wait,
        "policies": [{ "name": "all", "type": "always_sample" }],
    });
    sampled_by(all, settings)
}

#[tokio::test]
async fn a_sampler_hands_on_what_it_holds_at_the_end() {
    let (backend, address) = Backend::start().await;
    let settings = settings(over_grpc(address, WireCompression::None));
    let settings = all_sampled_after("30s", settings);
    let gateway = Running::on(&settings, 2);
    for request in [4, 5].map(spans) {
        assert_eq!(call(gateway.grpc, TRACES, &request).await.code, "0");
    }
    gateway.stop().await;
    let got: usize = backend.got().iter().map(|one| count(&one.body)).sum();
    assert_eq!(got, 9);
}

#[tokio::test]
async fn what_is_undecided_outlives_the_gateway() {
    let folder =
        std::env::temp_dir().join(format!("gateway-kept-undecided-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (backend, address) = Backend::start().await;
    let decided_after = |wait| all_sampled_after(wait, stored(address, &folder));
    let gateway = Running::start(&decided_after("10m"));
    for request in [4, 5].map(spans) {
        assert_eq!(call(gateway.grpc, TRACES, &request).await.code, "0");
    }
    gateway.stop_within(Duration::from_millis(100)).await;
    assert!(backend.got().is_empty(), "nothing was decided yet");
    let gateway = Running::start(&decided_after("1s"));
    let got = || -> usize { backend.got().iter().map(|one| count(&one.body)).sum() };
    until("all is decided", || got() >= 9).await;
    gateway.stop().await;
    assert_eq!(got(), 9);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn each_trace_has_one_destination() {
    let mut backends = BTreeMap::new();
    for _ in 0..3 {
        let (backend, address) = Backend::start().await;
        backends.insert(address.to_string(), backend);
    }
    let somewhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let ExporterKind::OtlpGrpc(protocol) = over_grpc(somewhere, WireCompression::None) else {
        unreachable!("it is over gRPC")
    };
    let kind = ExporterKind::LoadBalancing(Box::new(LoadBalancing {
        within: None,
        key: Some(RoutingKey::TraceId),
        choice: Choice::Fixed(backends.keys().cloned().collect()),
        protocol,
        timeout: Some(Duration::from_mins(1)),
        retry: None,
    }));
    let gateway = Running::start(&settings(kind));
    for _ in 0..2 {
        assert_eq!(call(gateway.grpc, TRACES, &spans(60)).await.code, "0");
    }
    gateway.stop().await;
    let mut all = 0;
    for backend in backends.values() {
        let got: Vec<_> = backend.got().iter().map(|one| count(&one.body)).collect();
        assert!(
            matches!(got[..], [one, other] if one == other && one > 5),
            "{got:?}"
        );
        all += got[0];
    }
    assert_eq!(all, 60);
}
