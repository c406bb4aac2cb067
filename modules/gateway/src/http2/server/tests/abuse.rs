//! What does a connection that floods us cost, and when does it end?

use std::pin::pin;

use futures::poll;
use tokio::task::yield_now;

use super::{Pair, block, call, framed, grpc, message_of, span};
use crate::http2::{Code, Flags, Kind};

const CALM: Code = Code::EnhanceYourCalm;

/// Sends the same again and again until the server says that it is enough.
async fn flood(pair: &mut Pair, each: impl Fn(u32) -> Vec<u8>) -> Code {
    for round in 0..50 {
        let bytes: Vec<u8> = (0..100)
            .flat_map(|index| each(round * 100 + index))
            .collect();
        pair.write(&bytes).await;
    }
    pair.end().await
}

#[tokio::test]
async fn streams_that_are_reset_at_once_are_too_many_at_some_point() {
    let mut pair = Pair::grpc().await;
    let headers = block(&call());
    let code = flood(&mut pair, |index| {
        let stream = 2 * index + 1;
        let begin = framed(Kind::Headers, Flags::END_HEADERS, stream, &headers);
        let reset = framed(Kind::Reset, Flags::NONE, stream, &[0, 0, 0, 8]);
        [begin, reset].concat()
    });
    assert_eq!(code.await, CALM);
    pair.gone().await;
}

#[tokio::test]
async fn what_is_worked_on_counts_after_its_reset() {
    let mut pair = Pair::grpc().await;
    pair.close_gate();
    let mut open = Vec::new();
    for _ in 0..100 {
        let stream = pair.call(&span(1)).await;
        pair.frame(Kind::Reset, Flags::NONE, stream, &[0, 0, 0, 8])
            .await;
        open.push(stream);
    }
    let one_more = pair.call(&span(1)).await;
    assert_eq!(pair.reset().await, (one_more, Code::RefusedStream));
    room_again(pair, &open).await;
}

/// Nothing is said on what was reset, now that it may be worked on; and there is room again.
async fn room_again(mut pair: Pair, reset: &[u32]) {
    pair.open_gate();
    let mut there = false;
    while !there {
        let stream = pair.call(&span(1)).await;
        let frame = pair.next().await;
        assert!(!reset.contains(&frame.stream), "{frame:?}");
        there = frame.stream == stream && frame.kind == Kind::Headers;
    }
}

#[tokio::test]
async fn what_is_worked_on_counts_after_we_reset_it() {
    let mut pair = Pair::grpc().await;
    pair.close_gate();
    // The fault is the peer's, and the reset is ours.
    let faults = [
        (Kind::WindowUpdate, [127, 255, 255, 255], Code::FlowControl),
        (Kind::Data, [0; 4], Code::StreamClosed),
    ];
    let mut open = Vec::new();
    for index in 0..100 {
        let (kind, payload, code) = faults[index % 2];
        let stream = pair.call(&span(1)).await;
        open.push(stream);
        pair.frame(kind, Flags::NONE, stream, &payload).await;
        assert_eq!(pair.reset().await, (stream, code));
        // What was on its way is passed over.
        pair.frame(kind, Flags::NONE, stream, &payload).await;
    }
    let one_more = pair.call(&span(1)).await;
    assert_eq!(pair.reset().await, (one_more, Code::RefusedStream));
    room_again(pair, &open).await;
}

#[tokio::test]
async fn floods_of_frames_that_mean_nothing_end() {
    let settings = framed(Kind::Settings, Flags::NONE, 0, &[]);
    let ping = framed(Kind::Ping, Flags::NONE, 0, &[1; 8]);
    for bytes in [settings, ping] {
        let mut pair = Pair::grpc().await;
        assert_eq!(flood(&mut pair, |_| bytes.clone()).await, CALM);
    }
    let mut pair = Pair::http().await;
    let ping = framed(Kind::Ping, Flags::NONE, 0, &[1; 8]);
    assert_eq!(flood(&mut pair, |_| ping.clone()).await, CALM);
    let mut pair = Pair::grpc().await;
    let stream = pair.begin(Flags::NONE).await;
    let empty = framed(Kind::Data, Flags::NONE, stream, &[]);
    assert_eq!(flood(&mut pair, |_| empty.clone()).await, CALM);
}

#[tokio::test]
async fn headers_that_never_end_do() {
    let mut pair = Pair::grpc().await;
    let begin = framed(Kind::Headers, Flags::NONE, 1, &block(&call()));
    pair.write(&begin).await;
    let more = framed(Kind::Continuation, Flags::NONE, 1, &[]);
    assert_eq!(flood(&mut pair, |_| more.clone()).await, CALM);
    // And those that are long.
    let mut pair = Pair::grpc().await;
    pair.write(&begin).await;
    let more = framed(Kind::Continuation, Flags::NONE, 1, &[0x82; 16 << 10]);
    assert_eq!(flood(&mut pair, |_| more.clone()).await, CALM);
}

#[tokio::test]
async fn a_bomb_of_headers_is_no_more_than_its_bytes() {
    let mut pair = Pair::grpc().await;
    // A field of 4000 bytes in the table, and ten thousand bytes that each mean it.
    let mut bomb = block(&call());
    bomb.extend([0x40, 1, b'a', 0x7f, 0xa1, 0x1e]);
    bomb.extend([b'b'; 4000]);
    bomb.extend([0xbe; 10_000]);
    let flags = Flags::END_HEADERS.and(Flags::END_STREAM);
    pair.frame(Kind::Headers, flags, 1, &bomb).await;
    let head = pair.until(Kind::Headers).await;
    assert_eq!(
        pair.fields(&head),
        [(":status".to_owned(), "431".to_owned())]
    );
    assert!(pair.budget.used() < 64 << 10, "{}", pair.budget.used());
}

/// Whether something ends before nothing goes on any more. Nobody else is on this thread, and nothing comes from outside
/// of it: what has not ended after so many turns of everybody waits for ever.
async fn ends(future: impl Future) -> bool {
    let mut future = pin!(future);
    for _ in 0..1000 {
        if poll!(&mut future).is_ready() {
            return true;
        }
        yield_now().await;
    }
    false
}

#[tokio::test]
async fn who_does_not_read_the_answers_gets_no_more_of_them() {
    let mut settings = grpc();
    settings.max_concurrent_streams = Some(1 << 20);
    let mut pair = Pair::alone(&settings, 64 << 20, 64 << 10).await;
    // It is the line that is full, and not a window.
    pair.frame(Kind::WindowUpdate, Flags::NONE, 0, &[0x40, 0, 0, 0])
        .await;
    let headers = block(&call());
    let all = Flags::END_STREAM;
    // Many times what the line takes, of requests that are answered with more than they have.
    let writing = async {
        for index in 0..50_000_u32 {
            let stream = 2 * index + 1;
            let begin = framed(Kind::Headers, Flags::END_HEADERS, stream, &headers);
            let data = framed(Kind::Data, all, stream, &message_of(b""));
            assert!(
                pair.write(&[begin, data].concat()).await,
                "the server ends it"
            );
        }
    };
    let stuck = !ends(writing).await;
    assert!(stuck, "the server reads without end");
    assert!(pair.budget.used() < 16 << 20, "{}", pair.budget.used());
    // They are there for who does.
    assert_eq!(pair.status(1).await, "0");
}

#[tokio::test]
async fn streams_are_charged_for() {
    // Room for the connection and few streams.
    let mut pair = Pair::with(&grpc(), 30 << 10).await;
    for _ in 0..50 {
        pair.begin(Flags::NONE).await;
    }
    assert_eq!(pair.reset().await.1, Code::RefusedStream);
}
