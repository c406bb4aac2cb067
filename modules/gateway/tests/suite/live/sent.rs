//! Do a collector and the gateway send the same way with the same keys?

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::beside::{Program, Who};
use crate::support::{Backend, Got, count, spans};

/// How often spans are sent.
const TIMES: usize = 3;

/// What is told of a request, beside the size of its body.
const TOLD: [&str; 6] = [
    "content-type",
    "content-encoding",
    "grpc-encoding",
    "host",
    "x-team",
    "user-agent",
];

fn told(got: &Got, backend: SocketAddr) -> BTreeMap<&'static str, String> {
    let named = TOLD.into_iter().filter_map(|name| {
        let value = got.headers.get(name)?.to_str().unwrap();
        // Each is called by its own name where no other is asked for, and the collector's library adds its own.
        let own = name == "user-agent" && !value.starts_with("me");
        let value = value.split(" grpc-go").next().unwrap();
        (!own).then(|| (name, value.replace(&backend.to_string(), "BACKEND")))
    });
    let mut told: BTreeMap<_, _> = named.collect();
    let authority = got.authority.as_ref();
    told.extend(
        authority.map(|name| (":authority", name.replace(&backend.to_string(), "BACKEND"))),
    );
    told.insert(":path", got.path.clone());
    told
}

/// When an exporter sends.
#[derive(Clone, Copy, PartialEq)]
enum Sends {
    /// Each request as it comes.
    Each,
    /// All in one at the end.
    AtTheEnd,
}

/// What such an exporter sends.
async fn sent(
    who: Who,
    kind: &'static str,
    keys: Value,
    sends: Sends,
) -> Vec<BTreeMap<&'static str, String>> {
    let (backend, address) = Backend::start().await;
    let (came, runtime) = (backend.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        let mut program = Program::start(who, |_, listens| {
            let mut exporter = keys.clone();
            exporter["endpoint"] = match kind {
                "otlp_http" => format!("http://{address}").into(),
                _ => address.to_string().into(),
            };
            json!({
                "receivers": { "otlp": { "protocols": { "http": { "endpoint": listens } } } },
                "exporters": { kind: exporter },
                "service": {
                    "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } },
                    "pipelines": { "traces": { "receivers": ["otlp"], "exporters": [kind] } },
                },
            })
        });
        for time in 1..=TIMES {
            assert_eq!(program.post("traces", &spans(4)), 200);
            if sends == Sends::Each {
                // Two that wait together may leave together.
                runtime.block_on(came.wait_for(time));
            }
        }
        program.end();
    })
    .await
    .unwrap();
    let got = backend.got();
    let plain = |one: &&Got| {
        !["content-encoding", "grpc-encoding"]
            .iter()
            .any(|name| one.headers.contains_key(*name))
    };
    assert_eq!(got.len(), if sends == Sends::Each { TIMES } else { 1 });
    let items: usize = got.iter().filter(plain).map(|one| count(&one.body)).sum();
    assert!(items == 0 || items == TIMES * 4, "{items}");
    got.iter().map(|one| told(one, address)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_keys_send_the_same_way() {
    let plain = json!({ "tls": { "insecure": true }, "compression": "none" });
    let with = |more: Value| {
        let mut keys = plain.clone();
        keys.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        keys
    };
    for (kind, keys) in [
        ("otlp_grpc", json!({ "tls": { "insecure": true } })),
        (
            "otlp_grpc",
            with(json!({ "compression": "snappy", "user_agent": "me/1" })),
        ),
        (
            "otlp_grpc",
            with(json!({ "compression": "zstd", "headers": [{ "name": "X-Team", "value": "a" }] })),
        ),
        (
            "otlp_grpc",
            with(json!({ "authority": "traces.example", "balancer_name": "" })),
        ),
        (
            "otlp_grpc",
            with(json!({ "sending_queue": { "batch": null } })),
        ),
        (
            "otlp_grpc",
            with(json!({ "sending_queue": { "batch": { "enabled": false } } })),
        ),
        (
            "otlp_grpc",
            with(json!({ "sending_queue": {
            "sizer": "bytes", "queue_size": 100_000, "batch": { "min_size": 50, "flush_timeout": "1h" },
        } })),
        ),
        (
            "otlp_grpc",
            with(json!({ "keepalive": {}, "sending_queue": { "enabled": false } })),
        ),
        ("otlp_http", json!({})),
        ("otlp_http", with(json!({ "compression": "snappy" }))),
        ("otlp_http", with(json!({ "compression": "lz4" }))),
        (
            "otlp_http",
            with(json!({ "compression": "x-snappy-framed" })),
        ),
        (
            "otlp_http",
            with(json!({ "compression": "gzip", "compression_params": { "level": 9 } })),
        ),
        (
            "otlp_http",
            with(json!({ "headers": { "Host": "traces.example", "x-team": null } })),
        ),
        (
            "otlp_http",
            with(json!({ "headers": { "user-agent": "me/2" }, "disable_keep_alives": true })),
        ),
    ] {
        the_same(kind, keys, Sends::Each).await;
    }
    let held = json!({ "sizer": "items", "batch": { "min_size": 50, "flush_timeout": "1h" } });
    let held = with(json!({ "sending_queue": held }));
    the_same("otlp_grpc", held, Sends::AtTheEnd).await;
}

async fn the_same(kind: &'static str, keys: Value, sends: Sends) {
    let theirs = sent(Who::Collector(""), kind, keys.clone(), sends).await;
    let ours = sent(Who::Gateway, kind, keys.clone(), sends).await;
    assert_eq!(ours, theirs, "{kind}: {keys}");
}
