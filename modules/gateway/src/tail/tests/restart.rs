//! Does a journal bring back what was not decided, and nothing else?

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, ready};
use serde_json::json;

use super::{
    super::{Appending, Core, Fate, Journal, LogJournal, Position, Sampler, Unread, Verdict},
    world::{Made, Sink, payload, recover, request, span},
};
use crate::{
    Budget, Payload, Refusal,
    haste::Haste,
    log::{self, tests::disk::SimDisk},
    pipeline::Take,
    time::simulated::Simulation,
    wire::Value,
};

/// A journal that outlives a sampler, as the disk does.
#[derive(Default)]
pub(super) struct Memory {
    records: Mutex<BTreeMap<Position, Payload>>,
    verdicts: Mutex<Vec<Verdict>>,
    last: Mutex<Position>,
    /// Up to where this run has read.
    read: Mutex<Position>,
}

impl Memory {
    pub(super) fn is_empty(&self) -> bool {
        self.records.lock().unwrap().is_empty()
    }
}

impl Journal for Memory {
    fn append(&self, payload: &Payload) -> Result<Appending, Refusal> {
        let mut last = self.last.lock().unwrap();
        last.0 += 1;
        let mut records = self.records.lock().unwrap();
        records.insert(*last, payload.clone());
        Ok(Appending {
            position: *last,
            stored: Box::pin(ready(Ok(()))),
        })
    }

    fn decided<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, ()> {
        self.verdicts.lock().unwrap().extend_from_slice(verdicts);
        Box::pin(ready(()))
    }

    fn done(&self, records: &[Position]) {
        let mut all = self.records.lock().unwrap();
        for position in records {
            assert!(
                all.remove(position).is_some(),
                "{position:?} was done before"
            );
        }
    }

    fn recall(&self, each: &mut dyn FnMut(Verdict)) -> u64 {
        *self.read.lock().unwrap() = Position::default();
        self.verdicts.lock().unwrap().iter().copied().for_each(each);
        self.records.lock().unwrap().len() as u64
    }

    fn next(&self) -> Unread {
        let (mut read, records) = (self.read.lock().unwrap(), self.records.lock().unwrap());
        let unread = (Bound::Excluded(*read), Bound::Unbounded);
        let Some((position, payload)) = records.range(unread).next() else {
            return Unread::Nothing;
        };
        *read = *position;
        Unread::Record(*position, payload.clone())
    }

    fn give_back(&self, record: Position) {
        *self.read.lock().unwrap() = Position(record.0 - 1);
    }

    fn leave(&self, record: Position) {
        *self.read.lock().unwrap() = record;
    }

    fn at_end(&self) -> Option<Position> {
        let (last, read) = (self.last.lock().unwrap(), self.read.lock().unwrap());
        let records = self.records.lock().unwrap();
        let unread = records.range((Bound::Excluded(*read), Bound::Unbounded));
        (unread.count() == 0).then_some(Position(last.0 + 1))
    }

    fn unreadable(&self) -> Option<Position> {
        None
    }
}

fn sampler(journal: Arc<dyn Journal>, sink: &Arc<Sink>, budget: &Arc<Budget>) -> Arc<Sampler> {
    remembering(0, journal, sink, budget)
}

/// One whose caches have so many entries.
fn remembering(
    entries: u32,
    journal: Arc<dyn Journal>,
    sink: &Arc<Sink>,
    budget: &Arc<Budget>,
) -> Arc<Sampler> {
    let settings = json!({
        "decision_wait": "5s",
        "decision_cache": { "sampled_cache_size": entries, "non_sampled_cache_size": entries },
        "policies": [{ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } }],
    });
    let settings = serde_json::from_value(settings).unwrap();
    let core = Core::new(&settings, None, budget).unwrap();
    Arc::new(Sampler::new(core, Some(journal), sink.clone()))
}

fn bad(trace: u8, id: u8) -> Made {
    Made {
        status: 2,
        ..span(trace, id)
    }
}

/// Seconds pass, and what is kept is handed on.
async fn pass(sampler: &Sampler, seconds: u8) {
    for _ in 0..seconds {
        sampler.second().await;
        sampler.send_all(&true.into()).await;
    }
}

/// A request of one trace: an id of a test has one byte, so that these differ in others.
fn trace(nth: u32, budget: &Arc<Budget>) -> Payload {
    let mut body = request(&[], &[span(7, 1)]);
    let id = body.windows(15).position(|bytes| bytes == [7; 15]).unwrap();
    body[id..id + 4].copy_from_slice(&nth.to_le_bytes());
    payload(body, budget)
}

#[tokio::test]
async fn what_was_not_decided_is_decided_after_a_crash_and_nothing_comes_twice() {
    let budget = Budget::new(16 << 20);
    let (journal, sink) = (Arc::new(Memory::default()), Arc::new(Sink::default()));
    let send = async |sampler: &Sampler, spans: &[Made]| {
        let payload = payload(request(&[], spans), &budget);
        sampler.take(payload).await.unwrap();
    };
    let first = sampler(journal.clone(), &sink, &budget);
    // The first and the second trace are decided before the crash; the third and the fourth are not, and the third
    // stands in one record with spans of the first and the second.
    send(&first, &[bad(1, 1), span(2, 2)]).await;
    pass(&first, 3).await;
    send(&first, &[span(1, 3), bad(2, 8), bad(3, 4)]).await;
    pass(&first, 4).await;
    send(&first, &[span(3, 5), bad(4, 6)]).await;
    drop(first);
    let before = std::mem::take(&mut *sink.taken.lock().unwrap());
    assert_eq!(Vec::from_iter(before), [(1, 1), (1, 3), (2, 2), (2, 8)]);
    assert_eq!(journal.records.lock().unwrap().len(), 2);
    let fates: Vec<_> = journal
        .verdicts
        .lock()
        .unwrap()
        .iter()
        .map(|verdict| verdict.fate)
        .collect();
    assert_eq!(fates, [Fate::Kept, Fate::Kept]);

    let second = sampler(journal.clone(), &sink, &budget);
    assert_eq!(recover(&second).await, (2, 0));
    pass(&second, 7).await;
    let after = std::mem::take(&mut *sink.taken.lock().unwrap());
    assert_eq!(Vec::from_iter(after), [(3, 4), (3, 5), (4, 6)]);
    assert_eq!(journal.records.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn what_was_decided_before_a_crash_is_remembered_for_who_comes_late() {
    let budget = Budget::new(16 << 20);
    let (journal, sink) = (Arc::new(Memory::default()), Arc::new(Sink::default()));
    let send = async |sampler: &Sampler, spans: &[Made]| {
        let payload = payload(request(&[], spans), &budget);
        sampler.take(payload).await.unwrap();
    };
    let first = remembering(9, journal.clone(), &sink, &budget);
    send(&first, &[bad(1, 1), span(2, 2)]).await;
    pass(&first, 3).await;
    // What is not decided yet keeps the verdicts on the others.
    send(&first, &[bad(1, 3), span(2, 4), bad(3, 5)]).await;
    pass(&first, 4).await;
    drop(first);
    sink.taken.lock().unwrap().clear();

    let second = remembering(9, journal.clone(), &sink, &budget);
    recover(&second).await;
    send(&second, &[span(1, 6), bad(2, 7)]).await;
    pass(&second, 7).await;
    let after = std::mem::take(&mut *sink.taken.lock().unwrap());
    assert_eq!(Vec::from_iter(after), [(1, 6), (3, 5)]);
}

#[tokio::test]
async fn an_orderly_end_leaves_what_waits_to_the_next_run() {
    let budget = Budget::new(16 << 20);
    let (journal, sink) = (Arc::new(Memory::default()), Arc::new(Sink::default()));
    let first = sampler(journal.clone(), &sink, &budget);
    let waiting = payload(request(&[], &[bad(1, 1)]), &budget);
    first.take(waiting).await.unwrap();
    first.run(async {}, Haste::new().hurry()).await;
    assert_eq!(sink.taken.lock().unwrap().len(), 0);
    let second = sampler(journal.clone(), &sink, &budget);
    assert_eq!(recover(&second).await, (1, 0));
    pass(&second, 7).await;
    assert_eq!(sink.taken.lock().unwrap().len(), 1);
    assert_eq!(journal.records.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_log_on_disk_brings_back_the_same() {
    let folder = std::env::temp_dir().join(format!("tail-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let budget = Budget::new(16 << 20);
    let sink = Arc::new(Sink::default());
    let settings = log::Settings {
        memory: 0,
        ..log::Settings::new([LogJournal::DESTINATION])
    };
    let open = || {
        let (log, found) =
            log::Log::open(&folder, &settings, Arc::new(log::RealDisk::default())).unwrap();
        let backlog = log.cursor(LogJournal::DESTINATION);
        let journal = LogJournal::new(log, found.notes, budget.clone());
        (Arc::new(journal), backlog)
    };
    let (journal, _) = open();
    let first = sampler(journal.clone(), &sink, &budget);
    assert_eq!(recover(&first).await, (0, 0));
    for (spans, seconds) in [
        (vec![bad(1, 1), span(2, 2)], 3),
        (vec![span(1, 3), bad(2, 8), bad(3, 4)], 4),
        (vec![span(3, 5), bad(4, 6)], 0),
    ] {
        first
            .take(payload(request(&[], &spans), &budget))
            .await
            .unwrap();
        pass(&first, seconds).await;
    }
    drop((first, journal));
    let before = std::mem::take(&mut *sink.taken.lock().unwrap());
    assert_eq!(Vec::from_iter(before), [(1, 1), (1, 3), (2, 2), (2, 8)]);

    assert_eq!(budget.used(), 0);
    let (journal, backlog) = open();
    let noted = budget.used();
    assert!(noted > 0, "what was noted is in memory");
    let second = sampler(journal.clone(), &sink, &budget);
    second.recall();
    assert!(
        budget.used() > noted,
        "four verdicts take more than they did"
    );
    assert_eq!(second.catch_up().await, (2, 0));
    pass(&second, 7).await;
    let after = std::mem::take(&mut *sink.taken.lock().unwrap());
    assert_eq!(Vec::from_iter(after), [(3, 4), (3, 5), (4, 6)]);
    // The last verdicts speak of the last record: they stay until there is another.
    assert!(backlog.backlog().records <= 1, "{:?}", backlog.backlog());
    drop((second, journal, backlog));
    assert_eq!(budget.used(), 0);
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn a_request_that_is_left_does_not_keep_notes_until_the_log_is_full() {
    let budget = Budget::new(16 << 20);
    let settings = log::Settings {
        segment: 64 << 10,
        capacity: 512 << 10,
        ..log::Settings::new([LogJournal::DESTINATION])
    };
    let disk: Arc<dyn log::Disk> = Arc::new(SimDisk::default());
    let (log, found) = log::Log::open(Path::new("/left"), &settings, disk).unwrap();
    let journal = LogJournal::new(log, found.notes, budget.clone());
    let left = journal.append(&trace(0, &budget)).unwrap();
    left.stored.await.unwrap();
    journal.leave(left.position);
    let (mut bytes, mut nth) = (0, 0);
    while bytes < 3 * settings.capacity {
        nth += 1;
        let payload = trace(nth, &budget);
        bytes += payload.body.len() as u64;
        let appending = journal.append(&payload).unwrap();
        let verdict = Verdict {
            trace_id: [7; 16],
            fate: Fate::NotKept,
            upto: appending.position,
        };
        appending.stored.await.unwrap();
        journal.decided(&[verdict]).await;
        journal.done(&[appending.position]);
    }
}

#[tokio::test]
async fn what_has_waited_before_a_crash_waits_for_the_rest_of_its_time() {
    let folder = std::env::temp_dir().join(format!("tail-waited-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let budget = Budget::new(16 << 20);
    let sink = Arc::new(Sink::default());
    let settings = log::Settings::new([LogJournal::DESTINATION]);
    let open = || {
        let (log, found) =
            log::Log::open(&folder, &settings, Arc::new(log::RealDisk::default())).unwrap();
        Arc::new(LogJournal::new(log, found.notes, budget.clone()))
    };
    let first = sampler(open(), &sink, &budget);
    // Each of them is decided five seconds after its first span came, or at once if that has passed.
    for (trace, ago) in [(1, 60_500), (2, 3000), (3, 0)] {
        let came = payload(request(&[], &[bad(trace, trace)]), &budget);
        let arrived = Instant::now().checked_sub(Duration::from_millis(ago));
        let arrived = arrived.expect("a machine that runs for a minute");
        first.take(Payload { arrived, ..came }).await.unwrap();
    }
    drop(first);
    // Twice, for it is killed again before it has decided anything.
    drop(sampler(open(), &sink, &budget));
    let second = sampler(open(), &sink, &budget);
    assert_eq!(recover(&second).await, (3, 0));
    let mut seen = BTreeSet::new();
    for second_by_second in 1..=6 {
        pass(&second, 1).await;
        seen.extend(sink.taken.lock().unwrap().iter().map(|(trace, _)| *trace));
        // Sooner on a machine so slow that more of the time has passed, and never later.
        let by_now = [(1, 1), (2, 3), (3, 6)]
            .into_iter()
            .filter(|(_, at)| *at <= second_by_second);
        let by_now: BTreeSet<u8> = by_now.map(|(trace, _)| trace).collect();
        assert!(
            by_now.is_subset(&seen),
            "{seen:?} after {second_by_second} s"
        );
    }
    drop(second);
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn a_restart_reads_what_waits_once_and_not_again_for_what_was_decided() {
    let budget = Budget::new(64 << 20);
    let (disk, sink) = (SimDisk::default(), Arc::new(Sink::default()));
    let settings = log::Settings {
        memory: 0,
        segment: 2 << 20,
        ..log::Settings::new([LogJournal::DESTINATION])
    };
    let open = || {
        let disk = Arc::new(disk.clone());
        let (log, found) = log::Log::open(Path::new("/journal"), &settings, disk).unwrap();
        Arc::new(LogJournal::new(log, found.notes, budget.clone()))
    };
    let first = sampler(open(), &sink, &budget);
    let large = Made {
        attributes: vec![("text", Value::Bytes(&[7; 200 << 10]))],
        ..span(0, 1)
    };
    let mut waiting = 0;
    for nth in 0..40 {
        let made = Made {
            trace: nth,
            ..large.clone()
        };
        let payload = payload(request(&[], &[made]), &budget);
        waiting += payload.body.len() as u64;
        first.take(payload).await.unwrap();
    }
    drop(first);
    let before = disk.read();
    let second = sampler(open(), &sink, &budget);
    assert_eq!(recover(&second).await, (40, 0));
    let read = disk.read() - before;
    // Beside it the notes of what is done, the bodies of the last file, whose end may be torn, and headers.
    assert!(read >= waiting, "{read} of {waiting}");
    assert!(read < waiting + (5 << 20), "{read} of {waiting}");
}

#[test]
fn however_much_comes_meanwhile_deciding_does_not_fall_behind() {
    // However slow the machine is, all of them came in one second.
    Simulation::new(0).run(async {
        let budget = Budget::new(256 << 20);
        let sink = Arc::new(Sink::default());
        let sampler = sampler(Arc::new(Memory::default()), &sink, &budget);
        let mut traces = (0..).map(|nth| trace(nth, &budget));
        for trace in traces.by_ref().take(12_000) {
            sampler.take(trace).await.unwrap();
        }
        for _ in 0..5 {
            sampler.second().await;
        }
        let (mut turns, mut deciding) = (1, Box::pin(sampler.second()));
        while futures::poll!(deciding.as_mut()).is_pending() {
            turns += 1;
            // As many as are decided in a turn where nothing comes.
            for trace in traces.by_ref().take(2048) {
                sampler.take(trace).await.unwrap();
            }
        }
        assert_eq!(turns, 4, "2,048, and twice as many for those that came");
    });
}

#[test]
fn what_is_decided_is_noted_before_everything_is() {
    // However slow the machine is, all of them came in one second.
    Simulation::new(0).run(async {
        let budget = Budget::new(64 << 20);
        let (journal, sink) = (Arc::new(Memory::default()), Arc::new(Sink::default()));
        let sampler = sampler(journal.clone(), &sink, &budget);
        // More traces than are decided in one turn.
        for nth in 0..3000 {
            sampler.take(trace(nth, &budget)).await.unwrap();
        }
        for _ in 0..5 {
            sampler.second().await;
        }
        assert_eq!(journal.verdicts.lock().unwrap().len(), 0);
        let mut deciding = std::pin::pin!(sampler.second());
        assert!(futures::poll!(deciding.as_mut()).is_pending());
        let noted = journal.verdicts.lock().unwrap().len();
        assert!((1..3000).contains(&noted), "{noted}");
        deciding.await;
        assert_eq!(journal.verdicts.lock().unwrap().len(), 3000);
        assert!(journal.is_empty());
    });
}
