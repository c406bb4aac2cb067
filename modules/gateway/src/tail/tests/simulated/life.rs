//! What does a gateway do from its start to its end?

use std::{path::Path, sync::Arc, time::Duration};

use fastrand::Rng;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::sync::watch;

use super::{
    Plan,
    broken::{Journaling, Mutation, Next},
    history::{Books, Sent, WAIT},
};
use crate::{
    Budget, Payload, Refusal, Signal,
    export::{
        Delivered, Exporter, Failure, Fanout, Kept, Queue, Sender, Source, Tallies, Trouble,
        consume,
    },
    haste::Haste,
    log::{self, Cursor, Log, Recovered, tests::disk::SimDisk},
    pipeline::Take,
    settings::{Backoff, Queue as QueueSettings, Sizer},
    tail::{
        Cores, Journal, LogJournal, Sampler, Unread,
        tests::world::{Made, payload, request, span, spans_of},
    },
    time::{simulated::spawn, sleep},
    wire::Value,
};

/// A gateway that runs: senders, a sampler with its journal, a queue in a log, a destination.
pub(super) struct Life {
    disk: SimDisk,
    history: Books,
    sampler: Arc<Sampler>,
    exporter: Arc<Exporter>,
    backlog: Cursor,
    /// Held by each task until it ends.
    senders: Arc<()>,
    working: Arc<()>,
    stop: watch::Sender<bool>,
    haste: Haste,
}

/// A destination that fails as its dice fall.
struct Flaky {
    disk: SimDisk,
    history: Books,
    failing: u8,
    dice: std::sync::Mutex<Rng>,
}

impl Sender for Flaky {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let dice = |most| self.dice.lock().unwrap().u64(..most);
            sleep(Duration::from_millis(dice(50))).await;
            let failed = || Err(Failure::passing("the dice fell so"));
            if dice(100) < self.failing.into() {
                return failed();
            }
            for (_, span) in spans_of(payload) {
                self.history.delivered(span, self.disk.ops());
            }
            sleep(Duration::from_millis(dice(50))).await;
            // It has it, and nobody hears of it.
            if dice(100) < u64::from(self.failing) / 2 {
                return failed();
            }
            Ok(Delivered::default())
        })
    }
}

fn log(disk: &SimDisk, folder: &str, capacity: u64, destination: &str) -> (Log, Recovered) {
    let settings = log::Settings {
        capacity,
        segment: 4 << 10,
        memory: 0,
        ..log::Settings::new([destination])
    };
    let disk = Arc::new(disk.clone());
    Log::open(Path::new(folder), &settings, disk).unwrap()
}

fn journal(disk: &SimDisk, capacity: u64, budget: &Arc<Budget>) -> LogJournal {
    let (log, found) = log(disk, "/journal", capacity, LogJournal::DESTINATION);
    LogJournal::new(log, found.notes, Arc::clone(budget))
}

fn exporter(sender: Flaky) -> Arc<Exporter> {
    let queue = QueueSettings {
        sizer: Sizer::Requests,
        size: 8,
        consumers: 2,
        block_on_overflow: false,
        wait_for_result: false,
        storage: None,
        batch: None,
    };
    let retry = Backoff {
        initial: Duration::from_millis(50),
        max: Duration::from_secs(1),
        give_up: None,
        multiplier: 1.5,
        jitter: 0.5,
    };
    Arc::new(Exporter {
        signal: Signal::Traces,
        queue: Queue::new(queue, None),
        retry: Some(retry),
        sender: Arc::new(sender),
        tallies: Tallies::default(),
        trouble: Trouble::of("nop".parse().unwrap(), Signal::Traces),
        peer: None,
    })
}

fn cores(plan: &Plan, budget: &Arc<Budget>) -> Cores {
    let cache = if plan.remembers { 100 } else { 0 };
    let settings = json!({
        "decision_wait": format!("{WAIT}s"),
        "num_shards": plan.shards,
        "decision_cache": { "sampled_cache_size": cache, "non_sampled_cache_size": cache },
        "policies": [{ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } }],
    });
    let settings = serde_json::from_value(settings).unwrap();
    Cores::new(&settings, None, budget).unwrap()
}

impl Life {
    pub(super) fn start(
        disk: &SimDisk,
        plan: &Plan,
        mutation: Mutation,
        rng: &mut Rng,
        history: &Books,
    ) -> Self {
        let budget = Budget::new(plan.budget);
        let flaky = Flaky {
            disk: disk.clone(),
            history: history.clone(),
            failing: plan.failing,
            dice: std::sync::Mutex::new(rng.fork()),
        };
        let exporter = exporter(flaky);
        let (queue, _) = log(disk, "/queue", plan.capacity, "destination");
        let cursor = queue.cursor("destination");
        let backlog = cursor.clone();
        let kept = Kept::new(queue, vec![(Arc::clone(&exporter), cursor.clone())]);
        let next = Arc::new(Next(Arc::new(Fanout::new(vec![], vec![kept])), mutation));
        let journal = Journaling::new(journal(disk, plan.capacity, &budget), mutation);
        let sampler = Sampler::new(cores(plan, &budget), Some(Arc::new(journal)), next);
        let sampler = Arc::new(sampler);
        sampler.recall();
        let (stop, stopped) = watch::channel(false);
        let life = Self {
            disk: disk.clone(),
            history: history.clone(),
            sampler,
            exporter,
            backlog,
            senders: Arc::default(),
            working: Arc::default(),
            stop,
            haste: Haste::new(),
        };
        life.work(cursor, &budget, &stopped);
        for _ in 0..plan.senders {
            let sender = send(
                Arc::clone(&life.sampler),
                Arc::clone(&budget),
                disk.clone(),
                history.clone(),
                rng.fork(),
            );
            run(&life.senders, sender);
        }
        life
    }

    fn work(&self, cursor: Cursor, budget: &Arc<Budget>, stopped: &watch::Receiver<bool>) {
        let source = Source::Log(cursor, Arc::clone(budget));
        let (sampler, exporter) = (Arc::clone(&self.sampler), Arc::clone(&self.exporter));
        let consumed = consume(Arc::clone(&exporter), source, 2, self.haste.hurry());
        run(&self.working, consumed);
        let (mut stopped, hurry) = (stopped.clone(), self.haste.hurry());
        run(&self.working, async move {
            let stop = async {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            sampler.run(stop, hurry).await;
            exporter.queue.close();
        });
    }

    /// Lets senders send, decides and delivers everything, ends in good order, and notes what is left.
    pub(super) async fn end(self) {
        ended(&self.senders).await;
        // What is kept may wait for its turn outside of both.
        let (mut quiet, mut seconds) = (0, 0);
        while quiet < 10 && seconds < 1000 {
            sleep(Duration::from_secs(1)).await;
            let unread = self.sampler.counts().unread.get();
            let idle =
                self.sampler.waiting() == 0 && self.backlog.backlog().records == 0 && unread == 0;
            quiet = if idle { quiet + 1 } else { 0 };
            seconds += 1;
        }
        self.stop.send_replace(true);
        ended(&self.working).await;
        let waiting = self.backlog.backlog().records;
        let Self { disk, history, .. } = self;
        let again = disk.killed_after(disk.ops());
        let left = journal(&again, 1 << 20, &Budget::new(1 << 20));
        left.recall(&mut |_| {});
        while let Unread::Record(..) = left.next() {
            history.open().pending += 1;
        }
        history.open().pending += waiting;
    }
}

/// Makes a task that is one of these.
fn run(these: &Arc<()>, task: impl Future<Output = ()> + Send + 'static) {
    let these = Arc::clone(these);
    spawn(async move {
        task.await;
        drop(these);
    });
}

/// Waits until all of these have ended.
async fn ended(these: &Arc<()>) {
    for _ in 0..10_000 {
        if Arc::strong_count(these) == 1 {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not end");
}

/// Sends spans of traces that others send spans of, too.
async fn send(
    sampler: Arc<Sampler>,
    budget: Arc<Budget>,
    disk: SimDisk,
    history: Books,
    mut rng: Rng,
) {
    for _ in 0..rng.usize(1..10) {
        sleep(Duration::from_millis(rng.u64(..700))).await;
        let spans = made(&history, &mut rng);
        let taken = sampler.take(payload(request(&[], &spans), &budget)).await;
        let (now, ops) = (history.now(), disk.ops());
        let mut books = history.open();
        match taken {
            Ok(()) => {
                for span in &spans {
                    let sent = books.sent.get_mut(&span.id).unwrap();
                    sent.acknowledged = Some((now, ops));
                }
            }
            Err(Refusal::Busy { .. }) => books.refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
}

/// Spans of new traces, and of such as began lately.
fn made(history: &Books, rng: &mut Rng) -> Vec<Made> {
    let now = history.now();
    let mut books = history.open();
    let mut spans = Vec::new();
    for _ in 0..rng.usize(1..5) {
        let lately = books.sent.values().rev().take(12);
        let open: Vec<u8> = lately
            .filter(|sent| now < sent.at + Duration::from_secs(1))
            .map(|sent| sent.trace)
            .collect();
        let last = books.sent.values().map(|sent| sent.trace).max();
        let new = last.unwrap_or_default().saturating_add(1);
        let trace = rng.choice(open).filter(|_| rng.u8(..3) > 0).unwrap_or(new);
        let id = books
            .sent
            .keys()
            .next_back()
            .map_or(1, |id| id.saturating_add(1));
        if id == u8::MAX {
            break;
        }
        let fails = rng.u8(..6) == 0;
        let at = now;
        let sent = Sent {
            trace,
            fails,
            at,
            acknowledged: None,
        };
        books.sent.insert(id, sent);
        spans.push(Made {
            status: if fails { 2 } else { 0 },
            attributes: match rng.u8(..3) {
                0 => vec![("text", Value::Bytes(&[7; 900]))],
                _ => Vec::new(),
            },
            ..span(trace, id)
        });
    }
    spans
}
