//! What the program does on a disk that takes nothing more.

use std::net::SocketAddr;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::{
    killed::{config, end, message, settle},
    program::running::{free, get},
    support::{
        Backend,
        crash::{Load, Program},
        until,
    },
};

/// No file of the program may be larger than that from now on; none for any size.
fn limit(program: &Program, size: Option<u64>) {
    let id = Pid::from_child(&program.child);
    let new = Rlimit {
        current: size,
        maximum: None,
    };
    prlimit(Some(id), Resource::Fsize, new).unwrap();
}

/// The number of a metric on the page there.
fn metric(page: SocketAddr, name: &str) -> f64 {
    let text = get(page, "/metrics").unwrap();
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

async fn on_a_full_disk(durability: &str) {
    let (nobody, page) = (free(), free());
    let mut program = Program::start(
        &format!("full-{durability}"),
        config(nobody, durability, Some(page)),
    );
    let (load, senders) = Load::start(program.address, message);
    load.some_more(50).await;

    limit(&program, Some(1 << 10));
    load.is_refused().await;
    assert!(metric(page, "otelcol_exporter_enqueue_failed_spans") >= 20.0);

    // What it has arrives although nothing can be written, and what arrived is deleted.
    let backend = Backend::start_on(nobody).await;
    settle(&backend, &load).await;
    until("what arrived is gone", || program.segments().len() <= 3).await;
    assert!(program.child.try_wait().unwrap().is_none(), "it goes on");

    limit(&program, None);
    load.some_more(50).await;
    let twice = end(&load, senders, &backend).await;
    assert_eq!(twice, 0, "nobody was killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_delivers_deletes_and_takes_again_by_itself() {
    on_a_full_disk("process").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_whose_medium_is_waited_for() {
    on_a_full_disk("power").await;
}
