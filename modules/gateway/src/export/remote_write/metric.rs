//! What is a metric, apart from its points?

use super::{names::Sort, point::Kind, series::MetricType};
use crate::wire::{Attribute, FieldValue, Fields, Value};

/// A metric's message.
pub(super) struct Metric<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) unit: &'a str,
    pub(super) kind: Kind,
    /// The number of the field that has its points: 5 gauge, 7 sum, 9, 10, 11.
    data: u32,
    content: &'a [u8],
    /// What its source said that it was, where OpenTelemetry has no such type.
    source_type: Option<&'a str>,
}

impl<'a> Metric<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        let mut read = Self {
            name: "",
            description: "",
            unit: "",
            kind: Kind::Number,
            data: 0,
            content: &[],
            source_type: None,
        };
        for field in Fields::of(message) {
            let Some(bytes) = field.value.bytes() else {
                continue;
            };
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            match field.number {
                1 => read.name = text,
                2 => read.description = text,
                3 => read.unit = text,
                5 | 7 | 9 | 10 | 11 => (read.data, read.content) = (field.number, bytes),
                12 => {
                    if let Attribute {
                        key: "prometheus.type",
                        value: Value::Text(text),
                    } = Attribute::read(bytes)
                    {
                        read.source_type = Some(text);
                    }
                }
                _ => {}
            }
        }
        read.kind = match read.data {
            9 => Kind::Histogram,
            10 => Kind::Exponential,
            11 => Kind::Summary,
            _ => Kind::Number,
        };
        read
    }

    pub(super) fn points(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Fields::of(self.content)
            .filter(|field| field.number == 1)
            .filter_map(|field| field.value.bytes())
    }

    /// The number of a field of sums and histograms.
    fn number(&self, number: u32) -> u64 {
        let numbers = Fields::of(self.content).filter(|field| field.number == number);
        let last = numbers.filter_map(|field| match field.value {
            FieldValue::Varint(value) => Some(value),
            _ => None,
        });
        last.last().unwrap_or(0)
    }

    /// Whether it counts since the start; gauges and summaries need not.
    pub(super) fn cumulative(&self) -> bool {
        const CUMULATIVE: u64 = 2;
        !matches!(self.data, 7 | 9 | 10) || self.number(2) == CUMULATIVE
    }

    pub(super) fn sort(&self) -> Sort {
        match self.data {
            5 => Sort::Gauge,
            7 if self.number(3) != 0 => Sort::Counter,
            _ => Sort::Other,
        }
    }

    pub(super) fn metric_type(&self) -> Option<MetricType> {
        Some(match (self.data, self.source_type) {
            (5, Some("unknown")) => MetricType::Unknown,
            (7, _) if self.sort() == Sort::Counter => MetricType::Counter,
            (7, Some("info")) => MetricType::Info,
            (7, Some("stateset")) => MetricType::StateSet,
            (5 | 7, _) => MetricType::Gauge,
            (9 | 10, _) => MetricType::Histogram,
            (11, _) => MetricType::Summary,
            _ => return None,
        })
    }
}
