//! Whatever a destination does, what was taken arrives once it is itself again, and others get theirs meanwhile.

use std::{net::SocketAddr, time::Duration};

use gateway::settings::{ExporterKind, Http2, Settings, WireCompression};
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use crate::support::{
    BOTH, Backend, Running, TRACES, call, count, exporter, free, over_grpc, over_http, settings_on,
    spans, until,
};

/// What somebody does to whoever connects.
#[derive(Clone, Copy, Debug)]
enum Mood {
    /// Listens to everything and says nothing.
    Mute,
    /// Takes the connection, and reads nothing of it.
    Deaf,
    /// Hangs up at once.
    Gone,
    /// Hangs up in the middle of what is said.
    Rude,
    /// Says what no protocol knows.
    Mad,
}

const MOODS: [Mood; 5] = [Mood::Mute, Mood::Deaf, Mood::Gone, Mood::Rude, Mood::Mad];

/// Does that to two who connect; then there is a backend.
async fn recovering(listener: TcpListener, mood: Mood) -> Backend {
    let mut held = Vec::new();
    for _ in 0..2 {
        let (mut stream, _) = listener.accept().await.unwrap();
        match mood {
            Mood::Mute => {
                tokio::spawn(
                    async move { tokio::io::copy(&mut stream, &mut tokio::io::sink()).await },
                );
            }
            Mood::Deaf => held.push(stream),
            Mood::Gone => {}
            Mood::Rude => {
                let _ = stream.read_exact(&mut [0; 10]).await;
            }
            Mood::Mad => {
                let mad = b"SSH-2.0-nobody\r\n\r\n";
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, mad).await;
            }
        }
    }
    Backend::on(listener)
}

fn hurried(http2: Http2, kind: ExporterKind) -> Settings {
    let mut settings = settings_on(http2, kind);
    for exporter in settings.exporters.values_mut() {
        exporter.timeout = Some(Duration::from_millis(300));
    }
    settings
}

async fn arrives(http2: Http2, kind: fn(SocketAddr) -> ExporterKind, mood: Mood) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Running::start(&hurried(http2, kind(listener.local_addr().unwrap())));
    let backend = tokio::spawn(recovering(listener, mood));
    assert_eq!(call(gateway.grpc, TRACES, &spans(5)).await.code, "0");
    let backend = tokio::time::timeout(crate::support::PATIENCE, backend).await;
    let backend = backend.expect("it is tried again").unwrap();
    let all = || {
        backend
            .got()
            .iter()
            .map(|got| count(&got.body))
            .sum::<usize>()
            >= 5
    };
    until("all has arrived", all).await;
    gateway.stop().await;
}

#[tokio::test]
async fn what_was_taken_arrives_whatever_the_destination_did_before() {
    for mood in MOODS {
        for http2 in BOTH {
            // hyper does not tell a connection on which nothing is heard from one that is slow.
            if http2 == Http2::Own || !matches!(mood, Mood::Mute | Mood::Deaf) {
                arrives(http2, |to| over_grpc(to, WireCompression::None), mood).await;
            }
        }
        arrives(Http2::Own, |to| over_http(to, WireCompression::None), mood).await;
    }
}

#[tokio::test]
async fn one_that_is_dead_keeps_nothing_from_another_until_its_queue_is_full() {
    let (backend, address) = Backend::start().await;
    let mut settings = settings_on(Http2::Own, over_grpc(address, WireCompression::None));
    let mut dead = exporter(over_grpc(free(), WireCompression::None));
    dead.queue.as_mut().unwrap().size = 5;
    let name: collector_config::ComponentId = "dead".parse().unwrap();
    settings.exporters.insert(name.clone(), dead);
    for way in settings.pipelines.values_mut() {
        way.exporters.push(name.clone());
    }
    let gateway = Running::start(&settings);
    let mut codes = Vec::new();
    while codes.last().is_none_or(|code| code == "0") && codes.len() < 100 {
        codes.push(call(gateway.grpc, TRACES, &spans(1)).await.code);
    }
    // Five wait, and up to ten are being tried; what finds no room in one queue is put in none.
    let taken = codes.len() - 1;
    assert!((5..=15).contains(&taken), "{codes:?}");
    assert_eq!(codes.last().unwrap(), "14", "the sender may come again");
    assert_eq!(backend.wait_for(taken).await.len(), taken);
    gateway.stop_within(Duration::ZERO).await;
    assert_eq!(backend.got().len(), taken);
}
