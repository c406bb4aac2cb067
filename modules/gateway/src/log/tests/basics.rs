//! What a log does while nothing goes wrong.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    disk::SimDisk,
    world::{FOLDER, World, nth, small},
};
use crate::log::{Backlog, Log, OpenError, Settings};

#[test]
fn each_destination_gets_everything_in_order_and_once() {
    let world = World::open(&SimDisk::default(), &small(&["a", "b"]));
    for record in 0..40 {
        world.append(record, 300).unwrap();
    }
    for destination in ["a", "b"] {
        let mut seen = Vec::new();
        while let Some(delivery) = world.next(destination) {
            seen.push(nth(&delivery.payload));
            delivery.done();
        }
        assert_eq!(seen, (0..40).collect::<Vec<_>>(), "{destination}");
        assert_eq!(world.cursors[destination].backlog(), Backlog::default());
    }
}

#[test]
fn a_restart_goes_on_where_each_destination_was() {
    let (disk, settings) = (SimDisk::default(), small(&["a", "b"]));
    let world = World::open(&disk, &settings);
    for record in 0..30 {
        world.append(record, 500).unwrap();
    }
    for _ in 0..20 {
        world.next("a").unwrap().done();
    }
    // Out of order: the first waits while the second is done.
    let (first, second) = (world.next("b").unwrap(), world.next("b").unwrap());
    second.done();
    drop(first);
    drop(world);

    let world = World::open(&disk, &settings);
    let backlog = |name: &str| world.recovered.backlog[name].records;
    assert_eq!(
        (backlog("a"), backlog("b"), world.recovered.records),
        (10, 29, 29)
    );
    assert_eq!(world.all("a"), (20..30).collect::<Vec<_>>());
    assert_eq!(
        world.all("b"),
        [0].into_iter().chain(2..30).collect::<Vec<_>>()
    );
    assert_eq!(world.recovered.damaged_places, 0);
}

#[test]
fn what_was_handed_out_and_dropped_comes_again() {
    let world = World::open(&SimDisk::default(), &small(&["a"]));
    (0..3).for_each(|record| world.appended(record, 10));
    let first = world.next("a").unwrap();
    assert_eq!(
        nth(&world.next("a").unwrap().payload),
        1,
        "the second while the first is out"
    );
    drop(first);
    assert_eq!(world.all("a"), [0, 1, 2]);
}

#[test]
fn a_segment_goes_when_everybody_is_done_with_it_and_its_file_is_written_again() {
    let disk = SimDisk::default();
    let world = World::open(&disk, &small(&["a", "b"]));
    for record in 0..400 {
        world.append(record, 900).unwrap();
        world.next("a").unwrap().done();
        assert!(disk.names().len() < 9, "files pile up: {:?}", disk.names());
        if record >= 8 {
            world.next("b").unwrap().done();
        }
    }
    assert!(world.log.stats().freed_segments.get() > 90);
    assert!(world.log.stats().disk_bytes.get() <= 7 * 4096);
}

#[test]
fn a_destination_that_is_dead_costs_disk_and_not_memory() {
    let world = World::open(&SimDisk::default(), &small(&["dead"]));
    for record in 0..40 {
        world.append(record, 1000).unwrap();
        assert!(world.budget.used() <= 2 << 10, "{}", world.budget.used());
    }
    assert_eq!(world.all("dead"), (0..40).collect::<Vec<_>>());
}

#[test]
fn a_log_that_is_full_refuses_until_something_was_delivered() {
    let world = World::open(&SimDisk::default(), &small(&["a"]));
    let taken = (0..1000)
        .take_while(|record| world.append(*record, 1000).is_ok())
        .count();
    assert!((40..64).contains(&taken), "{taken}");
    assert!(world.append(1000, 1000).is_err());
    (0..taken / 2).for_each(|_| world.next("a").unwrap().done());
    world.append(1001, 1000).unwrap();
    assert_eq!(world.log.stats().refused_full.get(), 2);
}

#[test]
fn a_record_larger_than_a_segment_has_a_file_of_its_own() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    let world = World::open(&disk, &settings);
    world.append(0, 10).unwrap();
    world.append(1, 20_000).unwrap();
    world.append(2, 10).unwrap();
    assert!(world.append(3, 70_000).is_err());
    drop(world);
    assert_eq!(World::open(&disk, &settings).all("a"), [0, 1, 2]);
}

#[test]
fn bodies_are_compressed_where_that_is_asked_for() {
    let (disk, plain) = (SimDisk::default(), small(&["a"]));
    let settings = Settings {
        compress: true,
        ..plain.clone()
    };
    let world = World::open(&disk, &settings);
    (0..20).for_each(|record| world.appended(record, 1500));
    assert!(world.log.stats().written_bytes.get() < 20 * 800);
    drop(world);
    // Who no longer compresses still reads what was.
    assert_eq!(
        World::open(&disk, &plain).all("a"),
        (0..20).collect::<Vec<_>>()
    );
}

#[test]
fn a_destination_that_is_new_gets_what_comes_and_one_that_is_gone_keeps_nothing() {
    let disk = SimDisk::default();
    let world = World::open(&disk, &small(&["a", "gone", "lost"]));
    (0..20).for_each(|record| world.appended(record, 900));
    while let Some(delivery) = world.next("a") {
        delivery.done();
    }
    drop(world);

    let world = World::open(&disk, &small(&["a", "new"]));
    let mut dropped = world.recovered.dropped.clone();
    dropped.sort();
    assert_eq!(dropped, ["gone", "lost"]);
    assert_eq!(world.recovered.records, 0);
    world.append(20, 900).unwrap();
    assert_eq!((world.all("a"), world.all("new")), (vec![20], vec![20]));
}

#[test]
fn a_destination_with_another_name_gets_what_waited_for_it() {
    let disk = SimDisk::default();
    let world = World::open(&disk, &small(&["a", "before"]));
    (0..20).for_each(|record| world.appended(record, 900));
    while let Some(delivery) = world.next("a") {
        delivery.done();
    }
    (0..5).for_each(|_| world.next("before").unwrap().done());
    drop(world);

    for (left, before, now) in [(15, "before", "now"), (14, "now", "before")] {
        let world = World::open(&disk, &small(&["a", now]));
        let renamed = Some((before.to_owned(), now.to_owned()));
        assert_eq!(world.recovered.renamed, renamed);
        assert!(world.recovered.dropped.is_empty());
        assert_eq!(world.recovered.records, left);
        world.next(now).unwrap().done();
    }
    let world = World::open(&disk, &small(&["a", "before"]));
    assert_eq!(world.recovered.renamed, None);
    assert!(world.recovered.dropped.is_empty());
    assert!(world.all("a").is_empty());
    assert_eq!(world.all("before"), (7..20).collect::<Vec<_>>());
}

#[test]
fn a_folder_has_one_log() {
    let disk = SimDisk::default();
    let world = World::open(&disk, &small(&["a"]));
    let again = || Log::open(Path::new(FOLDER), &small(&["a"]), Arc::new(disk.clone()));
    assert!(matches!(again(), Err(OpenError::InUse { .. })));
    let cursor = world.cursors["a"].clone();
    drop(world);
    assert!(again().is_err(), "a cursor still uses it");
    drop(cursor);
    again().unwrap();
}

#[tokio::test]
async fn who_waits_is_told_of_what_is_appended() {
    let world = World::open(&SimDisk::default(), &small(&["a"]));
    let waiting = tokio::spawn({
        let (cursor, budget) = (world.cursors["a"].clone(), Arc::clone(&world.budget));
        async move { nth(&cursor.next(&budget).await.payload) }
    });
    tokio::task::yield_now().await;
    world.append(7, 10).unwrap();
    assert_eq!(waiting.await.unwrap(), 7);
}

#[tokio::test]
async fn what_has_to_be_read_back_waits_for_room_in_the_budget() {
    let world = World::open(&SimDisk::default(), &small(&["a"]));
    (0..8).for_each(|record| world.appended(record, 1000));
    let held = world
        .budget
        .charge(world.budget.limit() - world.budget.used())
        .unwrap();
    assert!(
        world.next("a").is_none(),
        "the first is on disk, and there is no room to read it"
    );
    let soon = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(held);
    };
    let (delivery, ()) = tokio::join!(world.cursors["a"].next(&world.budget), soon);
    assert_eq!(nth(&delivery.payload), 0);
}
