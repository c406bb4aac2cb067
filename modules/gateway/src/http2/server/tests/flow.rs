//! How do windows and the budget hold back whom they should?

use std::{
    future::poll_fn,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncWriteExt, duplex},
    time::timeout,
};

use super::{
    super::{connection::Connection, session},
    PATIENCE, Pair, grpc, message_of, number, span, taking, whole_call,
};
use crate::{
    Budget,
    http2::{Code, Flags, Kind, PREFACE, Settings},
    receive::Serving,
    settings::Http2,
};

#[tokio::test]
async fn a_peer_that_takes_a_byte_at_a_time_gets_its_answer() {
    let mut pair = Pair::grpc().await;
    let small = Settings {
        initial_window_size: 1,
        ..Settings::default()
    };
    pair.settings(&small).await;
    let stream = pair.call(&span(1)).await;
    for more in 0..5 {
        let data = pair.until(Kind::Data).await;
        assert_eq!(
            (data.stream, data.payload.as_slice()),
            (stream, [0].as_slice()),
            "{more}"
        );
        pair.frame(Kind::WindowUpdate, Flags::NONE, stream, &[0, 0, 0, 1])
            .await;
    }
    assert_eq!(pair.status(stream).await, "0");
    // None at all, and then a setting instead of an update.
    let none = Settings {
        initial_window_size: 0,
        ..Settings::default()
    };
    pair.settings(&none).await;
    let stream = pair.call(&span(1)).await;
    pair.until(Kind::Headers).await;
    let usual = Settings {
        initial_window_size: 65_536,
        ..Settings::default()
    };
    pair.settings(&usual).await;
    assert_eq!(pair.status(stream).await, "0");
}

#[tokio::test]
async fn an_answer_for_which_there_is_no_window_is_not_kept_for_ever() {
    let (mut ours, theirs) = duplex(1 << 20);
    let serving = |intake| Serving::grpc(intake, &grpc(), Http2::Own).unwrap();
    let (serving, ..) = taking(&Budget::new(1 << 20), serving);
    let (charge, _seat) = serving.intake.welcome(session::CONNECTION).await.unwrap();
    let mut connection = Connection::new(theirs, serving, charge, &[]);
    let none = Settings {
        initial_window_size: 0,
        ..Settings::default()
    };
    let mut said = PREFACE.to_vec();
    none.put(&mut said);
    said.extend(whole_call(1, &message_of(&span(1))));
    ours.write_all(&said).await.unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(connection.poll(&mut context).is_pending());
    let session = &mut connection.session;
    let sooner = session.times.sooner.unwrap();
    assert!(
        sooner <= session.now + Duration::from_secs(30),
        "it is looked at"
    );
    for (seconds, open) in [(29, 1), (2, 0)] {
        session.now += Duration::from_secs(seconds);
        session.tick().unwrap();
        assert_eq!(session.streams.len(), open);
    }
}

#[tokio::test]
async fn a_window_that_overflows_ends_its_stream() {
    let mut pair = Pair::grpc().await;
    let stream = pair.begin(Flags::NONE).await;
    pair.frame(
        Kind::WindowUpdate,
        Flags::NONE,
        stream,
        &[0x7f, 255, 255, 255],
    )
    .await;
    assert_eq!(pair.reset().await, (stream, Code::FlowControl));
    assert!(pair.is_there().await);
}

#[tokio::test]
async fn what_is_received_is_given_back_to_the_windows() {
    let mut pair = Pair::grpc().await;
    let (mut connection, mut calls) = (0, 0);
    // Three windows of the connection.
    while calls < 60 {
        let message = message_of(&span(900 << 10));
        let stream = pair.begin(Flags::NONE).await;
        pair.data(stream, &message).await;
        loop {
            let frame = pair.next().await;
            if frame.kind == Kind::WindowUpdate && frame.stream == 0 {
                connection += u64::from(number(&frame.payload));
            }
            if frame.kind == Kind::Headers && frame.flags.has(Flags::END_STREAM) {
                break;
            }
        }
        calls += 1;
    }
    assert!(connection >= 40 << 20, "{connection}");
    assert!(pair.budget.used() < 64 << 10, "{}", pair.budget.used());
}

#[tokio::test]
async fn a_message_waits_for_room_and_is_taken_when_there_is() {
    let mut pair = Pair::with(&grpc(), 2 << 20).await;
    let rest = pair.budget.limit() - pair.budget.used() - (100 << 10);
    let held = pair.budget.charge(rest).unwrap();
    let stream = pair.begin(Flags::NONE).await;
    let message = message_of(&span(500 << 10));
    let (first, second) = message.split_at(10 << 10);
    pair.frame(Kind::Data, Flags::NONE, stream, first).await;
    pair.data(stream, second).await;
    let waiting = tokio::spawn(async move {
        let status = pair.status(stream).await;
        (status, pair.is_there().await)
    });
    tokio::task::yield_now().await;
    drop(held);
    let (status, is_there) = waiting.await.unwrap();
    // Where the machine is slow, patience may have ended: then it was told to come again.
    assert!(status == "0" || status == "14", "{status}");
    assert!(is_there);
}

#[tokio::test]
async fn a_message_without_room_is_refused_and_may_come_again() {
    let mut pair = Pair::with(&grpc(), 2 << 20).await;
    let rest = pair.budget.limit() - pair.budget.used() - (100 << 10);
    let held = pair.budget.charge(rest).unwrap();
    let stream = pair.call(&span(500 << 10)).await;
    assert_eq!(pair.status(stream).await, "14");
    // The next one as well: it stands behind in the line, and nothing was lost of it.
    let stream = pair.call(&span(500 << 10)).await;
    assert_eq!(pair.status(stream).await, "14");
    drop(held);
    let stream = pair.call(&span(500 << 10)).await;
    assert_eq!(pair.status(stream).await, "0");
    assert!(pair.is_there().await);
}

/// Also where it is time to look after the connection whenever it had its turn.
#[test]
fn who_sends_without_end_leaves_others_their_turn() {
    const CALLS: usize = 100;
    const LENGTH: usize = 100 << 10;
    let mut settings = grpc();
    settings.keepalive.ping_after = Duration::from_millis(1);
    let most = async {
        let mut pair = Pair::alone(&settings, 64 << 20, 2 * CALLS * LENGTH).await;
        let message = message_of(&span(LENGTH));
        let calls = (1..).step_by(2).take(CALLS);
        let all: Vec<u8> = calls.flat_map(|id| whole_call(id, &message)).collect();
        let left = pair.left();
        let (mut before, mut most) = (left(), 0);
        let end = before - CALLS;
        // What is spawned has its turn with the connection; what only waits for it has it later.
        let most = tokio::spawn(async move {
            while before > end {
                most = most.max(before - left());
                before = left();
                std::thread::sleep(2 * settings.keepalive.ping_after);
                turn().await;
            }
            most
        });
        pair.write(&all).await;
        timeout(PATIENCE, most).await.unwrap().unwrap()
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // Timers are looked at after every turn.
    let runtime = runtime.enable_all().event_interval(1).build().unwrap();
    let most = runtime.block_on(most);
    assert!(most * LENGTH <= 3 << 20, "{most} calls in one turn");
}

/// Lets whoever waits have a turn: tokio's own lets them have many, until it looks at sockets.
async fn turn() {
    let mut had = false;
    poll_fn(|context| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
