//! A gateway whose configuration was replaced loses nothing of what it has.

use std::time::Duration;

use serde_json::json;

use super::{
    logged::{config, lines, send, start},
    running::{Running, free},
};
use crate::support::{Backend, Folder, count};

const REPLACED: &str = "the new configuration runs";
const SENT: &str = "what came before the new configuration was sent";

fn replace(running: &Running) {
    running.signal("HUP");
    lines(running, REPLACED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_memory_is_sent_also_where_a_storage_changes_hands() {
    let (at, to, folder) = (free(), free(), Folder::new());
    let mut config = config(at, to, &json!({}));
    config["extensions"] =
        json!({ "file_storage": { "directory": folder.file("log"), "create_directory": true } });
    config["exporters"]["otlp_http/stored"] = json!({
        "endpoint": format!("http://{}", free()),
        "sending_queue": { "storage": "file_storage" },
    });
    config["service"]["extensions"] = json!(["file_storage"]);
    config["service"]["pipelines"]["logs"] =
        json!({ "receivers": ["otlp"], "exporters": ["otlp_http/stored"] });
    let (running, _file) = start(&config, at);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    replace(&running);
    // Its destination comes back only now.
    let backend = Backend::start_on(to).await;
    let got = backend.wait_for(1).await;
    assert_eq!(count(&got[0].body), 1);
    lines(&running, SENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_waits_for_those_who_were_replaced() {
    let (at, to) = (free(), free());
    let (running, _file) = start(&config(at, to, &json!({})), at);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    replace(&running);
    running.signal("TERM");
    lines(
        &running,
        "the gateway ends: it takes no more, and sends what it has",
    );
    let backend = Backend::start_on(to).await;
    assert_eq!(count(&backend.wait_for(1).await[0].body), 1);
    let (code, log) = running.ended(Duration::from_mins(1));
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains(SENT), "{log}");
}

#[test]
fn a_port_that_another_program_has_is_not_shared_with_it() {
    let (other, at) = (free(), free());
    let (other_runs, _file) = start(&config(other, free(), &json!({})), other);
    let (running, file) = start(&config(at, free(), &json!({})), at);
    file.write(&config(other, free(), &json!({})).to_string());
    running.signal("HUP");
    let refused = lines(
        &running,
        "the new configuration does not start, the old one goes on",
    );
    let why = refused[0]["error"].as_str().unwrap();
    let expected = format!("in use by another program: {other}");
    assert!(why.contains(&expected), "{why}");
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    drop(other_runs);
}
