//! What does the log do when the disk does not do what it should?

use std::{thread::sleep, time::Duration};

use collector_config::Signal;
use rustix::io::Errno;

use super::{
    disk::SimDisk,
    world::{World, nth, small},
};
use crate::{
    Refusal,
    log::{Level, Settings},
};

/// Longer than the log leaves a disk alone that refused.
pub(super) const LATER: Duration = Duration::from_millis(110);

/// Appends and delivers some; says what was taken and what was delivered.
fn work(world: &World) -> (Vec<u64>, Vec<u64>) {
    let (mut taken, mut done) = (Vec::new(), Vec::new());
    for record in 0..24 {
        match world.append(record, 700) {
            Ok(_) => taken.push(record),
            Err(error) => {
                let retryable = matches!(Refusal::from(error), Refusal::Busy { .. });
                assert!(retryable, "record {record} would not come again");
            }
        }
        if record % 2 == 1 {
            let Some(delivery) = world.next("a") else {
                continue;
            };
            done.push(nth(&delivery.payload));
            delivery.done();
        }
    }
    (taken, done)
}

#[test]
fn whichever_call_fails_nothing_that_was_taken_is_lost() {
    let settings = small(&["a"]);
    let calls = {
        let disk = SimDisk::default();
        work(&World::open(&disk, &settings));
        disk.calls()
    };
    for how in [Errno::NOSPC, Errno::IO, Errno::ROFS] {
        for call in 1..=calls {
            let disk = SimDisk::default();
            disk.fail(call, how);
            let world = World::open(&disk, &settings);
            let (taken, done) = work(&world);
            let rest: Vec<u64> = taken
                .iter()
                .copied()
                .filter(|it| !done.contains(it))
                .collect();
            assert_eq!(world.all("a"), rest, "call {call} failed with {how}");
            drop(world);
            let there = World::open(&disk, &settings).set("a");
            let lost: Vec<_> = rest
                .iter()
                .filter(|record| !there.contains(record))
                .collect();
            assert!(lost.is_empty(), "lost after call {call}: {lost:?}");
            let again = there.len() - rest.len();
            assert!(
                again <= 1,
                "call {call}: {again} came although they should not"
            );
        }
    }
}

#[test]
fn a_full_disk_refuses_serves_forgets_and_takes_again() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    let world = World::open(&disk, &settings);
    disk.capacity(Some((8 << 10) + (20 << 10)));
    let taken = (0..100)
        .take_while(|record| world.append(*record, 900).is_ok())
        .count() as u64;
    assert!((12..=20).contains(&taken), "{taken}");
    assert_eq!(world.log.stats().failing.get(), 1);
    for expected in 0..taken {
        let delivery = world.next("a").unwrap();
        assert_eq!(nth(&delivery.payload), expected);
        delivery.done();
    }
    assert!(
        world.log.stats().freed_segments.get() >= 3,
        "deleted although the disk is full"
    );
    sleep(LATER);
    world.appended(100, 900);
    assert_eq!(world.log.stats().failing.get(), 0);
    drop(world);
    assert_eq!(World::open(&disk, &settings).all("a"), [100]);
}

#[test]
fn a_disk_that_became_read_only_is_read_and_what_was_delivered_is_noted_later() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    let world = World::open(&disk, &settings);
    (0..20).for_each(|record| world.appended(record, 900));
    disk.refuse(Some(Errno::ROFS));
    for _ in 0..10 {
        world.next("a").unwrap().done();
    }
    assert!(world.append(20, 900).is_err());
    assert_eq!(world.log.stats().unnoted.get(), 10);
    disk.refuse(None);
    world.next("a").unwrap().done();
    drop(world);
    assert_eq!(
        World::open(&disk, &settings).all("a"),
        (11..20).collect::<Vec<_>>()
    );
}

#[test]
fn a_log_starts_on_a_disk_that_takes_nothing() {
    for how in [Errno::NOSPC, Errno::IO, Errno::ROFS] {
        let (disk, settings) = (SimDisk::default(), small(&["a"]));
        let world = World::open(&disk, &settings);
        (0..20).for_each(|record| world.appended(record, 900));
        drop(world);
        disk.refuse(Some(how));
        let world = World::open(&disk, &settings);
        assert_eq!(world.recovered.records, 20, "{how}");
        for _ in 0..20 {
            world.next("a").unwrap().done();
        }
        assert!(world.append(20, 900).is_err());
        disk.refuse(None);
        sleep(LATER);
        world.appended(21, 900);
        assert_eq!(world.all("a"), [21]);
    }
}

#[test]
fn what_cannot_be_read_now_is_not_given_up() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    let world = World::open(&disk, &settings);
    (0..20).for_each(|record| world.appended(record, 900));
    drop(world);
    // A restart in the middle of an outage.
    disk.unreadable(true);
    let world = World::open(&disk, &settings);
    assert!(world.next("a").is_none());
    assert_eq!(world.log.stats().skipped_records.get(), 0);
    drop(world);
    disk.unreadable(false);
    assert_eq!(World::open(&disk, &settings).set("a").len(), 20);
}

#[test]
fn a_broken_ledger_never_costs_a_destination_its_records() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    let world = World::open(&disk, &settings);
    (0..9).for_each(|record| world.appended(record, 300));
    drop(world);
    for ledger in ["done.0", "done.1"] {
        disk.corrupt(ledger, |bytes| bytes.fill(0x5a));
    }
    let world = World::open(&disk, &settings);
    assert!(world.recovered.ledger_damaged);
    assert_eq!(world.all("a"), (0..9).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_waits_for_the_medium_hears_that_it_failed_and_the_next_has_it() {
    let (disk, settings) = (
        SimDisk::default(),
        Settings {
            level: Level::Power,
            ..small(&["a"])
        },
    );
    let world = World::open(&disk, &settings);
    let first = world.append(0, 100).unwrap();
    world.log.synced(first).await.unwrap();
    let second = world.append(1, 100).unwrap();
    disk.fail(disk.calls() + 1, Errno::IO);
    assert!(world.log.synced(second).await.is_err());
    let third = world.append(2, 100).unwrap();
    world.log.synced(third).await.unwrap();
    assert!(world.log.synced(second).await.is_err(), "it stays refused");
    assert_eq!(world.log.stats().sync_failures.get(), 1);
    assert_eq!(world.log.stats().void_records.get(), 1);
    assert_eq!(world.all("a"), [0, 2], "who was refused sends it again");
    assert_eq!(world.log.cursor("a").backlog().records, 2);
    drop(world);
    let world = World::open(&disk, &settings);
    assert_eq!(world.all("a"), [0, 2], "after a restart as before");
}

#[tokio::test]
async fn nobody_is_given_what_may_still_be_refused() {
    let (disk, settings) = (
        SimDisk::default(),
        Settings {
            level: Level::Power,
            group: Duration::from_millis(20),
            ..small(&["a"])
        },
    );
    let world = World::open(&disk, &settings);
    let record = world.append(0, 100).unwrap();
    assert!(world.next("a").is_none(), "the medium does not have it");
    world.log.synced(record).await.unwrap();
    world.next("a").unwrap().done();
    drop(world);
    assert_eq!(World::open(&disk, &settings).all("a"), [0; 0]);
}

#[test]
fn what_was_sent_together_is_one_note() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    let world = World::open(&disk, &settings);
    (0..10).for_each(|record| world.appended(record, 100));
    let batch: Vec<_> = (0..10).map(|_| world.next("a").unwrap()).collect();
    let before = disk.calls();
    crate::log::Delivery::all_done(batch);
    assert_eq!(disk.calls() - before, 1);
    drop(world);
    assert_eq!(World::open(&disk, &settings).all("a"), [0; 0]);
}

#[test]
fn a_note_comes_back_like_a_request() {
    let (disk, settings) = (SimDisk::default(), small(&["tail"]));
    let world = World::open(&disk, &settings);
    world.appended(0, 10);
    let note = super::world::body(1, 4).into();
    world.log.note(Signal::Traces, &note).unwrap();
    drop(world);
    let world = World::open(&disk, &settings);
    let kinds: Vec<_> = std::iter::from_fn(|| world.next("tail"))
        .map(|delivery| delivery.keep().1)
        .collect();
    assert_eq!(kinds, [crate::log::Kind::Request, crate::log::Kind::Note]);
}
