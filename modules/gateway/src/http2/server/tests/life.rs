//! When does a connection end, and do its calls end well?

use std::time::Duration;

use super::{Pair, grpc, message_of, number, span};
use crate::http2::{Code, Flags, Kind, MAX_WINDOW};

const SOON: Duration = Duration::from_millis(50);
/// Long enough to say something before, also on a machine that has much else to do.
const LATER: Duration = Duration::from_secs(1);

/// The last stream and the code of the next GOAWAY.
async fn go_away(pair: &mut Pair) -> (u32, Code) {
    let frame = pair.until(Kind::GoAway).await;
    (
        number(&frame.payload),
        Code::of(number(&frame.payload[4..])),
    )
}

#[tokio::test]
async fn who_is_asked_to_go_has_its_calls_answered() {
    let mut pair = Pair::grpc().await;
    pair.close_gate();
    let first = pair.call(&span(1)).await;
    pair.stop.send_replace(true);
    assert_eq!(go_away(&mut pair).await, (MAX_WINDOW, Code::No));
    let ping = pair.until(Kind::Ping).await;
    // Sent before the client knew.
    let second = pair.begin(Flags::NONE).await;
    pair.frame(Kind::Ping, Flags::ACK, 0, &ping.payload).await;
    assert_eq!(go_away(&mut pair).await, (second, Code::No));
    // And this one after it knew: it is nobody's.
    let third = pair.call(&span(1)).await;
    pair.frame(Kind::Data, Flags::END_STREAM, second, &message_of(&span(1)))
        .await;
    pair.open_gate();
    let mut ended = Vec::new();
    while let Some(frame) = pair.frame_or_end().await {
        if frame.flags.has(Flags::END_STREAM) && frame.kind == Kind::Headers {
            ended.push(frame.stream);
        }
    }
    assert_eq!(ended, [first, second]);
    assert!(!ended.contains(&third));
    pair.gone().await;
}

#[tokio::test]
async fn a_message_of_which_nothing_comes_is_refused() {
    let mut pair = Pair::alone(&grpc(), 1 << 20, 1 << 10).await;
    let stream = pair.begin(Flags::NONE).await;
    let message = message_of(&span(1));
    pair.frame(Kind::Data, Flags::NONE, stream, &message[..9])
        .await;
    assert_eq!(pair.status(stream).await, "14");
    assert!(pair.is_there().await, "others are served");
}

#[tokio::test]
async fn a_client_that_does_not_answer_the_farewell_is_left_all_the_same() {
    let mut pair = Pair::grpc().await;
    pair.stop.send_replace(true);
    assert_eq!(go_away(&mut pair).await, (MAX_WINDOW, Code::No));
    assert_eq!(go_away(&mut pair).await, (0, Code::No));
    assert!(pair.frame_or_end().await.is_none());
}

#[tokio::test]
async fn age_and_idleness_end_a_connection() {
    for aged in [true, false] {
        let mut settings = grpc();
        if aged {
            settings.keepalive.max_age = Some(SOON);
        } else {
            settings.keepalive.max_idle = Some(SOON);
        }
        let mut pair = Pair::with(&settings, 1 << 20).await;
        assert_eq!(pair.end().await, Code::No, "{aged}");
    }
}

#[tokio::test]
async fn where_connections_are_not_kept_one_ends_with_its_first_request() {
    let mut pair = Pair::http_once().await;
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/traces"),
        ("content-type", "application/x-protobuf"),
    ];
    let stream = pair.begin_with(&fields, Flags::NONE).await;
    pair.frame(Kind::Data, Flags::END_STREAM, stream, &span(1))
        .await;
    assert_eq!(go_away(&mut pair).await, (MAX_WINDOW, Code::No));
    assert_eq!(go_away(&mut pair).await, (stream, Code::No));
    assert!(pair.frame_or_end().await.is_none());
}

#[tokio::test]
async fn calls_are_cut_off_after_a_grace() {
    let mut settings = grpc();
    settings.keepalive.max_age = Some(LATER);
    settings.keepalive.max_age_grace = Some(SOON);
    let mut pair = Pair::with(&settings, 1 << 20).await;
    pair.close_gate();
    pair.call(&span(1)).await;
    assert_eq!(pair.end().await, Code::No);
}

#[tokio::test]
async fn who_does_not_answer_a_ping_is_not_there() {
    let mut settings = grpc();
    settings.keepalive.ping_after = SOON;
    settings.keepalive.ping_timeout = LATER;
    let mut pair = Pair::with(&settings, 1 << 20).await;
    let ping = pair.until(Kind::Ping).await;
    pair.frame(Kind::Ping, Flags::ACK, 0, &ping.payload).await;
    pair.until(Kind::Ping).await;
    while pair.frame_or_end().await.is_some() {}
    pair.gone().await;
}

#[tokio::test]
async fn whoever_answers_is_asked_again_after_the_same_silence() {
    let mut settings = grpc();
    settings.keepalive.ping_after = SOON;
    settings.keepalive.ping_timeout = Duration::from_hours(1);
    let mut pair = Pair::with(&settings, 1 << 20).await;
    for _ in 0..3 {
        let ping = pair.until(Kind::Ping).await;
        pair.frame(Kind::Ping, Flags::ACK, 0, &ping.payload).await;
    }
}

#[tokio::test]
async fn pings_are_answered_and_too_many_of_them_are_told_as_grpc_does() {
    let mut pair = Pair::grpc().await;
    for _ in 0..3 {
        pair.frame(Kind::Ping, Flags::NONE, 0, &[5; 8]).await;
        let pong = pair.until(Kind::Ping).await;
        assert!(pong.flags.has(Flags::ACK) && pong.payload == [5; 8]);
    }
    pair.frame(Kind::Ping, Flags::NONE, 0, &[5; 8]).await;
    let end = pair.until(Kind::GoAway).await;
    assert!(end.payload.ends_with(b"too_many_pings"), "{end:?}");
    assert_eq!(Code::of(number(&end.payload[4..])), Code::EnhanceYourCalm);
}

#[tokio::test]
async fn a_client_that_goes_is_served_to_the_end() {
    let mut pair = Pair::grpc().await;
    pair.close_gate();
    let stream = pair.call(&span(1)).await;
    pair.frame(Kind::GoAway, Flags::NONE, 0, &[0; 8]).await;
    assert_eq!(go_away(&mut pair).await, (stream, Code::No));
    pair.open_gate();
    assert_eq!(pair.status(stream).await, "0");
    assert!(pair.frame_or_end().await.is_none());
}
