//! What does the sampler tell about itself?

use super::{histogram::Histogram, policy::Vote};
use crate::log::{Count, Stats};
use std::sync::{Arc, OnceLock};

/// What the collector counts, too, and what of that the journal has.
#[derive(Debug)]
pub struct Counts {
    /// Each policy by its name, which begins with the component's where that has one.
    pub policies: Vec<(String, PolicyCounts)>,
    /// Traces by what was decided.
    pub decided: Votes,
    /// Traces that began.
    pub began: Count,
    /// Traces left before their time, to make room.
    pub too_early: Count,
    /// Traces left because they were too large.
    pub too_large: Count,
    /// Spans that came after their trace's decision, which was to keep it, and was remembered.
    pub remembered_kept: Count,
    /// The same where it was not kept.
    pub remembered_not_kept: Count,
    /// Policies that could not tell.
    pub untold: Count,
    /// Traces known now (a state).
    pub known: Count,
    /// How long after its trace's decision a span came, in seconds.
    pub late: Histogram,
    /// How long a trace was known, in seconds.
    pub removal_age: Histogram,
    /// How long one run of decisions took, in milliseconds.
    pub latency: Histogram,
    /// Kept spans that whoever comes next refused for good.
    pub refused: Count,
    /// Requests that an earlier run had not finished, and that were read again.
    pub recovered: Count,
    /// Such requests for which there was no room: the next run reads them.
    pub left: Count,
    /// Requests that are acknowledged and to be read before they are decided (a state).
    pub unread: Count,
    /// How the log of the journal is, if there is one.
    pub journal: OnceLock<Arc<Stats>>,
}

/// How a policy voted.
#[derive(Debug, Default)]
pub struct PolicyCounts {
    /// How often it was asked.
    pub asked: Count,
    /// Its votes.
    pub votes: Votes,
    /// How long it took in all, in nanoseconds: measured for one trace of many, and taken that many times.
    pub took: Count,
}

/// How often each of the votes was cast, in their order.
#[derive(Debug, Default)]
pub struct Votes([Count; 3]);

impl Votes {
    pub(super) fn add(&self, vote: Vote) {
        if let Some(count) = self.0.get(vote as usize) {
            count.add(1);
        }
    }

    /// How often each was cast, by whether the trace was kept and the collector's word for it.
    pub fn all(&self) -> [(&'static str, &'static str, u64); 3] {
        let [sampled, not_sampled, dropped] = self.0.each_ref().map(Count::get);
        [
            ("true", "sampled", sampled),
            ("false", "not_sampled", not_sampled),
            ("false", "dropped", dropped),
        ]
    }
}

/// The collector's buckets where a component names none.
const SECONDS: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10000.0,
];
const MILLISECONDS: [f64; 23] = [
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0, 750.0, 1000.0,
    2000.0, 3000.0, 4000.0, 5000.0, 10000.0, 20000.0, 30000.0, 50000.0,
];

impl Counts {
    /// For a component, by what follows the slash in its id, with policies of these names.
    pub(super) fn new<'a>(
        component: Option<&str>,
        policies: impl Iterator<Item = &'a str>,
    ) -> Self {
        let name = |policy: &str| match component {
            Some(component) => format!("{component}.{policy}"),
            None => policy.to_owned(),
        };
        Self {
            policies: policies
                .map(|policy| (name(policy), PolicyCounts::default()))
                .collect(),
            decided: Votes::default(),
            began: Count::default(),
            too_early: Count::default(),
            too_large: Count::default(),
            remembered_kept: Count::default(),
            remembered_not_kept: Count::default(),
            untold: Count::default(),
            known: Count::default(),
            late: Histogram::new(&SECONDS),
            removal_age: Histogram::new(&SECONDS),
            latency: Histogram::new(&MILLISECONDS),
            refused: Count::default(),
            recovered: Count::default(),
            left: Count::default(),
            unread: Count::default(),
            journal: OnceLock::new(),
        }
    }
}
