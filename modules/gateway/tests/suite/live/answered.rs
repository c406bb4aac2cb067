//! Does a server of HTTP answer as the collector's, whatever it is configured to take?

use std::{collections::BTreeSet, io::Write as _};

use serde_json::{Value, json};

use super::beside::{Program, Who};
use crate::{compressed::lz4, support::spans};

/// What is told of an answer: its status, and these of its headers.
const TOLD: [&str; 6] = [
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-max-age",
    "access-control-expose-headers",
    "connection",
    "x-team",
];

fn told(answer: &str) -> (String, BTreeSet<String>) {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(str::to_lowercase);
    let headers = headers.filter(|line| TOLD.contains(&line.split(':').next().unwrap()));
    (status.to_owned(), headers.collect())
}

/// A request with these headers and this body.
fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{head}\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/x-protobuf{headers}");
    request(&head, body)
}

fn preflight(origin: &str) -> Vec<u8> {
    let head = format!(
        "OPTIONS /v1/traces HTTP/1.1\r\norigin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type"
    );
    request(&head, &[])
}

fn requests() -> Vec<Vec<u8>> {
    let whole = spans(3);
    let snappy = snap::raw::Encoder::new().compress_vec(&whole).unwrap();
    let lz4 = lz4(&whole);
    let cut_off = lz4[..lz4.len() - 5].to_vec();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(&whole).unwrap();
    let zlib = zlib.finish().unwrap();
    let zstd = zstd::encode_all(&whole[..], 1).unwrap();
    let mut requests: Vec<_> = [
        ("", &whole),
        ("\r\ncontent-encoding: zstd", &zstd),
        ("\r\ncontent-encoding: snappy", &snappy),
        ("\r\ncontent-encoding: lz4", &lz4),
        ("\r\ncontent-encoding: lz4", &cut_off),
        ("\r\ncontent-encoding: zlib", &zlib),
        ("\r\ncontent-encoding: deflate", &zlib),
        ("\r\ncontent-encoding: zstd", &whole),
        ("\r\ncontent-encoding: br", &whole),
        ("\r\norigin: http://shop", &whole),
    ]
    .into_iter()
    .map(|(headers, body)| post("/v1/traces", headers, body))
    .collect();
    requests.push(post("/here", "", &whole));
    requests.push(post("/nowhere", "", &whole));
    requests.extend(["http://shop", "http://a.example", "http://other"].map(preflight));
    requests
}

fn answers(who: Who, keys: &Value) -> Vec<(String, BTreeSet<String>)> {
    let mut program = Program::start(who, |_, address| {
        let mut http = keys.clone();
        http["endpoint"] = address.into();
        json!({
            "receivers": { "otlp": { "protocols": { "http": http } } },
            "exporters": { "nop": {} },
            "service": {
                "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } },
                "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["nop"] } },
            },
        })
    });
    let answers = requests()
        .iter()
        .map(|bytes| told(&program.ask(bytes)))
        .collect();
    program.end();
    answers
}

#[test]
fn a_server_answers_as_the_collectors_does_with_the_same_keys() {
    for keys in [
        json!({}),
        json!({ "compression_algorithms": ["zstd"], "traces_url_path": "here" }),
        json!({ "compression_algorithms": ["", "snappy", "deflate"] }),
        json!({ "compression_algorithms": [] }),
        json!({ "cors": { "allowed_origins": ["http://shop", "http://*.example"], "max_age": 60 } }),
        json!({ "cors": { "allowed_origins": ["*"], "allowed_headers": ["*"] } }),
        json!({ "cors": { "allowed_headers": ["x"] }, "response_headers": { "X-Team": "shop" } }),
        json!({ "keep_alives_enabled": false, "response_headers": [{ "name": "x-team", "value": "shop" }] }),
    ] {
        let [mut theirs, mut ours] =
            [Who::Collector(""), Who::Gateway].map(|who| answers(who, &keys));
        if keys.get("compression_algorithms").is_some() {
            // Of several things that are wrong with a request, each says another one first.
            for (status, _) in theirs.iter_mut().chain(&mut ours) {
                status.truncate(1);
            }
        }
        assert_eq!(ours, theirs, "{keys}");
    }
}
