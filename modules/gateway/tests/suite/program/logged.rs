//! What the program's log says of trouble: that there is some and why, what was lost, and that it is over.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use super::running::{File, Running, free, post, until};
use crate::support::Backend;

const SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x"}]}]}]}"#;

/// A configuration that takes at one address and sends to another, as such an exporter.
pub(super) fn config(at: SocketAddr, to: SocketAddr, more: &Value) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": at } } } },
        "exporters": { "otlp_http": {
            "endpoint": format!("http://{to}"),
            "compression": "none",
            "retry_on_failure": { "initial_interval": "1ms", "max_interval": "1ms" },
        } },
        "service": {
            "telemetry": { "metrics": { "level": "none" }, "logs": { "encoding": "json" } },
            "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["otlp_http"] } },
        },
    });
    let exporter = config["exporters"]["otlp_http"].as_object_mut().unwrap();
    exporter.extend(more.as_object().unwrap().clone());
    config
}

pub(super) fn start(config: &Value, at: SocketAddr) -> (Running, File) {
    let file = File::new(&config.to_string());
    let running = Running::start(&file);
    running.listens(at);
    (running, file)
}

/// Sends one span: the first line of the answer.
pub(super) fn send(to: SocketAddr) -> String {
    let length = SPAN.len();
    let request = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{SPAN}"
    );
    let answer = post(to, &request).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// The lines of the log that say this, once there are any.
pub(super) fn lines(running: &Running, message: &str) -> Vec<Value> {
    let with = format!("\"msg\":\"{message}\"");
    let log = until(message, || Some(running.log()), |log| log.contains(&with));
    let lines = log.lines().filter(|line| line.contains(&with));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_does_not_take_is_told_of_once_and_so_is_its_return() {
    let (_backend, to) = Backend::answering(&[(503, Some("0")); 5]).await;
    let at = free();
    let (running, _file) = start(&config(at, to, &json!({})), at);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    let again = lines(&running, "delivers again");
    assert_eq!(again[0]["failed_attempts"], 5, "{again:?}");
    let failed = lines(&running, "could not deliver: it waits, and is tried again");
    assert_eq!(failed.len(), 1, "{failed:?}");
    let failed = &failed[0];
    assert_eq!(
        (&failed["level"], &failed["exporter"], &failed["signal"]),
        (&json!("warn"), &json!("otlp_http"), &json!("traces"))
    );
    assert_eq!(
        failed["error"],
        "the destination answered 503 Service Unavailable"
    );
    running.signal("TERM");
    lines(
        &running,
        "the gateway has ended, and everything was handed on",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_is_told_with_how_much_it_is_and_why() {
    let (_backend, to) = Backend::answering(&[(400, None)]).await;
    let at = free();
    let (running, _file) = start(&config(at, to, &json!({})), at);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    let lost = lines(&running, "could not deliver, and gave it up");
    assert_eq!(
        (&lost[0]["level"], &lost[0]["items"], &lost[0]["error"]),
        (
            &json!("error"),
            &json!(1),
            &json!("the destination answered 400 Bad Request")
        )
    );
}

#[test]
fn senders_who_are_to_come_again_are_told_of_to_whoever_runs_it() {
    let at = free();
    let one = json!({ "sending_queue": { "queue_size": 1 } });
    let (running, _file) = start(&config(at, free(), &one), at);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    assert_eq!(send(at), "HTTP/1.1 503 Service Unavailable");
    let refused = lines(
        &running,
        "could not take requests: their senders are told to come again",
    );
    assert_eq!(
        (&refused[0]["error"], &refused[0]["requests"]),
        (&json!("the sending queue is full"), &json!(1))
    );
    let failed = lines(&running, "could not deliver: it waits, and is tried again");
    let why = failed[0]["error"].as_str().unwrap();
    assert!(why.contains("Connection refused"), "{why}");
}

#[test]
fn a_new_configuration_says_how_the_log_is_from_then_on() {
    let at = free();
    let mut config = config(at, free(), &json!({}));
    let (running, file) = start(&config, at);
    lines(&running, "the gateway takes telemetry");
    config["service"]["telemetry"]["logs"] = json!({ "encoding": "console" });
    file.write(&config.to_string());
    running.signal("HUP");
    until(
        "the new encoding",
        || Some(running.log()),
        |log| log.contains("\tinfo\tthe new configuration runs"),
    );
    let another = free();
    config["receivers"]["otlp"]["protocols"]["http"]["endpoint"] = json!(another);
    config["service"]["telemetry"]["logs"] = json!({ "level": "error" });
    file.write(&config.to_string());
    running.signal("HUP");
    running.listens(another);
    file.write("no: configuration");
    running.signal("HUP");
    let log = || Some(running.log());
    until("an error", log, |log| log.contains("cannot be run"));
    running.signal("TERM");
    let (_, log) = running.ended(Duration::from_mins(1));
    assert!(!log.contains("the old configuration goes on"), "{log}");
}
