//! What becomes of a request that is answered before all of it has come?

use super::{Pair, call, number};
use crate::http2::{Code, Flags, Kind, server::WINDOW};

const END: Flags = Flags::END_STREAM;
/// A frame of nothing, as long as frames may be.
const PIECE: [u8; 16 << 10] = [0; 16 << 10];

/// Begins what is no call, and sends it until the whole answer was read: a stream that is still open on one side.
async fn answered(pair: &mut Pair) -> u32 {
    let stream = pair.begin_with(&call()[..4], Flags::NONE).await;
    for _ in 0..5 {
        pair.frame(Kind::Data, Flags::NONE, stream, &PIECE).await;
    }
    let head = pair.until(Kind::Headers).await;
    assert_eq!(
        pair.fields(&head)[0],
        (":status".to_owned(), "415".to_owned())
    );
    let mut last = head;
    while !last.flags.has(END) {
        last = pair.until(Kind::Data).await;
    }
    stream
}

/// Sends so many bytes more, as fast as the windows allow. Whether the stream is still open then.
async fn send(pair: &mut Pair, stream: u32, bytes: usize) -> Result<(), Code> {
    let mut windows = [(0, WINDOW as usize), (stream, WINDOW as usize)];
    for window in &mut windows {
        window.1 -= 5 * PIECE.len();
    }
    for _ in 0..bytes / PIECE.len() {
        while windows.iter().any(|(_, left)| *left < PIECE.len()) {
            let frame = pair.next().await;
            match frame.kind {
                Kind::Reset => return Err(Code::of(number(&frame.payload))),
                Kind::WindowUpdate => {
                    let mut windows = windows.iter_mut();
                    let window = windows.find(|(id, _)| *id == frame.stream).unwrap();
                    window.1 += number(&frame.payload) as usize;
                }
                kind => panic!("{kind:?}"),
            }
        }
        for (_, left) in &mut windows {
            *left -= PIECE.len();
        }
        pair.frame(Kind::Data, Flags::NONE, stream, &PIECE).await;
    }
    Ok(())
}

#[tokio::test]
async fn what_still_comes_is_heard_out_and_given_back_to_the_windows() {
    let mut pair = Pair::grpc().await;
    let stream = answered(&mut pair).await;
    // Twelve windows of a stream, then the end: nothing was reset, and a frame comes that wakes who waits for one.
    assert_eq!(send(&mut pair, stream, 12 * WINDOW as usize).await, Ok(()));
    pair.frame(Kind::Data, END, stream, &PIECE[..10]).await;
    loop {
        let frame = pair.next().await;
        assert_eq!(frame.kind, Kind::WindowUpdate, "{frame:?}");
        if frame.stream == 0 {
            break;
        }
    }
    assert!(pair.is_there().await);
    assert!(pair.budget.used() < 64 << 10, "{}", pair.budget.used());
    pair.gone().await;
}

#[tokio::test]
async fn what_has_no_end_is_not_heard_out() {
    let mut pair = Pair::grpc().await;
    let stream = answered(&mut pair).await;
    assert_eq!(send(&mut pair, stream, 40 << 20).await, Err(Code::No));
    pair.frame(Kind::Data, END, stream, &PIECE).await;
    assert!(pair.is_there().await);
}

#[tokio::test]
async fn who_says_no_more_is_told_to_stop() {
    let mut pair = Pair::grpc().await;
    let stream = answered(&mut pair).await;
    assert_eq!(pair.reset().await, (stream, Code::No));
    // Or stops by itself, which is no offence.
    for _ in 0..1100 {
        let stream = pair.begin_with(&call(), Flags::NONE).await;
        pair.frame(Kind::Data, Flags::NONE, stream, &[9; 5]).await;
        assert_eq!(pair.status(stream).await, "3");
        pair.frame(Kind::Reset, Flags::NONE, stream, &[0, 0, 0, 8])
            .await;
        assert!(pair.is_there().await);
    }
}

#[tokio::test]
async fn who_is_heard_out_holds_up_no_farewell() {
    let mut pair = Pair::grpc().await;
    answered(&mut pair).await;
    pair.stop.send(true).unwrap();
    let ping = pair.until(Kind::Ping).await;
    pair.frame(Kind::Ping, Flags::ACK, 0, &ping.payload).await;
    assert_eq!(pair.end().await, Code::No);
    pair.gone().await;
}
