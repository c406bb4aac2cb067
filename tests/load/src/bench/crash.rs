//! Is anything lost that was acknowledged, when the gateway is killed again and again under load?

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    BenchError,
    peer::{Peer, Run},
    process::{Process, free_address},
    run::{Setting, books, load, settle},
    scenario::Scenario,
};
use crate::{
    generator::{Sent, send},
    ids::Ids,
    sink::Sink,
    template::Template,
    verdict::Verdict,
};

/// What a gateway that was killed left of what it had acknowledged.
#[derive(Debug, Serialize)]
pub struct Crashed {
    /// How often it was killed.
    pub kills: u32,
    /// Seconds from a start until it listened: the most of all.
    pub slowest_start: f64,
    /// What was sent.
    pub sent: Sent,
    /// What became of it.
    pub verdict: Verdict,
}

/// Loads the gateway, and kills it every so often at no particular moment; then lets it deliver what it holds.
pub fn crash(
    scenario: &Scenario,
    setting: Setting,
    every: Duration,
    folder: &Path,
) -> Result<Crashed, BenchError> {
    let (theirs, ours) = (
        setting.cores.map(|(core, _)| core),
        setting.cores.map(|(_, core)| core),
    );
    let sink = Sink::start(free_address()?, ours)?;
    let run = Run {
        listens: free_address()?,
        sink: sink.address(),
        folder,
    };
    let start = || -> Result<(Process, f64), BenchError> {
        let begin = Instant::now();
        let command = Peer::Gateway.command(scenario, &run)?;
        let command = command.ok_or_else(|| std::io::Error::other("the gateway has a command"))?;
        let mut process = Process::start(command, theirs)?;
        process
            .listens(run.listens)
            .map_err(|source| BenchError::Silent {
                peer: Peer::Gateway,
                source,
            })?;
        Ok((process, begin.elapsed().as_secs_f64()))
    };
    let ledger = books(scenario, setting.duration, 4);
    sink.keep(&ledger);
    let first = start()?;
    let done = AtomicBool::new(false);
    let (sent, killed) = thread::scope(|scope| {
        let killer = scope.spawn(|| kill_again_and_again(first, start, every, &done));
        let template = Template::new(scenario.spans, scenario.size);
        let load = load(scenario, run.listens, setting.duration);
        let sent = send(&load, &template, &ledger, 0);
        done.store(true, Relaxed);
        (sent, killer.join())
    });
    let (sent, _) = sent?;
    let (mut last, kills, slowest_start) =
        killed.map_err(|_| std::io::Error::other("whoever killed ended"))??;
    settle(&ledger, scenario);
    let verdict = Verdict::of(&ledger, scenario.expected);
    last.stop()?;
    Ok(Crashed {
        kills,
        slowest_start,
        sent,
        verdict,
    })
}

/// Kills and starts until the load is over: the process that lives then, how many did not, and the slowest start.
fn kill_again_and_again(
    first: (Process, f64),
    start: impl Fn() -> Result<(Process, f64), BenchError>,
    every: Duration,
    done: &AtomicBool,
) -> Result<(Process, u32, f64), BenchError> {
    let (mut process, mut slowest) = first;
    let (mut kills, moments) = (0, Ids::new(7));
    loop {
        // Between half and one and a half of the time, never in step with anything.
        let dice = u64::from_le_bytes(moments.span(u64::from(kills))) % 1000;
        thread::sleep(every / 2 + every.mul_f64(dice as f64 / 1000.0));
        if done.load(Relaxed) {
            return Ok((process, kills, slowest));
        }
        drop(process);
        let (next, took) = start()?;
        (process, slowest, kills) = (next, took.max(slowest), kills + 1);
    }
}
