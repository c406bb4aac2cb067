//! How are series written in either version of the protocol?

use foldhash::{HashMap, HashMapExt as _};

use super::{
    Contents, Request,
    series::{Buckets, Exemplar, Histogram, Label, MetricType, Series},
    translate::Version,
};
use crate::put;

/// Requests, none much larger than `limit` bytes unless a single series is: each is to be compressed and sent.
pub(super) fn requests<'a>(
    version: Version,
    series: impl Iterator<Item = &'a Series>,
    metadata: bool,
    limit: u64,
) -> Vec<Request> {
    match version {
        Version::One => one(series, metadata, limit)
            .into_iter()
            .map(|body| Request {
                body,
                contents: Contents::default(),
            })
            .collect(),
        Version::Two => two(series, limit),
    }
}

fn one<'a>(series: impl Iterator<Item = &'a Series>, metadata: bool, limit: u64) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    let mut request = Vec::new();
    let mut described: HashMap<&str, &Series> = HashMap::new();
    for series in series {
        let before = request.len();
        put::message(&mut request, 1, |out| series_one(out, series));
        if request.len() as u64 > limit && before > 0 {
            let next = request.split_off(before);
            requests.push(std::mem::replace(&mut request, next));
        }
        if metadata {
            described.entry(family(series)).or_insert(series);
        }
    }
    requests.push(request);
    if metadata {
        let mut all: Vec<_> = described.into_iter().collect();
        all.sort_unstable_by_key(|(family, _)| *family);
        let mut request = Vec::new();
        for (family, series) in all {
            put::message(&mut request, 3, |out| metadata_one(out, family, series));
        }
        requests.push(request);
    }
    requests.retain(|request| !request.is_empty());
    requests
}

/// The metric that a series is of.
fn family(series: &Series) -> &str {
    let name = series.labels.iter().find(|label| label.name == "__name__");
    let name = name.map_or("", |label| label.value.as_str());
    let quantile = || series.labels.iter().any(|label| label.name == "quantile");
    // A native histogram and a quantile are called as their metric is, which may end as others are made to end.
    let ends: &[&str] = match series.metadata.kind {
        MetricType::Histogram if series.histograms.is_empty() => &["_bucket", "_sum", "_count"],
        MetricType::Summary if !quantile() => &["_sum", "_count"],
        _ => &[],
    };
    ends.iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name)
}

fn metadata_one(out: &mut Vec<u8>, family: &str, series: &Series) {
    put::number(out, 1, series.metadata.kind as u64);
    put::bytes(out, 2, family.as_bytes());
    put::bytes(out, 4, series.metadata.help.as_bytes());
    put::bytes(out, 5, series.metadata.unit.as_bytes());
}

fn series_one(out: &mut Vec<u8>, series: &Series) {
    for label in &series.labels {
        put::message(out, 1, |out| label_one(out, label));
    }
    for sample in &series.samples {
        put::message(out, 2, |out| {
            put::double(out, 1, sample.value);
            put::number(out, 2, sample.time.cast_unsigned());
        });
    }
    for exemplar in &series.exemplars {
        put::message(out, 3, |out| {
            for label in &exemplar.labels {
                put::message(out, 1, |out| label_one(out, label));
            }
            put::double(out, 2, exemplar.value);
            put::number(out, 3, exemplar.time.cast_unsigned());
        });
    }
    for histogram in &series.histograms {
        put::message(out, 4, |out| native(out, histogram));
    }
}

fn label_one(out: &mut Vec<u8>, label: &Label) {
    put::bytes(out, 1, label.name.as_bytes());
    put::bytes(out, 2, label.value.as_bytes());
}

/// A native histogram, which both versions write alike; the second has its start too.
fn native(out: &mut Vec<u8>, histogram: &Histogram) {
    put::number(out, 1, histogram.count);
    put::double(out, 3, histogram.sum);
    put::number(out, 4, put::zigzag(histogram.schema.into()));
    put::double(out, 5, histogram.zero_threshold);
    put::number(out, 6, histogram.zero_count);
    buckets(out, 8, &histogram.negative);
    buckets(out, 11, &histogram.positive);
    put::number(out, 15, histogram.time.cast_unsigned());
}

/// Spans in one field, deltas packed in the next.
fn buckets(out: &mut Vec<u8>, number: u32, buckets: &Buckets) {
    for span in &buckets.spans {
        put::message(out, number, |out| {
            put::number(out, 1, put::zigzag(span.offset.into()));
            put::number(out, 2, span.length.into());
        });
    }
    if !buckets.deltas.is_empty() {
        put::message(out, number + 1, |out| {
            for delta in &buckets.deltas {
                put::varint(out, put::zigzag(*delta));
            }
        });
    }
}

/// A request of version 2 while it is written: each string once.
#[derive(Default)]
struct Symbols {
    text: Vec<u8>,
    known: HashMap<String, u32>,
}

impl Symbols {
    fn new() -> Self {
        let mut symbols = Self::default();
        // The first is always the empty one.
        symbols.of("");
        symbols
    }

    fn of(&mut self, text: &str) -> u32 {
        if let Some(at) = self.known.get(text) {
            return *at;
        }
        let at = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        put::bytes(&mut self.text, 4, text.as_bytes());
        self.known.insert(text.to_owned(), at);
        at
    }

    fn labels(&mut self, out: &mut Vec<u8>, labels: &[Label]) {
        put::message(out, 1, |out| {
            for label in labels {
                put::varint(out, self.of(&label.name).into());
                put::varint(out, self.of(&label.value).into());
            }
        });
    }
}

fn two<'a>(series: impl Iterator<Item = &'a Series>, limit: u64) -> Vec<Request> {
    let mut requests = Vec::new();
    let (mut symbols, mut body) = (Symbols::new(), Vec::new());
    let mut contents = Contents::default();
    let mut finish = |symbols: &mut Symbols, body: &mut Vec<u8>, contents: &mut Contents| {
        if !body.is_empty() {
            let mut request = std::mem::replace(symbols, Symbols::new()).text;
            request.append(body);
            requests.push(Request {
                body: request,
                contents: std::mem::take(contents),
            });
        }
    };
    for series in series {
        contents.add(series);
        put::message(&mut body, 5, |out| series_two(out, series, &mut symbols));
        if (symbols.text.len() + body.len()) as u64 >= limit {
            finish(&mut symbols, &mut body, &mut contents);
        }
    }
    finish(&mut symbols, &mut body, &mut contents);
    requests
}

fn series_two(out: &mut Vec<u8>, series: &Series, symbols: &mut Symbols) {
    symbols.labels(out, &series.labels);
    for sample in &series.samples {
        put::message(out, 2, |out| {
            put::double(out, 1, sample.value);
            put::number(out, 2, sample.time.cast_unsigned());
            start(out, 3, sample.start);
        });
    }
    for histogram in &series.histograms {
        put::message(out, 3, |out| {
            native(out, histogram);
            start(out, 17, histogram.start);
        });
    }
    for exemplar in &series.exemplars {
        put::message(out, 4, |out| exemplar_two(out, exemplar, symbols));
    }
    put::message(out, 5, |out| {
        put::number(out, 1, series.metadata.kind as u64);
        put::number(out, 3, symbols.of(&series.metadata.help).into());
        put::number(out, 4, symbols.of(&series.metadata.unit).into());
    });
}

fn exemplar_two(out: &mut Vec<u8>, exemplar: &Exemplar, symbols: &mut Symbols) {
    symbols.labels(out, &exemplar.labels);
    put::double(out, 2, exemplar.value);
    put::number(out, 3, exemplar.time.cast_unsigned());
}

fn start(out: &mut Vec<u8>, number: u32, start: i64) {
    if start != 0 {
        put::number(out, number, start.cast_unsigned());
    }
}
