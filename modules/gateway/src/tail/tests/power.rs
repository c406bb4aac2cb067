//! Are traces that nobody has decided there again after the power has gone, whenever that is?

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex},
};

use fastrand::Rng;
use futures::{future::BoxFuture, poll};

use super::{
    run::{Run, World, bad, large},
    world::{Made, payload, request, span, spans_of},
};
use crate::{
    Payload, Refusal,
    log::{Level, tests::disk::SimDisk},
    pipeline::Take,
};

/// A span, as its trace and its own number.
type Id = (u8, u8);

/// What was handed on, with how many operations of the disk there had been.
struct HandedOn {
    disk: SimDisk,
    spans: Mutex<BTreeMap<Id, usize>>,
}

impl Take for HandedOn {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        let mut spans = self.spans.lock().unwrap();
        for span in spans_of(&payload) {
            spans.entry(span).or_insert(self.disk.ops());
        }
        Box::pin(async { Ok(()) })
    }
}

/// What happened until the power went, with how many operations of the disk there had been.
struct History {
    disk: SimDisk,
    acknowledged: BTreeMap<Id, usize>,
    handed_on: BTreeMap<Id, usize>,
}

/// Traces fail or not.
fn fails(trace: u8) -> bool {
    trace.is_multiple_of(3)
}

/// One of each trace that fails does so itself.
fn made((trace, id): Id) -> Made {
    if fails(trace) && id == trace % 4 {
        bad(trace, id)
    } else {
        span(trace, id)
    }
}

fn powered() -> World {
    World {
        level: Level::Power,
        ..World::default()
    }
}

fn started(world: &World) -> (Run, Arc<HandedOn>) {
    let handed_on = Arc::new(HandedOn {
        disk: world.disk.clone(),
        spans: Mutex::default(),
    });
    (world.start_before(handed_on.clone()), handed_on)
}

/// Each trace begins in a second, and has four spans within the next two.
async fn history(seed: u64) -> History {
    // Its files are small, so that some are gone before the end.
    let world = World {
        segment: 4 << 10,
        ..powered()
    };
    let mut rng = Rng::with_seed(seed);
    let disk = world.disk.clone();
    let (run, handed_on) = started(&world);
    let mut due: Vec<Vec<Id>> = vec![Vec::new(); 17];
    for (trace, second) in (1..=45).zip((0..15).cycle()) {
        for id in 0..4 {
            due[second + rng.usize(0..=2)].push((trace, id));
        }
    }
    let mut acknowledged = BTreeMap::new();
    for mut ids in due {
        rng.shuffle(&mut ids);
        for ids in ids.chunks(5) {
            let spans: Vec<Made> = ids.iter().copied().map(made).collect();
            run.send(&spans).await;
            acknowledged.extend(ids.iter().map(|id| (*id, disk.ops())));
        }
        run.pass(1).await;
    }
    drop(run);
    let handed_on = std::mem::take(&mut *handed_on.spans.lock().unwrap());
    History {
        disk,
        acknowledged,
        handed_on,
    }
}

/// What a disk brings back on which the power went.
async fn after(disk: SimDisk) -> Vec<Id> {
    let world = World { disk, ..powered() };
    let run = world.start();
    run.sampler.catch_up().await;
    run.pass(7).await;
    world.arrived.all()
}

impl History {
    /// The power goes after so many operations of the disk.
    async fn check(&self, at: usize, rng: &mut Rng) {
        let again = after(self.disk.cut_after(at, &mut |most| rng.usize(..=most))).await;
        let before =
            |times: &BTreeMap<Id, usize>, id| times.get(&id).is_some_and(|time| *time <= at);
        let wrong: Vec<_> = again.iter().filter(|(trace, _)| !fails(*trace)).collect();
        assert!(wrong.is_empty(), "kept after {at}: {wrong:?}");
        // Before what makes it fail is acknowledged, nobody can say what is right.
        let failed = |trace| fails(trace) && before(&self.acknowledged, (trace, trace % 4));
        let lost: Vec<_> = self
            .acknowledged
            .keys()
            .copied()
            .filter(|id| failed(id.0) && before(&self.acknowledged, *id))
            .filter(|id| {
                self.handed_on.get(id).is_none_or(|time| *time >= at) && !again.contains(id)
            })
            .collect();
        assert!(lost.is_empty(), "lost after {at}: {lost:?}");
    }
}

#[tokio::test]
async fn undecided_traces_survive_a_power_cut_at_any_moment() {
    for seed in 0..3 {
        let history = history(seed).await;
        // Some were decided before, and some wait.
        assert!(
            (20..60).contains(&history.handed_on.len()),
            "{}",
            history.handed_on.len()
        );
        let mut rng = Rng::with_seed(seed);
        // A third of all moments each.
        let from = usize::try_from(seed).unwrap();
        for at in (from..=history.disk.ops()).step_by(3) {
            history.check(at, &mut rng).await;
        }
    }
}

#[tokio::test]
async fn what_came_late_is_kept_after_a_power_cut_as_its_trace_was() {
    let world = powered();
    let (run, handed_on) = started(&world);
    // More than is handed on at once.
    run.send(&[large(bad(3, 1)), large(span(3, 2))]).await;
    for _ in 0..7 {
        run.sampler.second().await;
    }
    run.send(&[span(3, 3)]).await;
    let acknowledged = world.disk.ops();
    run.sampler.send_all(&true.into()).await;
    drop(run);
    let handed_on = handed_on.spans.lock().unwrap()[&(3, 3)];
    assert!(handed_on > acknowledged, "what was decided is noted before");
    let mut rng = Rng::with_seed(7);
    for at in acknowledged..=handed_on {
        // What of the last operations is on the medium is a matter of luck.
        for _ in 0..10 {
            let cut = world.disk.cut_after(at, &mut |most| rng.usize(..=most));
            let again = after(cut).await;
            assert!(again.contains(&(3, 3)), "lost after {at}: {again:?}");
        }
    }
}

#[tokio::test]
async fn a_medium_that_takes_long_holds_up_only_whoever_waits_for_it() {
    let world = powered();
    let run = world.start();
    run.send(&[bad(1, 1)]).await;
    world.disk.stick(true);
    let waiting = payload(request(&[], &[bad(2, 2)]), &run.budget);
    let mut taking = pin!(run.sampler.take(waiting));
    assert!(poll!(taking.as_mut()).is_pending());
    // Time passes, and what was acknowledged is decided and handed on. Only that this is done has to be on the medium.
    let mut passing = pin!(run.pass(7));
    assert!(poll!(passing.as_mut()).is_pending());
    assert_eq!(world.arrived.all(), [(1, 1)]);
    assert!(poll!(taking.as_mut()).is_pending());
    // Nobody was told that the second one is there: it may be, or not.
    let mut rng = Rng::with_seed(7);
    let ops = world.disk.ops();
    let again = after(world.disk.cut_after(ops, &mut |most| rng.usize(..=most))).await;
    let sent = |id: &Id| [(1, 1), (2, 2)].contains(id);
    assert!(again.iter().all(sent), "{again:?}");
    world.disk.stick(false);
    passing.await;
    taking.await.unwrap();
    run.pass(7).await;
    assert_eq!(world.arrived.all(), [(1, 1), (2, 2)]);
}
