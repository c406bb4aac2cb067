//! Is everything that was acknowledged delivered, decided away, or pending, whatever happens in which order?
//!
//! Senders, sampler, journal, queue and destination run on a clock that only passes when all of them wait, and on a disk
//! in memory; when each does what, what fails, and at which operation of the disk the program is killed, follows from
//! a seed. `GATEWAY_SEED` runs one seed alone, `GATEWAY_SCHEDULES` so many.

mod broken;
mod history;
mod life;

use std::{env, time::Duration};

use self::{
    broken::Mutation,
    history::{Books, History},
    life::Life,
};
use crate::{
    log::tests::disk::SimDisk,
    time::{simulated::Simulation, sleep},
};
use fastrand::Rng;

/// How many schedules there are in `make test`.
const SCHEDULES: u64 = 400;

/// What a seed decides beforehand.
#[derive(Debug)]
struct Plan {
    /// How often the program is started; each time but the last it is killed.
    lives: u32,
    senders: usize,
    budget: u64,
    /// How many bytes each of the logs may have.
    capacity: u64,
    remembers: bool,
    /// How many shards the sampler has, where there is memory for several.
    shards: u32,
    /// How often of a hundred times the destination fails.
    failing: u8,
}

impl Plan {
    fn of(rng: &mut Rng) -> Self {
        let (lives, senders) = (rng.u32(1..=4), rng.usize(1..=3));
        let budget = rng.choice([2 << 20, 3 << 20, 16 << 20]).unwrap();
        Self {
            lives,
            senders,
            budget,
            shards: if budget > 4 << 20 { lives + 1 } else { 1 },
            capacity: rng.choice([12 << 10, 64 << 10]).unwrap(),
            remembers: rng.bool(),
            failing: rng.choice([0, 20, 60]).unwrap(),
        }
    }
}

/// Runs the schedule of a seed to its end.
fn run(seed: u64, mutation: Mutation) -> History {
    let mut simulation = Simulation::new(seed);
    let mut rng = Rng::with_seed(seed);
    fastrand::seed(seed);
    let plan = Plan::of(&mut rng);
    let history = Books::default();
    let mut disk = SimDisk::default();
    for life in 1..=plan.lives {
        disk.forget_history();
        let running = Life::start(&disk, &plan, mutation, &mut rng, &history);
        if life == plan.lives {
            simulation.run(running.end());
            break;
        }
        simulation.run(sleep(Duration::from_millis(rng.u64(1..9000))));
        // The last operations may not have happened: then nothing that came after them has.
        let ops = disk.ops();
        let kept = ops - rng.usize(0..=6).min(ops);
        simulation.kill();
        history.forget_after(kept);
        disk = disk.killed_after(kept);
    }
    history.take()
}

/// The schedules that go wrong, with what is wrong.
fn wrong(seeds: impl Iterator<Item = u64>, mutation: Mutation) -> impl Iterator<Item = String> {
    let judge = move |seed| {
        let verdict = run(seed, mutation).verdict();
        let wrong = !verdict.is_right();
        wrong.then(|| format!("GATEWAY_SEED={seed}: {verdict:?}"))
    };
    seeds.filter_map(judge)
}

#[test]
fn in_every_order_what_was_acknowledged_is_delivered_or_decided_away() {
    let asked = |name| {
        env::var(name)
            .ok()
            .map(|number| number.parse::<u64>().unwrap())
    };
    let seeds = match asked("GATEWAY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..asked("GATEWAY_SCHEDULES").unwrap_or(SCHEDULES),
    };
    let wrong: Vec<String> = wrong(seeds, Mutation::None).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schedules_find_what_is_broken() {
    for mutation in Mutation::ALL {
        let found = wrong(0..SCHEDULES, mutation).next();
        assert!(found.is_some(), "{mutation:?} was not noticed");
    }
}

#[test]
fn a_seed_is_a_schedule_and_the_schedules_are_not_empty() {
    let mut sums = [0; 5];
    for seed in 0..40 {
        let once = run(seed, Mutation::None);
        let again = run(seed, Mutation::None);
        assert_eq!(once, again, "seed {seed}");
        let verdict = once.verdict();
        let counts = [
            verdict.delivered,
            verdict.decided_away,
            verdict.twice,
            once.refused,
            once.killed,
        ];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    assert!(sums.iter().all(|sum| *sum > 20), "{sums:?}");
}
