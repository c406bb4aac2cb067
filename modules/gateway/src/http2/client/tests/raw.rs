//! What does the client make of every single frame?

use proptest::prelude::*;

use super::world::{Heard, Peer, call, client, soon};
use crate::http2::{
    Code, Flags, Kind, Settings,
    client::{Answer, Client, Idle, Keepalive, Lost},
};

const STATUS: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

#[tokio::test]
async fn frames_are_as_large_as_the_peer_takes_them() {
    let settings = Settings {
        max_frame_size: 100_000,
        initial_window_size: 1 << 20,
        ..Settings::default()
    };
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let first = client.call(call(1, 1));
    let peer = async {
        let mut peer = Peer::new(theirs, &settings).await;
        for _ in 0..2 {
            let mut largest = 0;
            let stream = loop {
                match peer.hear().await.unwrap() {
                    Heard::Data(_, length, false) => largest = largest.max(length),
                    Heard::Data(stream, length, true) => {
                        largest = largest.max(length);
                        break stream;
                    }
                    _ => {}
                }
            };
            peer.outbox.window_update(0, 1 << 20);
            peer.headers(
                stream,
                Flags::END_STREAM,
                &[(":status", "200"), ("grpc-status", "0")],
            );
            peer.say().await;
            if stream == 3 {
                assert_eq!(largest, 100_000);
            }
        }
    };
    let calls = async {
        first.await.unwrap();
        client.call(call(250_000, 1)).await.unwrap()
    };
    let (answer, ()) = soon(futures::future::join(calls, peer)).await;
    assert_eq!(
        (answer.status, answer.code),
        (200, Some(0)),
        "all of it in the headers"
    );
}

#[tokio::test]
async fn a_peer_without_a_table_is_told_that_we_use_none() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let settings = Settings {
        header_table_size: 0,
        ..Settings::default()
    };
    let peer = async {
        let mut peer = Peer::new(theirs, &settings).await;
        peer.told("SettingsAck").await;
        for expected in [0x20, 0x83] {
            peer.outbox.ping(Flags::NONE, [7; 8]);
            peer.say().await;
            let heard = peer
                .until(|heard| matches!(heard, Heard::Headers(..)))
                .await;
            let Heard::Headers(stream, block) = heard else {
                return;
            };
            assert_eq!(
                block[0], expected,
                "a change of size stands first, and once"
            );
            peer.headers(stream, Flags::END_STREAM, &[(":status", "200")]);
            peer.say().await;
        }
    };
    let calls = async {
        // The first call is made once the settings are here.
        tokio::task::yield_now().await;
        for _ in 0..2 {
            let answer = client.call(call(1, 1)).await.unwrap();
            assert_eq!(answer.code, None);
        }
    };
    soon(futures::future::join(peer, calls)).await;
}

#[tokio::test]
async fn an_answer_may_have_others_before_it() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let asked = client.call(call(1, 1));
    let peer = async {
        let mut peer = Peer::new(theirs, &Settings::default()).await;
        let stream = peer.whole().await;
        peer.headers(
            stream,
            Flags::NONE,
            &[(":status", "103"), ("grpc-status", "9")],
        );
        peer.headers(stream, Flags::NONE, &STATUS);
        peer.outbox
            .frame(Kind::Data, Flags::PADDED, stream, &[1, b'a', 0]);
        peer.outbox.frame(Kind::Data, Flags::NONE, stream, b"b");
        let trailers = [
            ("grpc-status", "8"),
            ("grpc-status-details-bin", "AAA"),
            ("grpc-message", "no"),
        ];
        peer.headers(stream, Flags::END_STREAM, &trailers);
        peer.say().await;
        peer
    };
    let (answer, _peer) = soon(futures::future::join(asked, peer)).await;
    let expected = Answer {
        status: 200,
        code: Some(8),
        message: "no".to_owned(),
        details: Some("AAA".to_owned()),
        body: b"ab".to_vec(),
    };
    assert_eq!(answer, Ok(expected));
}

#[tokio::test]
async fn pings_are_answered_and_those_who_answer_ours_are_kept() {
    let keepalive = Keepalive {
        after: Some(std::time::Duration::from_millis(1)),
        timeout: super::world::PATIENCE,
        idle: Idle::Silent,
    };
    let (client, theirs) = client(1 << 20, keepalive);
    let asked = client.call(call(1, 1));
    let peer = async {
        let mut peer = Peer::new(theirs, &Settings::default()).await;
        let stream = peer.whole().await;
        peer.outbox.ping(Flags::NONE, *b"anybody?");
        peer.say().await;
        peer.told("Pong([97, 110, 121, 98, 111, 100, 121, 63])")
            .await;
        for _ in 0..3 {
            peer.told("Ping(").await;
            peer.outbox.ping(Flags::ACK, *b"are you?");
            peer.say().await;
        }
        peer.headers(
            stream,
            Flags::END_STREAM,
            &[(":status", "200"), ("grpc-status", "0")],
        );
        peer.say().await;
        peer
    };
    let (answer, _peer) = soon(futures::future::join(asked, peer)).await;
    assert_eq!(answer.unwrap().code, Some(0));
}

/// What a peer does wrong, and what it is told.
type Fault = (&'static str, fn(&mut Peer), Code);

/// A call that a peer's mistake breaks, which the peer is told.
async fn broken_by(name: &str, fault: fn(&mut Peer), told: &str) -> (Client, Peer) {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let asked = client.call(call(1, 1));
    let peer = async {
        let mut peer = Peer::new(theirs, &Settings::default()).await;
        peer.whole().await;
        fault(&mut peer);
        peer.say().await;
        peer.told(told).await;
        peer
    };
    let (answer, peer) = soon(futures::future::join(asked, peer)).await;
    assert!(matches!(answer, Err(Lost::Broken(_))), "{name}: {answer:?}");
    (client, peer)
}

#[tokio::test]
async fn whoever_breaks_a_rule_loses_the_connection() {
    let faults: [Fault; 9] = [
        (
            "DATA before headers",
            |peer| peer.outbox.frame(Kind::Data, Flags::NONE, 9, b""),
            Code::Protocol,
        ),
        (
            "a stream of its own",
            |peer| peer.headers(2, Flags::NONE, &STATUS),
            Code::Protocol,
        ),
        (
            "the end of no stream",
            |peer| peer.outbox.reset(3, Code::Cancel),
            Code::Protocol,
        ),
        (
            "a window of no stream",
            |peer| peer.outbox.window_update(3, 1),
            Code::Protocol,
        ),
        (
            "a window that is too large",
            |peer| peer.outbox.window_update(0, (1 << 31) - 1),
            Code::FlowControl,
        ),
        (
            "a large frame",
            |peer| {
                peer.outbox
                    .frame(Kind::Data, Flags::NONE, 1, &vec![0; 16_385]);
            },
            Code::FrameSize,
        ),
        (
            "a push",
            |peer| {
                peer.outbox
                    .frame(Kind::PushPromise, Flags(4), 1, &[0, 0, 0, 2]);
            },
            Code::Protocol,
        ),
        (
            "no headers",
            |peer| peer.outbox.headers(1, Flags::NONE, &[0xff; 20], 100),
            Code::Compression,
        ),
        (
            "settings that cannot be",
            |peer| {
                peer.outbox
                    .frame(Kind::Settings, Flags::NONE, 0, &[0, 4, 255, 0, 0, 0]);
            },
            Code::FlowControl,
        ),
    ];
    for (name, fault, code) in faults {
        broken_by(name, fault, &format!("GoAway {{ last: 0, code: {code:?}")).await;
    }
}

#[tokio::test]
async fn whoever_breaks_a_rule_of_a_stream_loses_the_stream() {
    let faults: [Fault; 3] = [
        (
            "DATA before headers",
            |peer| peer.outbox.frame(Kind::Data, Flags::NONE, 1, b"a"),
            Code::Protocol,
        ),
        (
            "no more window",
            |peer| peer.outbox.window_update(1, 0),
            Code::Protocol,
        ),
        (
            "trailers without an end",
            |peer| {
                peer.headers(1, Flags::NONE, &STATUS);
                peer.headers(1, Flags::NONE, &STATUS);
            },
            Code::Protocol,
        ),
    ];
    for (name, fault, code) in faults {
        let told = format!("Reset {{ stream: 1, code: {code:?}");
        let (client, _peer) = broken_by(name, fault, &told).await;
        assert!(client.is_open(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_peer_says_a_call_ends(
        frames in proptest::collection::vec(
            (0..11_u8, any::<u8>(), 0..4_u8, proptest::collection::vec(any::<u8>(), 0..20)), 0..30),
    ) {
        let mut bytes = Vec::new();
        for (kind, flags, stream, payload) in frames {
            let length = u8::try_from(payload.len()).unwrap();
            bytes.extend_from_slice(&[0, 0, length, kind, flags, 0, 0, 0, stream]);
            bytes.extend_from_slice(&payload);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (client, theirs) = client(1 << 16, Keepalive::default());
            let calls = futures::future::join_all([1, 100_000].map(|length| client.call(call(length, 1))));
            let peer = async {
                let mut peer = Peer::new(theirs, &Settings::default()).await;
                // The client may be gone before all is said.
                let _ = peer.bytes(&bytes).await;
            };
            soon(futures::future::join(calls, peer)).await;
        });
    }
}
