//! Which metrics follow from what tail samplers count? Under the names and labels of the collector.

use std::{collections::BTreeMap, sync::Arc};

use super::{Family, Labels, Reading, Spread};
use crate::{
    log::Stats,
    tail::{Counts, Histogram},
};

/// A number of all samplers together: its name, its help, and how it is read of one.
type One = (&'static str, &'static str, fn(&Counts) -> u64);

const COUNTERS: [One; 5] = [
    (
        "processor_tail_sampling_new_trace_id_received",
        "Counts the arrival of new traces [Development]",
        |counts| counts.began.get(),
    ),
    (
        "processor_tail_sampling_sampling_policy_evaluation_error",
        "Count of sampling policy evaluation errors [Development]",
        |counts| counts.untold.get(),
    ),
    (
        "processor_tail_sampling_sampling_trace_dropped_too_early",
        "Count of traces that needed to be dropped before the configured wait time [Development]",
        |counts| counts.too_early.get(),
    ),
    (
        "processor_tail_sampling_traces_dropped_too_large",
        "Count of traces that were dropped because they were too large [Development]",
        |counts| counts.too_large.get(),
    ),
    (
        "gateway_tail_sampling_refused_spans",
        "Kept spans that whoever comes next refused for good.",
        |counts| counts.refused.get(),
    ),
];

type Spreading = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Counts) -> &Histogram,
);

const HISTOGRAMS: [Spreading; 3] = [
    (
        "processor_tail_sampling_sampling_decision_timer_latency",
        "Latency (in milliseconds) of each run of the sampling decision timer [Development]",
        "milliseconds",
        |counts| &counts.latency,
    ),
    (
        "processor_tail_sampling_sampling_late_span_age",
        "Time (in seconds) from the sampling decision was taken and the arrival of a late span [Development]",
        "seconds",
        |counts| &counts.late,
    ),
    (
        "processor_tail_sampling_sampling_trace_removal_age",
        "Time (in seconds) from arrival of a new trace until its removal from memory [Development]",
        "seconds",
        |counts| &counts.removal_age,
    ),
];

/// What samplers with a journal tell beside it.
const JOURNALS: [One; 2] = [
    (
        "gateway_tail_sampling_recovered_requests",
        "Requests with undecided traces that an earlier run left and this one read again.",
        |counts| counts.recovered.get(),
    ),
    (
        "gateway_tail_sampling_postponed_requests",
        "Such requests for which there was no room: they are left to the next run.",
        |counts| counts.left.get(),
    ),
];

type OfLog = (&'static str, &'static str, fn(&Stats) -> u64);

const LOGS: [OfLog; 3] = [
    (
        "gateway_tail_sampling_journal_skipped_records",
        "Records of the journal that could not be read back.",
        |log| log.skipped_records.get(),
    ),
    (
        "gateway_tail_sampling_journal_refused_requests",
        "Requests refused because the journal was full, or the disk did not take them.",
        |log| log.refused_full.get() + log.refused_disk.get(),
    ),
    (
        "gateway_tail_sampling_journal_unnoted",
        "Notes about what is done that could not be written: after a crash it is decided once more.",
        |log| log.unnoted.get(),
    ),
];

/// What all tail samplers count; nothing where there are none. Where several have the same labels, they are one series.
pub(super) fn sampling(samplers: &[Arc<Counts>]) -> Vec<Family> {
    if samplers.is_empty() {
        return Vec::new();
    }
    let sum = |read: fn(&Counts) -> u64| samplers.iter().map(|counts| read(counts)).sum();
    let one = |number| vec![(Labels::new(), Reading::Whole(number))];
    let mut families: Vec<Family> = COUNTERS
        .into_iter()
        .map(|(name, help, read)| Family::counter(name, help, one(sum(read))))
        .collect();
    families.push(Family::gauge(
        "processor_tail_sampling_sampling_traces_on_memory",
        "Tracks the number of traces current on memory [Development]",
        one(sum(|counts| counts.known.get())),
    ));
    families.extend(HISTOGRAMS.map(|(name, help, unit, read)| {
        let spread = spread(samplers.iter().map(|counts| read(counts)));
        Family::histogram(name, help, vec![(Labels::new(), spread)]).in_unit(unit)
    }));
    families.push(remembered(samplers));
    families.extend(votes(samplers));
    families.extend(journals(samplers));
    families
}

pub(crate) fn spread<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> Reading {
    let mut spread = Spread::default();
    for histogram in histograms {
        let mut counts = histogram.counts();
        spread.beyond += counts.pop().unwrap_or_default();
        spread.sum += histogram.sum();
        if spread.upto.is_empty() {
            spread.upto = histogram.bounds().iter().map(|bound| (*bound, 0)).collect();
        }
        for ((_, all), count) in spread.upto.iter_mut().zip(counts) {
            *all += count;
        }
    }
    Reading::Spread(spread)
}

fn remembered(samplers: &[Arc<Counts>]) -> Family {
    let kept = samplers.iter().map(|counts| counts.remembered_kept.get());
    let not_kept = samplers
        .iter()
        .map(|counts| counts.remembered_not_kept.get());
    let series = |sampled: &str, count| {
        let labels = vec![("sampled", sampled.to_owned())];
        (labels, Reading::Whole(count))
    };
    Family::counter(
        "processor_tail_sampling_early_releases_from_cache_decision",
        "Number of spans that were able to be immediately released due to a decision cache hit. [Development]",
        vec![series("false", not_kept.sum()), series("true", kept.sum())],
    )
}

/// Sums by their labels.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<Labels, u64>);

impl Sums {
    pub(super) fn add(&mut self, labels: Labels, count: u64) {
        *self.0.entry(labels).or_default() += count;
    }

    pub(super) fn series(self) -> Vec<(Labels, Reading)> {
        let whole = |(labels, count)| (labels, Reading::Whole(count));
        self.0.into_iter().map(whole).collect()
    }
}

fn votes(samplers: &[Arc<Counts>]) -> [Family; 4] {
    let (mut global, mut voted) = (Sums::default(), Sums::default());
    let (mut asked, mut took) = (Sums::default(), Sums::default());
    for counts in samplers {
        for (sampled, decision, count) in counts.decided.all() {
            let decision = ("decision", decision.to_owned());
            global.add(vec![decision, ("sampled", sampled.to_owned())], count);
        }
        for (policy, counts) in &counts.policies {
            let policy = || ("policy", policy.clone());
            for (sampled, decision, count) in counts.votes.all() {
                let decision = ("decision", decision.to_owned());
                let sampled = ("sampled", sampled.to_owned());
                voted.add(vec![decision, policy(), sampled], count);
            }
            asked.add(vec![policy()], counts.asked.get());
            took.add(vec![policy()], counts.took.get() / 1000);
        }
    }
    [
        Family::counter(
            "processor_tail_sampling_global_count_traces_sampled",
            "Global count of traces that were sampled or not by at least one policy [Development]",
            global.series(),
        ),
        Family::counter(
            "processor_tail_sampling_count_traces_sampled",
            "Count of traces that were sampled or not per sampling policy [Development]",
            voted.series(),
        ),
        Family::counter(
            "processor_tail_sampling_sampling_policy_execution_count",
            "Total number of executions of a specific sampling policy [Development]",
            asked.series(),
        ),
        Family::counter(
            "processor_tail_sampling_sampling_policy_execution_time_sum",
            "Total time spent (in microseconds) executing a specific sampling policy [Development]",
            took.series(),
        )
        .in_unit("microseconds"),
    ]
}

fn journals(samplers: &[Arc<Counts>]) -> Vec<Family> {
    let journals = || samplers.iter().filter_map(|counts| counts.journal.get());
    if journals().next().is_none() {
        return Vec::new();
    }
    let one = |number| vec![(Labels::new(), Reading::Whole(number))];
    let sum = |read: fn(&Counts) -> u64| samplers.iter().map(|counts| read(counts)).sum();
    let mut families: Vec<Family> = JOURNALS
        .into_iter()
        .map(|(name, help, read)| Family::counter(name, help, one(sum(read))))
        .collect();
    families.extend(LOGS.map(|(name, help, read)| {
        let all = journals().map(|log| read(log)).sum();
        Family::counter(name, help, one(all))
    }));
    let bytes = journals().map(|log| log.disk_bytes.get()).sum();
    let family = Family::gauge(
        "gateway_tail_sampling_journal_bytes",
        "Bytes that the files of the journal take.",
        one(bytes),
    );
    families.push(family.in_unit("bytes"));
    families.push(Family::gauge(
        "gateway_tail_sampling_unread_requests",
        "Requests that are acknowledged and stand in the journal, behind what a restart reads again.",
        one(sum(|counts| counts.unread.get())),
    ));
    families
}
