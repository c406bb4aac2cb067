//! Requests that came with other headers leave in other requests, whatever they came over.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gateway::{
    Keys,
    settings::{Batch, Http2, Processor, QueueBatch, Settings, Sizer, WireCompression},
};
use tokio::net::TcpStream;

use crate::support::{
    BOTH, Backend, Running, TRACES, call_on, call_raw, caller, count, framed, over_grpc, request,
    sampled_by, settings_on, spans, until,
};

const PROTO: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a"}]}]}]}"#;

/// A gateway that keeps headers, with this processor before everything that it sends.
fn keeping(http2: Http2, to: SocketAddr, batch: Option<Batch>) -> Settings {
    let mut settings = settings_on(http2, over_grpc(to, WireCompression::None));
    for receiver in settings.receivers.values_mut() {
        receiver.grpc.as_mut().unwrap().include_metadata = true;
        receiver.http.as_mut().unwrap().include_metadata = true;
    }
    if let Some(batch) = batch {
        let id: collector_config::ComponentId = "batch".parse().unwrap();
        for pipeline in settings.pipelines.values_mut() {
            pipeline.processors.push(id.clone());
        }
        settings.processors.insert(id, Processor::Batch(batch));
    }
    settings
}

/// Batches that leave at the end alone.
fn batch(keys: &[&str], limit: Option<u32>) -> Batch {
    Batch {
        size: 1000,
        max_size: None,
        timeout: Duration::from_hours(1),
        metadata_keys: Keys::of(keys),
        metadata_cardinality_limit: limit,
    }
}

async fn grpc(gateway: &Running, headers: &[(&str, &str)], body: Vec<u8>) -> String {
    let answer = call_raw(gateway.grpc, TRACES, headers, framed(0, &body)).await;
    let again = answer.details.unwrap_or_default();
    let again = again.windows(9).any(|part| part == b"RetryInfo");
    assert!(!again, "nobody is to come again");
    answer.code
}

async fn http(gateway: &Running, headers: &[(&str, &str)], body: Vec<u8>) -> u16 {
    let (status, answered, _) = request(gateway.http, "POST", "/v1/traces", headers, body).await;
    assert!(!answered.contains_key("retry-after"), "{status}");
    status
}

/// How many spans each request had that came in the end.
async fn sizes(gateway: Running, backend: &Backend) -> Vec<usize> {
    gateway.stop().await;
    let mut sizes: Vec<_> = backend.got().iter().map(|one| count(&one.body)).collect();
    sizes.sort_unstable();
    sizes
}

#[tokio::test]
async fn each_tenant_has_its_own_requests_whatever_it_speaks() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let batch = batch(&["X-Tenant", "user"], None);
        let gateway = Running::start(&keeping(http2, address, Some(batch)));
        let (a, b) = (("x-tenant", "a"), ("x-tenant", "b"));
        for (headers, count) in [
            (vec![a], 1),
            (vec![b], 10),
            (vec![a, b], 40),
            (vec![b, a], 80),
        ] {
            assert_eq!(grpc(&gateway, &headers, spans(count)).await, "0");
            let headers = [&[PROTO], &*headers].concat();
            assert_eq!(http(&gateway, &headers, spans(count)).await, 200);
        }
        // As it is spelled makes no difference, nor what nobody asks for.
        let headers = [JSON, ("X-TENANT", "a"), ("x-other", "c")];
        assert_eq!(http(&gateway, &headers, SPAN.into()).await, 200);
        let user = [("x-tenant", "b"), ("user", "")];
        assert_eq!(grpc(&gateway, &user, spans(5)).await, "0");
        assert_eq!(grpc(&gateway, &[], spans(7)).await, "0");
        assert_eq!(
            sizes(gateway, &backend).await,
            [3, 5, 7, 20, 80, 160],
            "{http2:?}"
        );
    }
}

#[tokio::test]
async fn without_include_metadata_all_are_one() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let mut settings = keeping(http2, address, Some(batch(&["x-tenant"], Some(1))));
        for receiver in settings.receivers.values_mut() {
            receiver.grpc.as_mut().unwrap().include_metadata = false;
        }
        let gateway = Running::start(&settings);
        for tenant in ["a", "b"] {
            assert_eq!(grpc(&gateway, &[("x-tenant", tenant)], spans(3)).await, "0");
        }
        let status = http(&gateway, &[PROTO, ("x-tenant", "a")], spans(1)).await;
        assert_eq!(status, 500, "over HTTP it is kept");
        assert_eq!(sizes(gateway, &backend).await, [6], "{http2:?}");
    }
}

#[tokio::test]
async fn one_combination_too_many_is_refused_for_good_and_the_others_are_not() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let settings = keeping(http2, address, Some(batch(&["x-tenant"], Some(2))));
        let gateway = Running::start(&settings);
        for (tenant, code, status) in [("a", "0", 200), ("b", "0", 200), ("c", "13", 500)] {
            let tenant = ("x-tenant", tenant);
            assert_eq!(
                grpc(&gateway, &[tenant], spans(1)).await,
                code,
                "{tenant:?}"
            );
            assert_eq!(http(&gateway, &[PROTO, tenant], spans(1)).await, status);
        }
        assert_eq!(grpc(&gateway, &[], spans(1)).await, "13");
        assert_eq!(grpc(&gateway, &[("x-tenant", "a")], spans(1)).await, "0");
        let seen = gateway.gateway().combinations();
        let traces: Vec<_> = seen.iter().map(|seen| seen.count()).collect();
        assert_eq!(
            traces.iter().sum::<u64>(),
            2,
            "each signal has its own: {traces:?}"
        );
        assert_eq!(sizes(gateway, &backend).await, [2, 3], "{http2:?}");
    }
}

#[tokio::test]
async fn a_queue_keeps_apart_what_a_processor_does_not() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let mut settings = keeping(http2, address, None);
        for exporter in settings.exporters.values_mut() {
            exporter.queue.as_mut().unwrap().batch = Some(QueueBatch {
                sizer: Sizer::Items,
                min_size: 1000,
                max_size: None,
                flush_timeout: Duration::from_hours(1),
                metadata_keys: Keys::of(&["host"]),
            });
        }
        let gateway = Running::start(&settings);
        for _ in 0..2 {
            assert_eq!(grpc(&gateway, &[], spans(3)).await, "0");
            assert_eq!(http(&gateway, &[PROTO], spans(1)).await, 200);
        }
        // Over gRPC the test says `localhost`, and `test` over HTTP.
        assert_eq!(sizes(gateway, &backend).await, [2, 6], "{http2:?}");
    }
}

#[tokio::test]
async fn what_leaves_a_tail_sampler_is_one() {
    let (backend, address) = Backend::start().await;
    let policies = serde_json::json!({
        "decision_wait": "1h",
        "policies": [{ "name": "all", "type": "always_sample" }],
    });
    let mut settings = sampled_by(policies, keeping(Http2::Own, address, None));
    let after = keeping(Http2::Own, address, Some(batch(&["x-tenant"], Some(1))));
    settings.processors.extend(after.processors);
    for pipeline in settings.pipelines.values_mut() {
        pipeline.processors.push("batch".parse().unwrap());
    }
    let gateway = Running::start(&settings);
    for tenant in ["a", "b"] {
        assert_eq!(grpc(&gateway, &[("x-tenant", tenant)], spans(3)).await, "0");
    }
    assert_eq!(sizes(gateway, &backend).await, [6]);
}

#[tokio::test]
async fn headers_are_given_back_with_what_they_came_with() {
    for http2 in BOTH {
        let (backend, address) = Backend::start().await;
        let keys = Keys::of(&["x-tenant"]);
        let mut every = batch(&[], None);
        (every.size, every.metadata_keys) = (1, keys);
        let gateway = Running::start(&keeping(http2, address, Some(every)));
        let long = "t".repeat(8000);
        let tenant = ("x-tenant", &*long);
        for nth in 1..4 {
            assert_eq!(grpc(&gateway, &[tenant], spans(1)).await, "0");
            assert_eq!(http(&gateway, &[PROTO, tenant], spans(1)).await, 200);
            backend.wait_for(2 * nth).await;
            let budget = gateway.gateway().budget();
            // What is known of a combination stays, once.
            until("all else is given back", || budget.used() == 32).await;
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn who_says_more_than_there_is_memory_for_is_told_to_come_again() {
    for http2 in BOTH {
        let (_backend, address) = Backend::start().await;
        let mut settings = keeping(http2, address, Some(batch(&["x-tenant"], None)));
        for exporter in settings.exporters.values_mut() {
            exporter.queue.as_mut().unwrap().wait_for_result = true;
        }
        let gateway = Running::start(&settings);
        let stream = TcpStream::connect(gateway.grpc).await.unwrap();
        let mut caller = caller(stream).await.unwrap();
        // Two calls stay open, so that their connection has what it takes for a third.
        let open = [(); 2].map(|()| {
            let mut caller = caller.clone();
            tokio::spawn(async move {
                let headers = [("x-tenant", "a")];
                call_on(&mut caller, TRACES, &headers, framed(0, &spans(1))).await
            })
        });
        let exporters = gateway.gateway().exporters();
        let waits = || {
            exporters
                .values()
                .any(|exporter| exporter.queue.used() == 2)
        };
        until("two calls wait", waits).await;
        let budget = Arc::clone(gateway.gateway().budget());
        let held = budget
            .charge(budget.limit() - budget.used() - 4000)
            .unwrap();
        let tenant = "t".repeat(5000);
        let headers = [("x-tenant", &*tenant)];
        let body = framed(0, &spans(1));
        let answer = call_on(&mut caller, TRACES, &headers, body).await.unwrap();
        assert_eq!(answer.code, "14", "{http2:?}");
        let details = answer.details.unwrap();
        assert!(details.windows(9).any(|part| part == b"RetryInfo"));
        drop((held, caller));
        // Nobody waits for what they hold, which leaves at the end.
        open.iter().for_each(tokio::task::JoinHandle::abort);
        gateway.stop().await;
        assert_eq!(budget.used(), 0, "{http2:?}");
    }
}
