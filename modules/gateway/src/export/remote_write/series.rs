//! What Prometheus stores: series of samples, each known by its labels.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Label {
    pub(super) name: String,
    pub(super) value: String,
}

/// What is known of a metric beside its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) kind: MetricType,
    pub(super) help: String,
    pub(super) unit: String,
}

/// A metric's type, with its number in both versions of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricType {
    Unknown = 0,
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
    Summary = 5,
    Info = 6,
    StateSet = 7,
}

/// A series, and what is new of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    /// Sorted by name.
    pub(super) labels: Vec<Label>,
    /// The same for the same labels, in this run of the program and in every other.
    pub(super) hash: u64,
    pub(super) samples: Vec<Sample>,
    pub(super) histograms: Vec<Histogram>,
    pub(super) exemplars: Vec<Exemplar>,
    pub(super) metadata: Metadata,
}

/// A number at a time. Times are milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) value: f64,
    pub(super) time: i64,
    /// Since when it is counted; zero where that is not known.
    pub(super) start: i64,
}

/// A native histogram at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Histogram {
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) schema: i32,
    pub(super) zero_threshold: f64,
    pub(super) zero_count: u64,
    pub(super) negative: Buckets,
    pub(super) positive: Buckets,
    pub(super) time: i64,
    pub(super) start: i64,
}

/// Buckets that are there: where they stand, and how each count differs from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Buckets {
    pub(super) spans: Vec<Span>,
    pub(super) deltas: Vec<i64>,
}

/// Buckets in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// How many are missing before them; for the first, its index.
    pub(super) offset: i32,
    pub(super) length: u32,
}

/// One measurement, with what leads to its trace.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exemplar {
    pub(super) labels: Vec<Label>,
    pub(super) value: f64,
    pub(super) time: i64,
}

/// Series in the order in which they were first seen.
#[derive(Default)]
pub(super) struct SeriesSet {
    all: Vec<Series>,
    by_hash: HashTable<usize>,
}

impl SeriesSet {
    /// The series with these labels, made where it is missing.
    pub(super) fn of(&mut self, mut labels: Vec<Label>, metadata: &Metadata) -> &mut Series {
        labels.sort_unstable();
        let hash = FixedState::with_seed(0).hash_one(&labels);
        let all = &self.all;
        let found = self
            .by_hash
            .find(hash, |at| all[*at].labels == labels)
            .copied();
        let at = found.unwrap_or_else(|| {
            let at = self.all.len();
            self.all.push(Series {
                labels,
                hash,
                samples: Vec::new(),
                histograms: Vec::new(),
                exemplars: Vec::new(),
                metadata: metadata.clone(),
            });
            let all = &self.all;
            self.by_hash.insert_unique(hash, at, |at| all[*at].hash);
            at
        });
        &mut self.all[at]
    }

    /// All of them, each in the order of time: Prometheus takes no sample that is older than one that it has.
    pub(super) fn finish(mut self) -> Vec<Series> {
        for series in &mut self.all {
            series.samples.sort_by_key(|sample| sample.time);
            series.histograms.sort_by_key(|histogram| histogram.time);
            series.exemplars.sort_by_key(|exemplar| exemplar.time);
        }
        self.all
    }
}
