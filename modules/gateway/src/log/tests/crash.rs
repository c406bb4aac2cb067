//! Is what was acknowledged there after a crash, wherever it comes?

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::{
    disk::SimDisk,
    world::{World, nth, small},
};
use crate::log::{Level, Settings};

const DESTINATIONS: [&str; 2] = ["a", "b"];

/// What a program does with its log.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Appends a record of that length and has it held.
    Append(usize),
    /// Delivers what comes next to one of the destinations.
    Deliver(usize),
    /// Delivers what comes after the next.
    Overtake(usize),
    /// Ends in good order and begins again.
    Restart,
}

/// When something was begun and when it was over, counted in operations of the disk.
#[derive(Clone, Copy, Debug)]
struct Event {
    record: u64,
    begun: usize,
    over: usize,
}

/// What a program did.
#[derive(Debug, Default)]
struct History {
    appended: Vec<Event>,
    done: [Vec<Event>; 2],
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0_usize..1800).prop_map(Act::Append),
        4 => (0_usize..2).prop_map(Act::Deliver),
        2 => (0_usize..2).prop_map(Act::Overtake),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..60)
}

fn perform(disk: &SimDisk, settings: &Settings, acts: &[Act], runtime: &Runtime) -> History {
    let mut history = History::default();
    let mut world = World::open(disk, settings);
    for (record, act) in (0..).zip(acts) {
        let begun = disk.ops();
        match *act {
            Act::Append(length) => {
                let Ok(position) = world.append(record, length) else {
                    continue;
                };
                runtime.block_on(world.log.synced(position)).unwrap();
                let over = disk.ops();
                history.appended.push(Event {
                    record,
                    begun,
                    over,
                });
            }
            Act::Deliver(to) | Act::Overtake(to) => {
                let passed = matches!(act, Act::Overtake(_)).then(|| world.next(DESTINATIONS[to]));
                if let Some(delivery) = world.next(DESTINATIONS[to]) {
                    let record = nth(&delivery.payload);
                    delivery.done();
                    let over = disk.ops();
                    history.done[to].push(Event {
                        record,
                        begun,
                        over,
                    });
                }
                drop(passed);
            }
            Act::Restart => {
                drop(world);
                world = World::open(disk, settings);
            }
        }
    }
    history
}

impl Event {
    fn set(events: &[Self], when: impl Fn(&Self) -> bool) -> BTreeSet<u64> {
        events
            .iter()
            .filter(|event| when(event))
            .map(|event| event.record)
            .collect()
    }
}

impl History {
    /// Everything that has to be true after a crash at that operation; `noted` says whether notes are there at once.
    fn check(&self, after: &SimDisk, settings: &Settings, at: usize, noted: bool) {
        let world = World::open(after, settings);
        let held = Event::set(&self.appended, |event| event.over <= at);
        let begun = Event::set(&self.appended, |event| event.begun < at);
        for (name, done) in DESTINATIONS.into_iter().zip(&self.done) {
            let there = world.set(name);
            let perhaps = Event::set(done, |event| event.begun <= at);
            let surely = Event::set(done, |event| noted && event.over <= at);
            let lost: Vec<_> = held
                .difference(&there)
                .filter(|it| !perhaps.contains(it))
                .collect();
            assert!(lost.is_empty(), "lost to {name} at {at}: {lost:?}");
            let again: Vec<_> = there.intersection(&surely).collect();
            assert!(again.is_empty(), "again to {name} at {at}: {again:?}");
            assert!(there.is_subset(&begun), "never appended: {there:?}");
        }
        // And it goes on.
        let position = world.append(999, 100).unwrap();
        runtime().block_on(world.log.synced(position)).unwrap();
        assert!(world.set("a").contains(&999));
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_killed_process_leaves_everything_that_was_acknowledged(acts in acts(), times in prop::collection::vec(any::<prop::sample::Index>(), 12)) {
        let (disk, settings) = (SimDisk::default(), small(&DESTINATIONS));
        let history = perform(&disk, &settings, &acts, &runtime());
        for time in times {
            let at = time.index(disk.ops() + 1);
            history.check(&disk.killed_after(at), &settings, at, true);
        }
    }

    #[test]
    fn a_power_cut_leaves_everything_that_the_medium_was_waited_for(
        acts in acts(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 12),
    ) {
        let settings = Settings { level: Level::Power, group: Duration::ZERO, ..small(&DESTINATIONS) };
        let disk = SimDisk::default();
        let history = perform(&disk, &settings, &acts, &runtime());
        for (time, seed) in cuts {
            let at = time.index(disk.ops() + 1);
            let mut random = fastrand::Rng::with_seed(seed);
            let after = disk.cut_after(at, &mut |most| random.usize(..=most));
            history.check(&after, &settings, at, false);
        }
    }

    #[test]
    fn a_second_crash_while_the_first_is_recovered_from_costs_nothing(acts in acts(), seed: u64) {
        let (disk, settings) = (SimDisk::default(), small(&DESTINATIONS));
        let history = perform(&disk, &settings, &acts, &runtime());
        let at = disk.ops();
        let after = disk.killed_after(at);
        after.forget_history();
        drop(World::open(&after, &settings));
        let again = fastrand::Rng::with_seed(seed).usize(..=after.ops());
        history.check(&after.killed_after(again), &settings, at, true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_second_power_cut_while_the_first_is_recovered_from_costs_nothing(
        acts in acts(),
        first: prop::sample::Index,
        second: prop::sample::Index,
        seed: u64,
    ) {
        let settings = Settings { level: Level::Power, group: Duration::ZERO, ..small(&DESTINATIONS) };
        let disk = SimDisk::default();
        let history = perform(&disk, &settings, &acts, &runtime());
        let at = first.index(disk.ops() + 1);
        let mut random = fastrand::Rng::with_seed(seed);
        let after = disk.cut_after(at, &mut |most| random.usize(..=most));
        after.forget_history();
        drop(World::open(&after, &settings));
        let again = second.index(after.ops() + 1);
        let after = after.cut_after(again, &mut |most| random.usize(..=most));
        history.check(&after, &settings, at, false);
    }
}

#[test]
fn every_operation_of_a_long_run_may_be_the_last() {
    let (disk, settings) = (SimDisk::default(), small(&DESTINATIONS));
    let acts: Vec<Act> = (0..150)
        .map(|nth| match nth % 7 {
            0 | 2 | 4 => Act::Append(nth * 37 % 1500),
            1 | 5 => Act::Deliver(nth % 2),
            3 => Act::Overtake(nth / 7 % 2),
            _ if nth % 49 == 48 => Act::Restart,
            _ => Act::Deliver(nth / 7 % 2),
        })
        .collect();
    let history = perform(&disk, &settings, &acts, &runtime());
    for at in 0..=disk.ops() {
        history.check(&disk.killed_after(at), &settings, at, true);
    }
}
