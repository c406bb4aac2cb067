//! What did one run show?

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    BenchError,
    peer::{Peer, Run},
    process::{Process, Used, free_address},
    scenario::Scenario,
};
use crate::{
    generator::{Load, Rate, Sent, send},
    histogram::Histogram,
    layout::Layout,
    ledger::Ledger,
    sink::Sink,
    template::Template,
    verdict::{Expected, Verdict},
};

/// The most spans per second that books are kept for.
const FASTEST: u64 = 10_000_000;

/// How runs are made.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How long the load lasts.
    pub duration: Duration,
    /// How long the same load runs before it counts.
    pub warmup: Duration,
    /// The core of who is measured, and that of generator and sink.
    pub cores: Option<(usize, usize)>,
}

/// Figures of one run.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Who was measured.
    pub peer: &'static str,
    /// In what.
    pub scenario: &'static str,
    /// Processor seconds per million spans that arrived; with sampling, that were acknowledged.
    pub cpu: Option<f64>,
    /// The same of generator and sink together.
    pub ours: f64,
    /// How much of its core it used.
    pub busy: Option<f64>,
    /// Resident MiB before the load, and the most there ever were.
    pub idle: Option<f64>,
    /// See `idle`.
    pub peak: Option<f64>,
    /// Spans that arrived per second of the load.
    pub rate: f64,
    /// The same of its second half, when all that senders may have in flight is.
    pub goodput: f64,
    /// Bytes on the wire per span, into the gateway and out of it.
    pub bytes_in: f64,
    /// See `bytes_in`.
    pub bytes_out: f64,
    /// Messages at the sink by encoding: none, gzip, zstd.
    pub encodings: [u64; 3],
    /// Milliseconds from when a request was due to its acknowledgement: median, 99th and 99.9th percentile.
    pub acknowledgement: [f64; 3],
    /// The same to its arrival.
    pub delivery: [f64; 3],
    /// What was sent.
    pub sent: Sent,
    /// What became of it.
    pub verdict: Verdict,
}

/// Measures a peer in a scenario. `folder` is for what it writes, and is empty.
pub fn measure(
    peer: Peer,
    scenario: &Scenario,
    setting: Setting,
    folder: &Path,
) -> Result<Measured, BenchError> {
    let sink = Sink::start(free_address()?, setting.cores.map(|(_, ours)| ours))?;
    let mut target = sink.address();
    let mut process = None;
    let listens = free_address()?;
    let run = Run {
        listens,
        sink: sink.address(),
        folder,
    };
    if let Some(command) = peer.command(scenario, &run)? {
        target = listens;
        let mut started = Process::start(command, setting.cores.map(|(theirs, _)| theirs))?;
        started
            .listens(listens)
            .map_err(|source| BenchError::Silent { peer, source })?;
        process = Some(started);
        // What a start leaves to do is done, and not counted.
        thread::sleep(Duration::from_millis(700));
    }
    let idle = process.as_ref().map(Process::resident).transpose()?;
    let template = Template::new(scenario.spans, scenario.size);
    if !setting.warmup.is_zero() {
        let load = load(scenario, target, setting.warmup);
        let ledger = books(scenario, setting.warmup, 1);
        sink.keep(&ledger);
        send(&load, &template, &ledger, 0)?;
        settle(&ledger, scenario);
    }
    let ledger = books(scenario, setting.duration, 2);
    sink.keep(&ledger);
    let before = Reading::take(process.as_ref(), &sink)?;
    let (sent, goodput) = thread::scope(|scope| {
        let goodput = scope.spawn(|| goodput(&ledger, scenario, setting.duration));
        let load = load(scenario, target, setting.duration);
        let sent = send(&load, &template, &ledger, 0);
        (sent, goodput.join().unwrap_or_default())
    });
    let (sent, _) = sent?;
    settle(&ledger, scenario);
    let after = Reading::take(process.as_ref(), &sink)?;
    let peak = process.as_ref().map(Process::peak).transpose()?;
    let verdict = Verdict::of(&ledger, scenario.expected);
    if let Some(process) = &mut process {
        process.stop()?;
    }
    Ok(figures(
        peer,
        scenario,
        setting,
        Raw {
            before,
            after,
            idle,
            peak,
            goodput,
            sent,
            verdict,
            ledger,
        },
    ))
}

/// What arrives in each second of the second half of a load: the first is that of an onrush.
fn goodput(ledger: &Ledger, scenario: &Scenario, duration: Duration) -> f64 {
    let arrived = || match scenario.expected {
        Expected::All => ledger.delivered(),
        Expected::Sampled(_) => ledger.acknowledged() * scenario.spans,
    };
    thread::sleep(duration / 2);
    let (begin, before) = (Instant::now(), arrived());
    thread::sleep(duration / 2);
    (arrived() - before) as f64 / begin.elapsed().as_secs_f64()
}

/// What is read before and after a load.
struct Reading {
    cpu: Option<Used>,
    ours: Used,
    bytes: u64,
    encodings: [u64; 3],
}

impl Reading {
    fn take(process: Option<&Process>, sink: &Sink) -> Result<Self, BenchError> {
        let seen = sink.seen();
        Ok(Self {
            cpu: process.map(Process::cpu).transpose()?,
            ours: Used::by(std::process::id())?,
            bytes: seen.bytes.load(Relaxed),
            encodings: seen.messages.each_ref().map(|count| count.load(Relaxed)),
        })
    }
}

struct Raw {
    before: Reading,
    after: Reading,
    idle: Option<u64>,
    peak: Option<u64>,
    goodput: f64,
    sent: Sent,
    verdict: Verdict,
    ledger: Arc<Ledger>,
}

fn figures(peer: Peer, scenario: &Scenario, setting: Setting, raw: Raw) -> Measured {
    let Raw {
        before,
        after,
        sent,
        verdict,
        ..
    } = raw;
    let cpu = after
        .cpu
        .as_ref()
        .zip(before.cpu.as_ref())
        .map(|(after, before)| after.since(before).as_secs_f64());
    let ours = after.ours.since(&before.ours);
    let through = match scenario.expected {
        Expected::All => verdict.delivered,
        Expected::Sampled(_) => verdict.acknowledged,
    };
    let per = |total: f64, count: u64| {
        if count == 0 {
            0.0
        } else {
            total / count as f64
        }
    };
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Measured {
        peer: peer.name(),
        scenario: scenario.name,
        cpu: cpu.map(|cpu| per(cpu * 1e6, through)),
        ours: per(ours.as_secs_f64() * 1e6, through),
        busy: cpu.map(|cpu| cpu / sent.seconds),
        idle: raw.idle.map(mib),
        peak: raw.peak.map(mib),
        rate: through as f64 / sent.seconds.max(setting.duration.as_secs_f64()),
        goodput: raw.goodput,
        bytes_in: per(sent.bytes as f64, sent.requests * scenario.spans),
        bytes_out: per((after.bytes - before.bytes) as f64, verdict.delivered),
        encodings: [0, 1, 2].map(|n| after.encodings[n] - before.encodings[n]),
        acknowledgement: quantiles(&sent.acknowledgement),
        delivery: quantiles(&raw.ledger.delivery),
        sent,
        verdict,
    }
}

fn quantiles(times: &Histogram) -> [f64; 3] {
    [500_000, 990_000, 999_000].map(|q| {
        times
            .quantile(q)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    })
}

pub(super) fn load(scenario: &Scenario, target: SocketAddr, duration: Duration) -> Load {
    Load {
        target,
        transport: scenario.transport,
        encoding: scenario.encoding,
        connections: scenario.connections,
        in_flight: scenario.in_flight,
        rate: scenario.rate,
        duration,
        patience: Duration::from_secs(20),
        backoff: Duration::from_millis(100),
    }
}

pub(super) fn books(scenario: &Scenario, duration: Duration, seed: u64) -> Arc<Ledger> {
    let rate = match scenario.rate {
        Rate::Spans(rate) => rate,
        Rate::Saturate => FASTEST,
    };
    let spans = (rate as f64 * duration.as_secs_f64()) as u64;
    Arc::new(ledger(scenario, spans, seed))
}

/// Books for so many spans.
pub(super) fn ledger(scenario: &Scenario, spans: u64, seed: u64) -> Ledger {
    let layout = Layout {
        spans: scenario.spans,
        spread: scenario.spread,
    };
    Ledger::new(seed, layout, spans / scenario.spans + 2)
}

/// Waits until all that was acknowledged has arrived, or until nothing arrives any more.
pub(super) fn settle(ledger: &Ledger, scenario: &Scenario) {
    let (mut last, mut since) = (ledger.delivered(), Instant::now());
    while since.elapsed() < scenario.settle {
        let whole = ledger.acknowledged() * scenario.spans;
        if scenario.expected == Expected::All && ledger.delivered() >= whole {
            return;
        }
        thread::sleep(Duration::from_millis(50));
        let now = ledger.delivered();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}
