//! Which metrics follow from what processors count? Under the names and labels of the collector.

use std::sync::Arc;

use collector_config::ComponentId;

use super::{Family, Labels, Reading, Sums, spread};
use crate::{
    Signal,
    export::{Batches, Exporter},
    pipeline::{Meter, What},
    process::{combinations::Combinations, sampler::Policy},
};

/// Everything that processors count which wait for nothing.
pub(super) fn processing(meters: &[Arc<Meter>]) -> Vec<Family> {
    let (mut came, mut went) = (Sums::default(), Sums::default());
    for meter in meters {
        let labels = || {
            vec![
                ("otel_signal", meter.signal.to_string()),
                ("processor", meter.processor.to_string()),
            ]
        };
        came.add(labels(), meter.came());
        went.add(labels(), meter.went());
    }
    let mut families = vec![
        Family::counter(
            "processor_incoming_items",
            "Number of items passed to the processor. [Alpha]",
            came.series(),
        ),
        Family::counter(
            "processor_outgoing_items",
            "Number of items emitted from the processor. [Alpha]",
            went.series(),
        ),
    ];
    families.extend(Signal::ALL.map(|signal| limited(meters, signal)));
    families.extend(Signal::ALL.map(|signal| filtered(meters, signal)));
    families.extend([Signal::Traces, Signal::Logs].map(|signal| sampled(meters, signal)));
    families
}

fn of(meters: &[Arc<Meter>], signal: Signal) -> impl Iterator<Item = &Arc<Meter>> {
    meters.iter().filter(move |meter| meter.signal == signal)
}

fn limited(meters: &[Arc<Meter>], signal: Signal) -> Family {
    let mut sums = Sums::default();
    for meter in of(meters, signal) {
        if let What::MemoryLimiter = meter.what {
            let labels = vec![("processor", meter.processor.to_string())];
            sums.add(labels, meter.went());
        }
    }
    let (name, help) = match signal {
        Signal::Traces => (
            "processor_memory_limiter_accepted_spans",
            "Number of spans successfully pushed into the next component in the pipeline. [Alpha]",
        ),
        Signal::Metrics => (
            "processor_memory_limiter_accepted_metric_points",
            "Number of metric points successfully pushed into the next component in the pipeline. [Alpha]",
        ),
        Signal::Logs => (
            "processor_memory_limiter_accepted_log_records",
            "Number of log records successfully pushed into the next component in the pipeline. [Alpha]",
        ),
    };
    Family::counter(name, help, sums.series())
}

fn filtered(meters: &[Arc<Meter>], signal: Signal) -> Family {
    let mut sums = Sums::default();
    for meter in of(meters, signal) {
        if let What::Filter = meter.what {
            let labels = vec![("filter", meter.processor.to_string())];
            sums.add(labels, meter.came().saturating_sub(meter.went()));
        }
    }
    let (name, help) = match signal {
        Signal::Traces => (
            "processor_filter_spans_filtered",
            "Number of spans dropped by the filter processor [Development]",
        ),
        Signal::Metrics => (
            "processor_filter_datapoints_filtered",
            "Number of metric data points dropped by the filter processor [Development]",
        ),
        Signal::Logs => (
            "processor_filter_logs_filtered",
            "Number of logs dropped by the filter processor [Development]",
        ),
    };
    Family::counter(name, help, sums.series())
}

fn sampled(meters: &[Arc<Meter>], signal: Signal) -> Family {
    let mut sums = Sums::default();
    for meter in of(meters, signal) {
        let What::Sampler(sampler) = &meter.what else {
            continue;
        };
        for policy in Policy::ALL {
            for kept in [false, true] {
                let count = sampler.tally().of(policy, kept);
                let labels = vec![
                    ("policy", policy.name().to_owned()),
                    ("sampled", kept.to_string()),
                ];
                if count > 0 {
                    sums.add(labels, count);
                }
            }
        }
    }
    let (name, help) = if signal == Signal::Logs {
        (
            "processor_probabilistic_sampler_count_logs_sampled",
            "Count of logs that were sampled or not [Development]",
        )
    } else {
        (
            "processor_probabilistic_sampler_count_traces_sampled",
            "Count of traces that were sampled or not [Development]",
        )
    };
    Family::counter(name, help, sums.series())
}

/// What the processor `batch` counts; here each exporter behind it makes its own batches.
pub(super) fn batching<'a>(
    exporters: impl Iterator<Item = &'a Arc<Exporter>>,
    combinations: &[Arc<Combinations>],
) -> Vec<Family> {
    let all: Vec<&Batches> = exporters
        .filter_map(|exporter| exporter.tallies.batches.as_ref())
        .collect();
    let sums = |count: fn(&Batches) -> u64| {
        let mut sums = Sums::default();
        for batches in &all {
            sums.add(labels(batches), count(batches));
        }
        sums.series()
    };
    let mut ids: Vec<_> = all.iter().map(|batches| &batches.processor).collect();
    ids.sort();
    ids.dedup();
    let sizes = ids.into_iter().map(|id| {
        let of = all.iter().filter(|batches| batches.processor == *id);
        let labels = vec![("processor", id.to_string())];
        (labels, spread(of.map(|batches| &batches.sizes)))
    });
    vec![
        Family::histogram(
            "processor_batch_batch_send_size",
            "Number of units in the batch [Development]",
            sizes.collect(),
        ),
        Family::counter(
            "processor_batch_batch_size_trigger_send",
            "Number of times the batch was sent due to a size trigger [Development]",
            sums(|batches| batches.whole.get()),
        ),
        Family::counter(
            "processor_batch_timeout_trigger_send",
            "Number of times the batch was sent due to a timeout trigger [Development]",
            sums(|batches| batches.late.get()),
        ),
        Family::gauge(
            "processor_batch_metadata_cardinality",
            "Number of distinct metadata value combinations being processed [Development]",
            cardinality(&all, combinations),
        ),
    ]
}

/// Without keys there is one combination, with them each pipeline has its own.
fn cardinality(all: &[&Batches], combinations: &[Arc<Combinations>]) -> Vec<(Labels, Reading)> {
    let mut sums = Sums::default();
    for seen in combinations {
        sums.add(of_processor(seen.processor()), seen.count());
    }
    for batches in all {
        let has_keys = |seen: &Arc<Combinations>| *seen.processor() == batches.processor;
        if !combinations.iter().any(has_keys) {
            sums.add(labels(batches), 1);
        }
    }
    sums.series()
}

fn labels(batches: &Batches) -> Labels {
    of_processor(&batches.processor)
}

fn of_processor(processor: &ComponentId) -> Labels {
    vec![("processor", processor.to_string())]
}

/// Families of one name are one.
pub(super) fn merged(families: Vec<Family>) -> Vec<Family> {
    let mut merged: Vec<Family> = Vec::new();
    for family in families {
        match merged.iter_mut().find(|one| one.name == family.name) {
            Some(one) => one.series.extend(family.series),
            None => merged.push(family),
        }
    }
    merged
}

/// One number without labels.
pub(super) fn one(number: u64) -> Vec<(Labels, Reading)> {
    vec![(Labels::new(), Reading::Whole(number))]
}
