//! Other ways to reach the program: from a web page, and over a socket without an address.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use super::running::{Running, free, post, receiving, until};
use crate::support::{TRACES, call_on, caller, framed, spans};

/// The headers of an answer that say who may do what.
fn allowed(answer: &str) -> Vec<&str> {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    let said = |line: &&str| line.starts_with("access-control-") || line.starts_with("HTTP/");
    let mut said: Vec<&str> = head.split("\r\n").filter(said).collect();
    said[1..].sort_unstable();
    said
}

#[test]
fn a_browser_learns_which_pages_may_send_what() {
    let address = free();
    let cors = json!({
        "allowed_origins": ["https://*.shop.example", "http://localhost:3000"],
        "allowed_headers": ["x-team"],
        "exposed_headers": ["retry-after"],
        "max_age": 600,
    });
    let config = receiving(&json!({ "http": { "endpoint": address, "cors": cors } }));
    let _running = Running::start(&config);
    let ask = |method: &str, headers: &str, body: &str| {
        let length = body.len();
        let text = format!(
            "{method} /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        until("an answer", || post(address, &text), |_| true)
    };
    let preflight = "access-control-request-method: POST\r\naccess-control-request-headers: content-type,x-team\r\n";
    for origin in ["https://eu.shop.example", "http://localhost:3000"] {
        let answer = ask("OPTIONS", &format!("origin: {origin}\r\n{preflight}"), "");
        let origin = format!("access-control-allow-origin: {origin}");
        assert_eq!(
            allowed(&answer),
            [
                "HTTP/1.1 204 No Content",
                "access-control-allow-credentials: true",
                "access-control-allow-headers: accept, content-type, content-encoding, x-requested-with, x-team",
                "access-control-allow-methods: POST",
                &origin,
                "access-control-expose-headers: retry-after",
                "access-control-max-age: 600",
            ]
        );
    }
    for origin in ["https://shop.example.org", "https://shop.example", "null"] {
        let answer = ask("OPTIONS", &format!("origin: {origin}\r\n{preflight}"), "");
        assert_eq!(allowed(&answer), ["HTTP/1.1 204 No Content"], "{origin}");
        assert!(answer.contains("\r\nvary: origin\r\n"), "{answer}");
    }
    // The request itself says it again; one of no page needs nothing of that.
    let headers = "content-type: application/json\r\n";
    let from = format!("{headers}origin: https://eu.shop.example\r\n");
    let answer = ask("POST", &from, r#"{"resourceSpans":[]}"#);
    assert_eq!(
        allowed(&answer),
        [
            "HTTP/1.1 200 OK",
            "access-control-allow-credentials: true",
            "access-control-allow-origin: https://eu.shop.example",
            "access-control-expose-headers: retry-after",
        ]
    );
    let answer = ask("POST", headers, r#"{"resourceSpans":[]}"#);
    assert_eq!(allowed(&answer), ["HTTP/1.1 200 OK"]);
    // Without a page it is a method like any other.
    assert_eq!(
        allowed(&ask("OPTIONS", "", "")),
        ["HTTP/1.1 405 Method Not Allowed"]
    );
}

#[test]
fn where_all_pages_may_send_any_header_they_are_told_so_without_credentials() {
    let address = free();
    let cors = json!({ "allowed_origins": ["*"], "allowed_headers": ["*"] });
    let config = receiving(&json!({ "http": {
        "endpoint": address, "cors": cors, "response_headers": { "x-team": "shop" },
    } }));
    let _running = Running::start(&config);
    let text = "OPTIONS /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: http://a\r\n\
        access-control-request-method: POST\r\naccess-control-request-headers: content-type,x-any\r\n\r\n";
    let answer = until("an answer", || post(address, text), |_| true);
    assert_eq!(
        allowed(&answer),
        [
            "HTTP/1.1 204 No Content",
            "access-control-allow-credentials: true",
            "access-control-allow-headers: content-type,x-any",
            "access-control-allow-methods: POST",
            "access-control-allow-origin: *",
        ]
    );
    assert!(answer.contains("\r\nx-team: shop\r\n"), "{answer}");
}

/// Sends one span over HTTP: the first line of the answer.
fn over_http(socket: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let body = spans(1);
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

/// Sends one span over gRPC: its status.
async fn over_grpc(socket: &Path) -> String {
    let stream = tokio::net::UnixStream::connect(socket).await.unwrap();
    let mut caller = caller(stream).await.unwrap();
    let answer = call_on(&mut caller, TRACES, &[], framed(0, &spans(1))).await;
    answer.unwrap().code
}

/// Waits until a span is taken there.
fn taken(socket: &Path) {
    let since = Instant::now();
    while over_http(socket).ok().as_deref() != Some("HTTP/1.1 200 OK") {
        assert!(since.elapsed() < Duration::from_mins(1), "nobody answers");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_without_an_address_is_reached_after_a_kill_and_through_a_reload() {
    let folder = std::env::temp_dir().join(format!("gateway-socket-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let [grpc, http] = ["grpc", "http"].map(|name| folder.join(name));
    let protocols = json!({
        "grpc": { "endpoint": grpc, "transport": "unix" },
        "http": { "endpoint": http, "transport": "unix" },
    });
    let config = receiving(&protocols);
    let killed = Running::start(&config);
    taken(&http);
    assert_eq!(over_grpc(&grpc).await, "0");
    // Ended as `kill -9` does: its sockets stay, and nobody is behind them.
    drop(killed);
    assert!(grpc.exists() && over_http(&http).is_err());

    let running = Running::start(&config);
    taken(&http);
    assert_eq!(over_grpc(&grpc).await, "0");
    running.signal("HUP");
    until(
        "the reload",
        || {
            // Whoever comes in between finds the old one or the new one.
            assert_eq!(over_http(&http).unwrap(), "HTTP/1.1 200 OK");
            Some(running.log())
        },
        |log| log.contains("what came before the new configuration was sent"),
    );
    assert_eq!(over_grpc(&grpc).await, "0");
    running.signal("TERM");
    let (code, log) = running.ended(Duration::from_mins(1));
    assert_eq!(code, Some(0), "{log}");
    fs::remove_dir_all(folder).unwrap();
}
