//! Is what an earlier run left taken again behind what comes, as if nothing had happened?

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::{Either, join, select};

use super::{
    run::{World, bad, large},
    world::{Made, recover, span},
};
use crate::{haste::Haste, log::Level, time::simulated::Simulation, wire::Value};

#[tokio::test]
async fn what_comes_before_everything_is_read_again_is_decided_with_it_and_once() {
    for level in [Level::Process, Level::Power] {
        let world = World {
            level,
            ..World::default()
        };
        let first = world.start();
        first.send(&[span(1, 1), span(2, 1)]).await;
        first.send(&[span(3, 1)]).await;
        drop(first);
        let second = world.start();
        assert_eq!(second.unread(), 2);
        // It is acknowledged, and stands behind what was left.
        second.send(&[bad(1, 2), bad(4, 2)]).await;
        assert_eq!((second.sampler.waiting(), second.unread()), (0, 3));
        assert_eq!(second.sampler.catch_up().await, (2, 0));
        assert_eq!((second.sampler.waiting(), second.unread()), (4, 0));
        // From now on whoever brings something takes it.
        second.send(&[bad(3, 3)]).await;
        assert_eq!((second.sampler.waiting(), second.unread()), (4, 0));
        second.pass(7).await;
        let kept = [(1, 1), (1, 2), (3, 1), (3, 3), (4, 2)];
        assert_eq!(world.arrived.all(), kept, "{level:?}");
        drop(second);
        assert_eq!(recover(&world.start().sampler).await, (0, 0));
    }
}

#[tokio::test]
async fn while_many_send_each_request_is_taken_once_by_whoever_it_may_be() {
    for level in [Level::Process, Level::Power] {
        let world = World {
            level,
            ..World::default()
        };
        let first = world.start();
        for id in 1..=40 {
            first.send(&[large(bad(id, id))]).await;
        }
        drop(first);
        let second = Arc::new(world.start());
        let senders = (0..4).map(|sender| {
            let run = Arc::clone(&second);
            tokio::spawn(async move {
                for nth in 0..40 {
                    run.send(&[bad(100 + sender, nth + 1)]).await;
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let (read, sent) = join(
            second.sampler.catch_up(),
            futures::future::try_join_all(senders),
        )
        .await;
        assert_eq!((read, sent.is_ok()), ((40, 0), true));
        second.pass(7).await;
        let mut kept: Vec<_> = (1..=40).map(|id| (id, id)).collect();
        kept.extend((0..4).flat_map(|sender| (1..=40).map(move |id| (100 + sender, id))));
        assert_eq!(world.arrived.all(), kept, "{level:?}");
    }
}

#[tokio::test]
async fn it_answers_before_it_has_read_what_was_left() {
    let world = World::default();
    let first = world.start();
    for trace in 0..60 {
        first.send(&[large(span(trace, 1))]).await;
    }
    drop(first);
    let before = world.disk.read();
    let second = world.start();
    second.send(&[span(99, 1)]).await;
    let read = world.disk.read() - before;
    // The notes of what is done, headers, and the bodies of the last file, whose end may be torn.
    assert!(read < 6 << 20, "{read}");
    assert_eq!(second.sampler.catch_up().await, (60, 0));
    let read = world.disk.read() - before;
    assert!(read > 60 * (200 << 10), "{read}");
}

#[tokio::test]
async fn killed_while_it_reads_again_it_loses_nothing_and_hands_nothing_on_again() {
    let world = World::default();
    let first = world.start();
    first.sent(50_000, &[bad(1, 1), span(2, 1)]).await;
    first.sent(49_000, &[span(1, 2)]).await;
    for id in 1..=30 {
        first.sent(20_000, &[large(bad(3, id))]).await;
    }
    drop(first);
    let second = world.start();
    second.send(&[bad(3, 99)]).await;
    // The first trace was due before the third began; the third is not, as far as is read.
    second.read_some(2);
    second.sampler.send_all(&true.into()).await;
    assert_eq!(world.arrived.all(), [(1, 1), (1, 2)]);
    assert!((1..31).contains(&second.unread()), "{}", second.unread());
    drop(second);
    let third = world.start();
    assert_eq!(third.unread(), 31);
    third.sampler.catch_up().await;
    third.pass(7).await;
    let mut kept = vec![(1, 1), (1, 2)];
    kept.extend((1..=30).chain([99]).map(|id| (3, id)));
    assert_eq!(world.arrived.all(), kept);
}

#[tokio::test]
async fn an_orderly_end_leaves_what_it_has_not_read_to_the_next_run() {
    let world = World::default();
    let first = world.start();
    for id in 1..=30 {
        first.send(&[large(bad(1, id))]).await;
    }
    drop(first);
    let second = world.start();
    second.send(&[bad(1, 99)]).await;
    second.read_some(2);
    assert!((1..31).contains(&second.unread()), "{}", second.unread());
    second.sampler.run(async {}, Haste::new().hurry()).await;
    assert_eq!(world.arrived.all(), []);
    drop(second);
    let third = world.start();
    assert_eq!(third.sampler.catch_up().await, (31, 0));
    third.pass(7).await;
    assert_eq!(world.arrived.all().len(), 31);
}

#[tokio::test]
async fn each_trace_is_decided_when_it_would_have_been() {
    let world = World::default();
    let first = world.start();
    // The error of the first trace came while it waited, that of the second too late.
    first.sent(50_500, &[span(1, 1), span(2, 1)]).await;
    first.sent(47_000, &[bad(1, 2)]).await;
    first.sent(40_000, &[bad(2, 2)]).await;
    for trace in 10..40 {
        let ago = 38_000 - u64::from(trace - 10) * 1000;
        first.sent(ago, &[span(trace, 1)]).await;
    }
    drop(first);
    let second = world.start();
    second.sampler.catch_up().await;
    // No more than came within the time that a trace waits.
    let waiting = second.sampler.waiting();
    assert!((5..=7).contains(&waiting), "{waiting}");
    second.sampler.send_all(&true.into()).await;
    assert_eq!(world.arrived.all(), [(1, 1), (1, 2)]);
}

#[tokio::test]
async fn days_in_which_nothing_came_are_passed_over() {
    let world = World::default();
    let day = 24 * 60 * 60 * 1000;
    let first = world.start();
    first.sent(20 * day, &[bad(1, 1)]).await;
    first.sent(10 * day, &[bad(2, 1)]).await;
    first.sent(5 * day, &[bad(3, 1)]).await;
    drop(first);
    let second = world.start();
    second.sampler.catch_up().await;
    second.sampler.send_all(&true.into()).await;
    assert_eq!(world.arrived.all(), [(1, 1), (2, 1)]);
    // Seconds that passed, and such as are still to pass before now.
    for time in [second.sampler.next_tick(), second.sampler.now()] {
        assert!(time < Duration::from_mins(2), "{time:?}");
    }
    second.pass(7).await;
    assert_eq!(world.arrived.all().len(), 3);
}

#[tokio::test]
async fn reading_comes_to_its_end_however_much_is_sent() {
    let world = World::default();
    let first = world.start();
    for id in 1..=20 {
        first.send(&[large(span(1, id))]).await;
    }
    drop(first);
    let second = world.start();
    let sent = Mutex::new(0);
    let sending = async {
        // For ever, if nobody stops it.
        loop {
            second.send(&[large(span(2, 1))]).await;
            let mut sent = sent.lock().unwrap();
            *sent += 1;
            assert!(*sent < 500, "{} are still to be read", second.unread());
        }
    };
    let (reading, sending) = (Box::pin(second.sampler.catch_up()), Box::pin(sending));
    let Either::Left((read, _)) = select(reading, sending).await;
    assert_eq!(read, (20, 0));
    // Twenty that may come at once, and one for each two that are read.
    let sent = *sent.lock().unwrap();
    assert!((1..=60).contains(&sent), "{sent}");
}

#[tokio::test]
async fn what_the_disk_does_not_give_is_left_and_belongs_to_its_trace_later() {
    let world = World::default();
    let first = world.start();
    first.send(&[span(9, 9)]).await;
    first.pass(7).await;
    first.send(&[span(1, 1)]).await;
    drop(first);
    let second = world.start();
    world.disk.unreadable(true);
    assert_eq!(second.sampler.catch_up().await, (0, 0));
    second.send(&[bad(1, 2)]).await;
    second.pass(7).await;
    assert_eq!(world.arrived.all(), [(1, 2)]);
    drop(second);
    world.disk.unreadable(false);
    let third = world.start();
    assert_eq!(third.sampler.catch_up().await, (1, 0));
    third.pass(1).await;
    assert_eq!(world.arrived.all(), [(1, 1), (1, 2)], "it was kept");
}

#[test]
fn what_has_no_room_waits_until_something_is_decided() {
    let mut world = World::default();
    let first = world.start();
    for id in 1..=40 {
        futures::executor::block_on(first.send(&[large(bad(id, id))]));
    }
    drop(first);
    world.budget = 6 << 20;
    let mut simulation = Simulation::new(1);
    let second = world.start();
    let stop = crate::time::sleep(Duration::from_mins(2));
    simulation.run(second.sampler.run(stop, Haste::new().hurry()));
    let counts = second.sampler.counts();
    assert_eq!((counts.recovered.get(), counts.left.get()), (40, 0));
    assert_eq!(world.arrived.all().len(), 40);
}

#[test]
fn what_cannot_have_room_is_left_to_a_run_that_has_more() {
    let mut world = World::default();
    let first = world.start();
    let huge = Made {
        attributes: vec![("text", Value::Bytes(&[7; 3 << 20]))],
        ..span(2, 1)
    };
    for made in [span(1, 1), huge, span(3, 1)] {
        futures::executor::block_on(first.send(&[made]));
    }
    drop(first);
    world.budget = 3 << 20;
    let mut simulation = Simulation::new(1);
    let second = world.start();
    let read = async {
        second.sampler.catch_up().await;
        second.send(&[bad(2, 2)]).await;
        second.pass(7).await;
    };
    simulation.run(read);
    let counts = second.sampler.counts();
    assert_eq!((counts.recovered.get(), counts.left.get()), (2, 1));
    assert_eq!(world.arrived.all(), [(2, 2)]);
    drop((second, simulation));
    world.budget = 64 << 20;
    let third = world.start();
    futures::executor::block_on(async {
        assert_eq!(third.sampler.catch_up().await, (1, 0));
        third.pass(7).await;
    });
    assert_eq!(world.arrived.all(), [(2, 1), (2, 2)], "it was kept");
}
