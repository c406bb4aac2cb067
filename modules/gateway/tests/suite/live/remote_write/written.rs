//! What is in requests of remote write, whichever version?

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;

/// A label set, as text.
pub(super) type Labels = BTreeMap<String, String>;

/// Everything that was written, by series.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) series: BTreeMap<Labels, Series>,
    /// Type, help and unit of each name; of version 1, which sends them apart.
    pub(super) described: BTreeMap<String, BTreeSet<(i32, String, String)>>,
}

/// One series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Series {
    /// Time, start and the bits of the value.
    pub(super) samples: BTreeSet<(i64, i64, u64)>,
    /// Time and what there is of a histogram, as text.
    pub(super) histograms: BTreeSet<(i64, String)>,
    /// Time, the bits of the sum and the count of a histogram.
    pub(super) native: BTreeSet<(i64, u64, u64)>,
    /// Time, labels and the bits of the value.
    pub(super) exemplars: BTreeSet<(i64, Labels, u64)>,
    /// Type, help and unit; of version 2.
    pub(super) described: BTreeSet<(i32, String, String)>,
}

#[derive(Message)]
struct RequestOne {
    #[prost(message, repeated, tag = "1")]
    series: Vec<SeriesOne>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<MetadataOne>,
}

#[derive(Message)]
struct SeriesOne {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    exemplars: Vec<ExemplarOne>,
    #[prost(message, repeated, tag = "4")]
    histograms: Vec<Histogram>,
}

#[derive(Message)]
struct MetadataOne {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    family: String,
    #[prost(string, tag = "4")]
    help: String,
    #[prost(string, tag = "5")]
    unit: String,
}

#[derive(Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    time: i64,
    /// Of version 2.
    #[prost(int64, tag = "3")]
    start: i64,
}

#[derive(Message)]
struct ExemplarOne {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(int64, tag = "3")]
    time: i64,
}

/// Alike in both versions.
#[derive(Clone, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "3")]
    sum: f64,
    #[prost(sint32, tag = "4")]
    schema: i32,
    #[prost(double, tag = "5")]
    zero_threshold: f64,
    #[prost(uint64, tag = "6")]
    zero_count: u64,
    #[prost(message, repeated, tag = "8")]
    negative_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "9")]
    negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "11")]
    positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    positive_deltas: Vec<i64>,
    #[prost(int32, tag = "14")]
    reset_hint: i32,
    #[prost(int64, tag = "15")]
    time: i64,
    #[prost(int64, tag = "17")]
    start: i64,
}

#[derive(Clone, Message)]
struct Span {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

#[derive(Message)]
struct RequestTwo {
    #[prost(string, repeated, tag = "4")]
    symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    series: Vec<SeriesTwo>,
}

#[derive(Message)]
struct SeriesTwo {
    #[prost(uint32, repeated, tag = "1")]
    labels: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    histograms: Vec<Histogram>,
    #[prost(message, repeated, tag = "4")]
    exemplars: Vec<ExemplarTwo>,
    #[prost(message, tag = "5")]
    metadata: Option<MetadataTwo>,
}

#[derive(Message)]
struct ExemplarTwo {
    #[prost(uint32, repeated, tag = "1")]
    labels: Vec<u32>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(int64, tag = "3")]
    time: i64,
}

#[derive(Message)]
struct MetadataTwo {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(uint32, tag = "3")]
    help: u32,
    #[prost(uint32, tag = "4")]
    unit: u32,
}

impl Written {
    /// Adds a request as it came, of this version.
    pub(super) fn add(&mut self, version: u8, compressed: &[u8]) {
        let body = snap::raw::Decoder::new()
            .decompress_vec(compressed)
            .unwrap();
        if version == 1 {
            self.one(RequestOne::decode(&*body).unwrap());
        } else {
            self.two(RequestTwo::decode(&*body).unwrap());
        }
    }

    fn one(&mut self, request: RequestOne) {
        for series in request.series {
            let entry = self.series.entry(labels(series.labels)).or_default();
            entry.measured(series.samples, series.histograms);
            for one in series.exemplars {
                entry.exemplified(one.time, labels(one.labels), one.value);
            }
        }
        for MetadataOne {
            kind,
            family,
            help,
            unit,
        } in request.metadata
        {
            let described = self.described.entry(family).or_default();
            described.insert((kind, help, unit));
        }
    }

    fn two(&mut self, request: RequestTwo) {
        let symbols = request.symbols;
        let of = |at: u32| symbols[at as usize].clone();
        let labels = |refs: Vec<u32>| -> Labels {
            let pairs = refs.chunks(2).map(|pair| (of(pair[0]), of(pair[1])));
            let labels: Labels = pairs.collect();
            assert_eq!(labels.len() * 2, refs.len(), "a label came twice");
            labels
        };
        for series in request.series {
            let entry = self.series.entry(labels(series.labels)).or_default();
            entry.measured(series.samples, series.histograms);
            for one in series.exemplars {
                entry.exemplified(one.time, labels(one.labels), one.value);
            }
            let metadata = series.metadata.unwrap_or_default();
            let words = (of(metadata.help), of(metadata.unit));
            entry.described.insert((metadata.kind, words.0, words.1));
        }
    }
}

impl Series {
    fn measured(&mut self, samples: Vec<Sample>, histograms: Vec<Histogram>) {
        for sample in samples {
            let key = (sample.time, sample.start, sample.value.to_bits());
            assert!(self.samples.insert(key), "a sample came twice");
        }
        for histogram in histograms {
            let bits = histogram.sum.to_bits();
            self.native.insert((histogram.time, bits, histogram.count));
            let told = format!("{bits:x} {histogram:?}");
            assert!(self.histograms.insert((histogram.time, told)));
        }
    }

    fn exemplified(&mut self, time: i64, labels: Labels, value: f64) {
        self.exemplars.insert((time, labels, value.to_bits()));
    }
}

fn labels(labels: Vec<Label>) -> Labels {
    let count = labels.len();
    let labels: Labels = labels
        .into_iter()
        .map(|label| (label.name, label.value))
        .collect();
    assert_eq!(labels.len(), count, "a label came twice");
    labels
}
