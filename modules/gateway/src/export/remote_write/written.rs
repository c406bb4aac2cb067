//! How much of what it was sent does a server say that it has written?
//!
//! Servers of remote write 2.0 say it in headers. One of 1.0 may take such a request, understand nothing of it, and
//! answer that all is well.

use http::response::Parts;

use super::series::Series;
use crate::{
    export::Amount,
    telemetry::{Family, Labels, Reading, Seldom},
};

/// The headers that say how many samples, native histograms and exemplars were written.
const HEADERS: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];

/// The same in the collector's words.
const METRICS: [(&str, &str); 3] = [
    (
        "exporter_prometheusremotewrite_written_samples",
        "Number of Prometheus Samples that were successfully written to the remote write endpoint (only available when using remote write v2) [Development]",
    ),
    (
        "exporter_prometheusremotewrite_written_histograms",
        "Number of Prometheus Histograms that were successfully written to the remote write endpoint (only available when using remote write v2) [Development]",
    ),
    (
        "exporter_prometheusremotewrite_written_exemplars",
        "Number of Prometheus Exemplars that were successfully written to the remote write endpoint (only available when using remote write v2) [Development]",
    ),
];

/// How many samples, native histograms and exemplars there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents([u64; 3]);

impl Contents {
    pub(super) fn add(&mut self, series: &Series) {
        let more = [
            series.samples.len(),
            series.histograms.len(),
            series.exemplars.len(),
        ];
        for (count, more) in self.0.iter_mut().zip(more) {
            *count += more as u64;
        }
    }
}

/// What a server has said so far.
#[derive(Default)]
pub(super) struct Written {
    counts: [Amount; 3],
    unsaid: Seldom,
    missing: Seldom,
}

impl Written {
    /// An answer to a request with these contents.
    pub(super) fn said(&self, answer: &Parts, sent: Contents, endpoint: &str) {
        let said = HEADERS.map(|header| {
            let text = answer.headers.get(header)?.to_str().ok()?;
            text.parse::<u64>().ok()
        });
        for (count, said) in self.counts.iter().zip(said) {
            count.add(said.unwrap_or(0));
        }
        if !answer.status.is_success() {
            return;
        }
        let each = || said.into_iter().zip(sent.0);
        if each().any(|(said, sent)| said.is_none() && sent > 0)
            && let Some(requests) = self.unsaid.add(1)
        {
            tracing::warn!(
                endpoint,
                requests,
                "a server does not say what it has written: it may not know remote write 2.0, and drop what it is sent; \
                 without `protobuf_message` it is sent 1.0"
            );
        }
        let missing = each().map(|(said, sent)| said.map_or(0, |said| sent.saturating_sub(said)));
        let missing = missing.sum();
        if missing > 0
            && let Some(items) = self.missing.add(missing)
        {
            tracing::warn!(
                endpoint,
                items,
                "a server took requests, and says that it has written less than was in them"
            );
        }
    }

    /// What was written, for the page of metrics.
    pub(super) fn families(&self, series: impl Fn(u64) -> Vec<(Labels, Reading)>) -> Vec<Family> {
        let told = METRICS.iter().zip(&self.counts);
        let family = |((name, help), count): (&(&'static str, &'static str), &Amount)| {
            Family::counter(name, help, series(count.get()))
        };
        told.map(family).collect()
    }
}
