//! Does anything grow that should not, when load goes on and on?

use std::{
    fs,
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
    sink::{Behaviour, Sink},
    template::Template,
    verdict::Verdict,
};

/// What the gateway held at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sample {
    /// Seconds since the load began.
    pub second: f64,
    /// Resident KiB.
    pub resident: f64,
    /// Open descriptors.
    pub descriptors: f64,
    /// Files that it wrote and has not deleted.
    pub files: f64,
    /// KiB in them.
    pub stored: f64,
}

/// What a soak showed.
#[derive(Debug, Serialize)]
pub struct Soaked {
    /// What was held, over time.
    pub samples: Vec<Sample>,
    /// What grew: its name, what it was after a third of the time and at the end.
    pub grew: Vec<(&'static str, f64, f64)>,
    /// What was sent.
    pub sent: Sent,
    /// What became of it.
    pub verdict: Verdict,
}

impl Soaked {
    /// Whether nothing grew and nothing was lost.
    pub fn is_flat(&self) -> bool {
        self.grew.is_empty() && self.verdict.is_clean() && self.verdict.delivered > 0
    }
}

/// Loads the gateway for so long; every minute the sink is dead for five seconds.
pub fn soak(scenario: &Scenario, setting: Setting, folder: &Path) -> Result<Soaked, BenchError> {
    let sink = Sink::start(free_address()?, setting.cores.map(|(_, ours)| ours))?;
    let run = Run {
        listens: free_address()?,
        sink: sink.address(),
        folder,
    };
    let command = Peer::Gateway.command(scenario, &run)?;
    let command = command.ok_or_else(|| std::io::Error::other("the gateway has a command"))?;
    let mut process = Process::start(command, setting.cores.map(|(theirs, _)| theirs))?;
    process
        .listens(run.listens)
        .map_err(|source| BenchError::Silent {
            peer: Peer::Gateway,
            source,
        })?;
    let ledger = books(scenario, setting.duration, 3);
    sink.keep(&ledger);
    let done = AtomicBool::new(false);
    let (sent, samples) = thread::scope(|scope| {
        let watch = scope.spawn(|| watch(&process, &sink, folder, &done));
        let template = Template::new(scenario.spans, scenario.size);
        let sent = send(
            &load(scenario, run.listens, setting.duration),
            &template,
            &ledger,
            0,
        );
        done.store(true, Relaxed);
        (sent, watch.join())
    });
    let (sent, _) = sent?;
    let samples = samples.map_err(|_| std::io::Error::other("whoever watched ended"))??;
    sink.behave(Behaviour::Take);
    settle(&ledger, scenario);
    let verdict = Verdict::of(&ledger, scenario.expected);
    process.stop()?;
    Ok(Soaked {
        grew: growth(&samples),
        samples,
        sent,
        verdict,
    })
}

fn watch(
    process: &Process,
    sink: &Sink,
    folder: &Path,
    done: &AtomicBool,
) -> Result<Vec<Sample>, BenchError> {
    let begin = Instant::now();
    let mut samples = Vec::new();
    while !done.load(Relaxed) {
        thread::sleep(Duration::from_secs(1));
        let dead = begin.elapsed().as_secs() % 60 >= 55;
        sink.behave(if dead {
            Behaviour::Die
        } else {
            Behaviour::Take
        });
        // While it waits for the sink it may hold more.
        if begin.elapsed().as_secs() % 60 < 30 {
            continue;
        }
        if !dead {
            samples.push(sample(process, folder, begin)?);
        }
    }
    Ok(samples)
}

fn sample(process: &Process, folder: &Path, begin: Instant) -> Result<Sample, BenchError> {
    let mut stored = Vec::new();
    sizes(folder, &mut stored);
    Ok(Sample {
        second: begin.elapsed().as_secs_f64(),
        resident: process.resident()? as f64 / 1024.0,
        descriptors: process.descriptors()? as f64,
        files: stored.len() as f64,
        stored: stored.iter().sum::<u64>() as f64 / 1024.0,
    })
}

/// Sizes of files that are there: one that goes away meanwhile is not.
fn sizes(folder: &Path, out: &mut Vec<u64>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(data) if data.is_dir() => sizes(&entry.path(), out),
            Ok(data) => out.push(data.len()),
            Err(_) => {}
        }
    }
}

/// A name, how to read it, and what it may differ by without growing.
type Measure = (&'static str, fn(&Sample) -> f64, f64);

/// What is more in the last third than in the second by over a tenth and over a measure's own noise.
fn growth(samples: &[Sample]) -> Vec<(&'static str, f64, f64)> {
    let third = samples.len() / 3;
    let most =
        |samples: &[Sample], of: fn(&Sample) -> f64| samples.iter().map(of).fold(0.0, f64::max);
    let measures: [Measure; 4] = [
        ("resident KiB", |sample| sample.resident, 4096.0),
        ("descriptors", |sample| sample.descriptors, 3.0),
        ("files", |sample| sample.files, 3.0),
        ("stored KiB", |sample| sample.stored, 65_536.0),
    ];
    measures
        .into_iter()
        .filter_map(|(name, of, noise)| {
            let before = most(&samples[third..third * 2], of);
            let after = most(&samples[third * 2..], of);
            (after > before * 1.1 + noise).then_some((name, before, after))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(resident: fn(f64) -> f64) -> Vec<Sample> {
        (0..300)
            .map(|second| Sample {
                second: f64::from(second),
                resident: resident(f64::from(second)),
                descriptors: 12.0,
                ..Sample::default()
            })
            .collect()
    }

    #[test]
    fn a_leak_grows_and_waves_do_not() {
        assert!(growth(&samples(|second| 30_000.0 + 5_000.0 * second.sin())).is_empty());
        let grew = growth(&samples(|second| 30_000.0 + 100.0 * second));
        assert_eq!(grew.len(), 1);
        assert_eq!(grew[0].0, "resident KiB");
    }
}
