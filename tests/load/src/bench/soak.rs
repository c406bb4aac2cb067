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

/// What grew: its name, what it was before and what it is in the last third.
pub type Grew = (String, f64, f64);

/// What a soak showed.
#[derive(Debug, Serialize)]
pub struct Soaked {
    /// What was held, over time.
    pub samples: Vec<Sample>,
    /// What grew.
    pub grew: Vec<Grew>,
    /// What was sent.
    pub sent: Sent,
    /// What became of it.
    pub verdict: Verdict,
}

/// As many samples as two minutes have; with fewer, nobody can say that something is flat.
const ENOUGH: usize = 40;

impl Soaked {
    /// Whether something arrived, nothing was lost, and nothing grew as far as can be told.
    pub fn is_good(&self) -> bool {
        self.grew.is_empty() && self.verdict.is_clean() && self.verdict.delivered > 0
    }

    /// What nobody can tell of it, and why.
    pub fn not_judged(&self) -> Option<String> {
        let samples = self.samples.len();
        let what = "only losses are judged, and not whether anything grows: that takes two minutes";
        (samples < ENOUGH).then(|| format!("{what} ({samples} samples of {ENOUGH})"))
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

/// A name, how to read it, and what the most of it may differ by without growing.
type Measure = (&'static str, fn(&Sample) -> f64, f64);

const MEASURES: [Measure; 4] = [
    ("resident KiB", |sample| sample.resident, 4096.0),
    ("descriptors", |sample| sample.descriptors, 3.0),
    ("files", |sample| sample.files, 3.0),
    ("stored KiB", |sample| sample.stored, 65_536.0),
];

/// What is more in the last third than in one before, of what comes after a fifth of the time: until then queues, caches
/// and what an allocator keeps fill. The most may vary; the least tells what stays, so it may differ by a quarter of that.
fn growth(samples: &[Sample]) -> Vec<Grew> {
    if samples.len() < ENOUGH {
        return Vec::new();
    }
    let steady = &samples[samples.len() / 5..];
    let third = steady.len() / 3;
    let (first, second) = (&steady[..third], &steady[third..third * 2]);
    let last = &steady[third * 2..];
    let most =
        |of: fn(&Sample) -> f64, samples: &[Sample]| samples.iter().map(of).fold(0.0, f64::max);
    let least = |of: fn(&Sample) -> f64, samples: &[Sample]| {
        samples.iter().map(of).fold(f64::INFINITY, f64::min)
    };
    let mut grew = Vec::new();
    for (name, of, noise) in MEASURES {
        for (than, earlier) in [("the first third", first), ("the second third", second)] {
            let mut compare = |which, before: f64, after: f64, by: f64| {
                if after > before + by {
                    let what = format!("the {which} {name}, since {than}");
                    grew.push((what, before, after));
                }
            };
            let (before, after) = (most(of, earlier), most(of, last));
            compare("most", before, after, before / 10.0 + noise);
            let (before, after) = (least(of, earlier), least(of, last));
            compare("least", before, after, before / 20.0 + noise / 4.0);
        }
    }
    grew
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

    /// Whether the resident memory grew, of which so much is there at a second.
    fn grows(resident: fn(f64) -> f64) -> bool {
        let grew = growth(&samples(resident));
        assert!(grew.iter().all(|(what, ..)| what.contains("resident")));
        !grew.is_empty()
    }

    #[test]
    fn what_is_short_is_judged_by_its_losses_and_says_so() {
        let of = |count: usize, lost: u64| Soaked {
            samples: samples(|second| 30_000.0 + 100.0 * second)[..count].to_vec(),
            grew: growth(&samples(|second| 30_000.0 + 100.0 * second)[..count]),
            sent: Sent::default(),
            verdict: Verdict {
                acknowledged: 10,
                delivered: 10 - lost,
                lost,
                ..Verdict::default()
            },
        };
        let short = of(ENOUGH - 1, 0);
        assert!(short.is_good());
        let said = short.not_judged().unwrap();
        assert!(said.contains("39 samples of 40"), "{said}");
        assert!(!of(ENOUGH - 1, 1).is_good(), "it lost something");
        let long = of(300, 0);
        assert!(!long.is_good() && long.not_judged().is_none(), "it grew");
    }

    #[test]
    fn a_leak_grows_and_waves_do_not() {
        assert!(!grows(|second| 30_000.0 + 5_000.0 * second.sin()));
        assert!(grows(|second| 30_000.0 + 100.0 * second));
    }

    #[test]
    fn a_slow_leak_is_found_beside_the_first_third() {
        assert!(grows(|second| 30_000.0
            + 2_000.0 * second.sin()
            + 25.0 * second));
    }

    #[test]
    fn what_fills_at_first_and_a_level_that_comes_and_goes_do_not_grow() {
        assert!(!grows(|second| 16_000.0 + (200.0 * second).min(10_000.0)));
        let levels = |second: f64| {
            if ((second / 30.0) as u64).is_multiple_of(2) {
                16_700.0
            } else {
                36_100.0
            }
        };
        assert!(!grows(levels));
    }

    #[test]
    fn a_step_that_stays_grew_even_if_the_second_third_has_it_too() {
        assert!(grows(|second| if second < 150.0 {
            16_000.0
        } else {
            25_000.0
        }));
    }
}
