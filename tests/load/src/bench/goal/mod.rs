//! What is asked of the gateway, and does it do that?
//!
//! Most goals are ratios of one run, which hold on any machine; the others are figures of the machine they were set on.

mod list;

use std::fmt::Write as _;

use serde::Serialize;

use super::{peer::Peer, run::Measured};
pub use list::GOALS;

/// One goal.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Of what.
    pub figure: Figure,
    /// In which scenario; where none is said, in whichever is the worst for it.
    pub scenario: Option<&'static str>,
    /// How much.
    pub wanted: Wanted,
}

/// What a goal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Processor seconds per million spans: the median.
    Cpu,
    /// Resident MiB before the load: the median.
    Idle,
    /// The most resident MiB there ever were: the median.
    Peak,
    /// The same: the most of all runs.
    HighestPeak,
    /// Spans per second of the second half of a load: the median.
    Goodput,
    /// Milliseconds of the 99th percentile of delivery, beyond what generator and sink need by themselves: medians.
    Added,
    /// Spans that were lost, made up or wrongly kept, of all runs.
    Wrong,
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// At most one part of so many that the collector has.
    OfCollector(f64),
    /// At most so many times what the gateway has in another scenario.
    AtMostTimes(f64, &'static str),
    /// At least such a share of that.
    AtLeastShare(f64, &'static str),
    /// At most so much, on any machine.
    Bound(f64),
    /// At most so much, on a machine like the one in `docs/benchmarks.md`.
    Sane(f64),
}

/// What came of a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reached {
    /// What it is about, and in which scenario.
    pub goal: String,
    /// How much was wanted.
    pub wanted: String,
    /// How much it is.
    pub measured: String,
    /// Whether it is as wanted.
    pub is_met: bool,
    /// Whether another machine may have another answer.
    pub machines_differ: bool,
}

/// What makes a comparison fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Demand {
    /// A span that the gateway lost or made up, or that it delivered none.
    Losses,
    /// That, and a goal missed that is a ratio of one run or a bound.
    Ratios,
    /// That, and a goal missed that depends on the machine.
    Goals,
}

/// Whether a comparison shows what is demanded of the gateway. What its peers lose is theirs.
pub fn is_good(runs: &[Measured], reached: &[Reached], demand: Demand) -> bool {
    let ours = [Peer::Gateway, Peer::Hyper].map(Peer::name);
    let ours = runs.iter().filter(|run| ours.contains(&run.peer));
    let counts = |goal: &&Reached| match demand {
        Demand::Losses => false,
        Demand::Ratios => !goal.machines_differ,
        Demand::Goals => true,
    };
    let is_whole = |run: &Measured| run.verdict.is_clean() && run.verdict.delivered > 0;
    ours.into_iter().all(is_whole) && reached.iter().filter(counts).all(|goal| goal.is_met)
}

/// What came of all goals that these runs say something of.
pub fn reached(goals: &[Goal], runs: &[Measured]) -> Vec<Reached> {
    goals.iter().filter_map(|goal| goal.reached(runs)).collect()
}

/// Goals beside what was measured, as Markdown; nothing of no goals.
pub fn markdown(reached: &[Reached]) -> String {
    let mut out = String::new();
    if !reached.is_empty() {
        out.push_str("### Goals\n\n| goal | wanted | measured | |\n|---|---|---|---|\n");
    }
    for one in reached {
        let outcome = match (one.is_met, one.machines_differ) {
            (true, _) => "met",
            (false, true) => "**missed** (machines differ)",
            (false, false) => "**missed**",
        };
        let (goal, wanted, measured) = (&one.goal, &one.wanted, &one.measured);
        let _ = writeln!(out, "| {goal} | {wanted} | {measured} | {outcome} |");
    }
    out
}

/// What one scenario says of a goal: what is compared with the limit, and how it is told.
type Found = (f64, &'static str, String);

impl Goal {
    fn reached(&self, runs: &[Measured]) -> Option<Reached> {
        let mut scenarios: Vec<&'static str> = runs.iter().map(|run| run.scenario).collect();
        scenarios.dedup();
        scenarios.retain(|name| self.scenario.is_none_or(|one| one == *name));
        let found = scenarios.iter().filter_map(|name| self.found(runs, name));
        // What is not a number is the worst.
        let (value, scenario, measured) = found.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let (of, there) = match self.scenario {
            Some(name) => (format!("`{name}`"), String::new()),
            None => ("anywhere".to_owned(), format!(" in `{scenario}`")),
        };
        let unit = self.figure.unit();
        let (is_met, wanted) = match self.wanted {
            Wanted::OfCollector(n) => (value <= 1.0 / n, format!("≤ 1/{n} of the collector's")),
            Wanted::AtMostTimes(n, other) => (value <= n, format!("≤ {n} × that of `{other}`")),
            Wanted::AtLeastShare(share, other) => {
                (value >= share, format!("≥ {share} × that of `{other}`"))
            }
            Wanted::Bound(most) | Wanted::Sane(most) => (value <= most, format!("≤ {most} {unit}")),
        };
        Some(Reached {
            goal: format!("{}, {of}", self.figure.title()),
            wanted,
            measured: measured + &there,
            is_met,
            machines_differ: matches!(self.wanted, Wanted::Sane(_)),
        })
    }

    /// What is compared in a scenario; nothing where one of the two was not run.
    fn found(&self, runs: &[Measured], scenario: &'static str) -> Option<Found> {
        let figure = |peer: Peer, scenario: &str| self.figure.of(runs, peer, scenario);
        let (ours, unit) = (figure(Peer::Gateway, scenario)?, self.figure.unit());
        let tell = |value: f64| format!("{value:.*}", self.figure.digits());
        let (value, told) = match self.wanted {
            Wanted::Bound(_) | Wanted::Sane(_) => (ours, format!("{} {unit}", tell(ours))),
            Wanted::OfCollector(_) => {
                let theirs = figure(Peer::Collector, scenario)?;
                let both = format!("{} and {} {unit}", tell(ours), tell(theirs));
                (ours / theirs, format!("1/{:.1}: {both}", theirs / ours))
            }
            Wanted::AtMostTimes(_, other) | Wanted::AtLeastShare(_, other) => {
                let there = figure(Peer::Gateway, other)?;
                let both = format!("{} and {} {unit}", tell(ours), tell(there));
                (ours / there, format!("{:.2}: {both}", ours / there))
            }
        };
        Some((value, scenario, told))
    }
}

impl Figure {
    /// Of a peer in a scenario: nothing if it was not run there, and no number if nothing arrived.
    fn of(self, runs: &[Measured], peer: Peer, scenario: &str) -> Option<f64> {
        let is_one = |run: &&Measured| run.peer == peer.name() && run.scenario == scenario;
        let row = super::report::Row {
            runs: runs.iter().filter(is_one).collect(),
        };
        let first = row.runs.first()?;
        if row.runs.iter().any(|run| run.verdict.delivered == 0) {
            return Some(f64::NAN);
        }
        let or_nan = |figure: Option<f64>| figure.unwrap_or(f64::NAN);
        Some(match self {
            Self::Cpu => row.middle(|run| or_nan(run.cpu)),
            Self::Idle => row.middle(|run| or_nan(run.idle)),
            Self::Peak => row.middle(|run| or_nan(run.peak)),
            Self::HighestPeak => row.median(|run| or_nan(run.peak)).2,
            Self::Goodput => row.middle(|run| run.goodput),
            Self::Added if first.peer == Peer::Direct.name() => row.middle(|run| run.delivery[1]),
            Self::Added => {
                row.middle(|run| run.delivery[1]) - self.of(runs, Peer::Direct, scenario)?
            }
            Self::Wrong => row.runs.iter().map(|run| run.verdict.wrong() as f64).sum(),
        })
    }

    fn title(self) -> &'static str {
        match self {
            Self::Cpu => "processor time per span",
            Self::Idle => "resident before the load",
            Self::Peak => "resident at most",
            Self::HighestPeak => "resident at most, of all runs",
            Self::Goodput => "goodput",
            Self::Added => "delivery p99 beyond `direct`",
            Self::Wrong => "lost, made up or wrongly kept, of all runs",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "µs",
            Self::Idle | Self::Peak | Self::HighestPeak => "MiB",
            Self::Goodput => "spans/s",
            Self::Added => "ms",
            Self::Wrong => "spans",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Cpu | Self::Added => 2,
            Self::Idle | Self::Peak | Self::HighestPeak => 1,
            Self::Goodput | Self::Wrong => 0,
        }
    }
}

#[cfg(test)]
mod tests;
