//! A gateway whose configuration was replaced loses nothing of what it has.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    logged::{config, lines, send, start},
    running::{Running, free, get},
};
use crate::support::{Backend, Folder, PATIENCE, count};

const CHANGES: &str = "a storage changes hands: who comes meanwhile waits";
const REPLACED: &str = "the new configuration runs";
const SENT: &str = "what came before the new configuration was sent";

fn replace(running: &Running) {
    running.signal("HUP");
    lines(running, REPLACED);
}

/// With logs, that wait in files.
fn with_a_storage(folder: &Folder, mut config: Value) -> Value {
    config["extensions"] =
        json!({ "file_storage": { "directory": folder.file("log"), "create_directory": true } });
    config["exporters"]["otlp_http/stored"] = json!({
        "endpoint": format!("http://{}", free()),
        "sending_queue": { "storage": "file_storage" },
    });
    config["service"]["extensions"] = json!(["file_storage"]);
    config["service"]["pipelines"]["logs"] =
        json!({ "receivers": ["otlp"], "exporters": ["otlp_http/stored"] });
    config
}

/// A client that is never done with its request, until it is cut off. Its head was read.
fn drip(to: SocketAddr) -> JoinHandle<()> {
    let mut stream = TcpStream::connect(to).unwrap();
    let head = "POST /v1/logs HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100000\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    thread::spawn(move || {
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_memory_is_sent_also_where_a_storage_changes_hands() {
    let (at, to, folder) = (free(), free(), Folder::new());
    let config = with_a_storage(&folder, config(at, to, &json!({})));
    let (running, _file) = start(&config, at);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
    replace(&running);
    // Its destination comes back only now.
    let backend = Backend::start_on(to).await;
    let got = backend.wait_for(1).await;
    assert_eq!(count(&got[0].body), 1);
    lines(&running, SENT);
}

#[test]
fn who_is_never_done_does_not_hold_up_a_storage_that_changes_hands() {
    let (at, probed, folder) = (free(), free(), Folder::new());
    let mut config = with_a_storage(&folder, config(at, free(), &json!({})));
    config["extensions"]["health_check"] = json!({ "endpoint": probed });
    config["service"]["extensions"] = json!(["file_storage", "health_check"]);
    let (running, _file) = start(&config, at);
    let drips = drip(at);
    running.signal("HUP");
    lines(&running, CHANGES);
    let page = get(probed, "/").expect("probes are answered meanwhile");
    assert!(page.contains("Server available"), "{page}");
    lines(&running, REPLACED);
    let cut = lines(
        &running,
        "calls have not come to an end in time: their connections are closed",
    );
    assert_eq!(cut[0]["open"], 1);
    drips.join().unwrap();
    assert_eq!(send(at), "HTTP/1.1 200 OK");
}

#[test]
fn a_sampler_whose_next_one_is_stuck_does_not_hold_up_a_storage_either() {
    let (at, folder) = (free(), Folder::new());
    let queue = json!({ "sending_queue": { "queue_size": 1, "block_on_overflow": true } });
    let mut config = with_a_storage(&folder, config(at, free(), &queue));
    config["processors"] = json!({ "tail_sampling": {
        "decision_wait": "1s",
        "policies": [{ "name": "all", "type": "always_sample" }],
    } });
    let traces = &mut config["service"]["pipelines"]["traces"];
    traces["processors"] = json!(["tail_sampling"]);
    traces["exporters"] = json!(["otlp_http", "otlp_http/stored"]);
    let (running, _file) = start(&config, at);
    for _ in 0..2 {
        assert_eq!(send(at), "HTTP/1.1 200 OK");
        // Nothing tells that it is decided, and that the second one waits behind the first.
        thread::sleep(Duration::from_secs(3));
    }
    replace(&running);
    assert_eq!(send(at), "HTTP/1.1 200 OK");
}

#[test]
fn a_gateway_that_waits_for_a_storage_hears_that_it_is_to_end() {
    let (at, folder) = (free(), Folder::new());
    let config = with_a_storage(&folder, config(at, free(), &json!({})));
    let (running, _file) = start(&config, at);
    let drips = drip(at);
    let began = Instant::now();
    running.signal("HUP");
    lines(&running, CHANGES);
    running.signal("TERM");
    let in_time = began.elapsed() < Duration::from_secs(8);
    let (code, log) = running.ended(Duration::from_mins(1));
    assert_eq!(code, Some(0), "{log}");
    // A machine that is slow may have been done with it.
    assert!(!in_time || !log.contains(REPLACED), "{log}");
    drips.join().unwrap();
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
