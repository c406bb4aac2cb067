//! Metrics of every type, with names and units that every rule has something to say about.

use fastrand::Rng;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
        HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
        SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data,
        number_data_point, summary_data_point::ValueAtQuantile,
    },
};

use super::{attributes, one, pair, resource, scope, text};

const NAMES: [&str; 26] = [
    "http.server.duration",
    "requests",
    "requests_total",
    "total.requests",
    "total",
    "a:b",
    "0.first",
    "größe",
    "memory.usage.bytes",
    "temp__c",
    "ratio",
    "foo_ratio",
    "x.y_seconds",
    "with space",
    "UPPER-case",
    "cpu.seconds.total",
    "bytes.per.second",
    "per_second",
    "_hidden_",
    "dotted...name",
    "a.total.b",
    "process.cpu.time",
    "日本",
    "x_bucket",
    "x_sum",
    "milliseconds",
];

const UNITS: [&str; 32] = [
    "",
    "s",
    "ms",
    "us",
    "ns",
    "min",
    "h",
    "d",
    "By",
    "KiBy",
    "GiBy",
    "MBy",
    "1",
    "%",
    "{req}",
    "By/s",
    "{x}/s",
    "m/s",
    "1/s",
    "/s",
    "km/h",
    "Cel",
    "a b",
    "_weird-unit_",
    "s{tag}",
    "By/{x}",
    "kg/m2",
    "x/y/z",
    "seconds",
    "Hz/mo",
    "W",
    "/",
];

const KEYS: [&str; 12] = [
    "http.status_code",
    "a..b",
    "a_b",
    "a.b",
    "1st",
    "_hidden",
    "__reserved__",
    "job",
    "instance",
    "größe",
    "otel_scope_name",
    "host.name",
];

/// What points are made with.
struct Maker {
    rng: Rng,
    /// The number of the series: no two metrics share one.
    series: i64,
    /// Nanoseconds since 1970.
    begin: u64,
}

/// Requests with so many metrics each; those of a later request are later. `begin` are seconds since 1970.
pub(crate) fn metrics(
    seed: u64,
    begin: u64,
    requests: u64,
    each: usize,
) -> Vec<ExportMetricsServiceRequest> {
    let mut maker = Maker {
        rng: Rng::with_seed(seed),
        series: 0,
        begin: 0,
    };
    let request = |number| {
        maker.begin = (begin + number) * 1_000_000_000;
        let mut left = each;
        let mut all = Vec::new();
        while left > 0 {
            let count = maker.rng.usize(1..=left.min(6));
            left -= count;
            all.push(maker.resource(count));
        }
        ExportMetricsServiceRequest {
            resource_metrics: all,
        }
    };
    (0..requests).map(request).collect()
}

impl Maker {
    fn resource(&mut self, count: usize) -> ResourceMetrics {
        let first = self.rng.usize(..=count);
        let scopes = [first, count - first].map(|count| ScopeMetrics {
            scope: scope(&mut self.rng),
            metrics: (0..count).map(|_| self.metric()).collect(),
            schema_url: one(
                &mut self.rng,
                &["", "https://opentelemetry.io/schemas/1.21.0"],
            )
            .to_owned(),
        });
        ResourceMetrics {
            resource: (self.rng.u8(..8) > 0).then(|| resource(&mut self.rng)),
            scope_metrics: scopes.into(),
            ..ResourceMetrics::default()
        }
    }

    fn metric(&mut self) -> Metric {
        self.series += 1;
        let data = match self.rng.u8(..10) {
            0 | 1 => Data::Gauge(Gauge {
                data_points: self.points(Self::number),
            }),
            2..=4 => Data::Sum(Sum {
                data_points: self.points(Self::number),
                aggregation_temporality: self.temporality(),
                is_monotonic: self.rng.u8(..3) > 0,
            }),
            5 | 6 => Data::Histogram(Histogram {
                data_points: self.points(Self::histogram),
                aggregation_temporality: self.temporality(),
            }),
            7 | 8 => Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.points(Self::exponential),
                aggregation_temporality: self.temporality(),
            }),
            _ => Data::Summary(Summary {
                data_points: self.points(Self::summary),
            }),
        };
        Metric {
            name: one(&mut self.rng, &NAMES).to_owned(),
            unit: one(&mut self.rng, &UNITS).to_owned(),
            description: one(&mut self.rng, &["", "What is measured.", "größe\n"]).to_owned(),
            data: Some(data),
            ..Metric::default()
        }
    }

    /// Mostly since the start.
    fn temporality(&mut self) -> i32 {
        one(&mut self.rng, &[2, 2, 2, 2, 2, 2, 1, 0])
    }

    /// One to three series with one to three points, not always in the order of time.
    fn points<T>(&mut self, make: fn(&mut Self, Vec<KeyValue>, u64) -> T) -> Vec<T> {
        let mut all = Vec::new();
        for part in 0..self.rng.i64(1..=3) {
            let mut attributes = attributes(&mut self.rng, &KEYS, 4);
            attributes.push(pair("series", Value::IntValue(self.series * 10 + part)));
            let mut times: Vec<u64> = (1..=self.rng.u64(1..=3))
                .map(|step| step * 250_000_000)
                .collect();
            if self.rng.u8(..4) == 0 {
                times.reverse();
            }
            for time in times {
                let time = self.begin + time + self.rng.u64(..1_000_000);
                all.push(make(self, attributes.clone(), time));
            }
        }
        all
    }

    fn start(&mut self) -> u64 {
        one(
            &mut self.rng,
            &[0, self.begin - 5_000_000_000, self.begin - 1_000],
        )
    }

    /// Now and then there is nothing to measure any more.
    fn flags(&mut self) -> u32 {
        u32::from(self.rng.u8(..10) == 0)
    }

    fn amount(&mut self) -> f64 {
        let random = self.rng.f64() * 100.0;
        one(
            &mut self.rng,
            &[
                0.0,
                1.0,
                0.1,
                -3.5,
                1e21,
                f64::NAN,
                f64::INFINITY,
                random,
                random,
                random,
            ],
        )
    }

    fn number(&mut self, attributes: Vec<KeyValue>, time: u64) -> NumberDataPoint {
        let value = match self.rng.u8(..4) {
            0 => Some(number_data_point::Value::AsInt(self.rng.i64(-5..1 << 60))),
            _ => Some(number_data_point::Value::AsDouble(self.amount())),
        };
        NumberDataPoint {
            attributes,
            start_time_unix_nano: self.start(),
            time_unix_nano: time,
            exemplars: self.exemplars(),
            flags: self.flags(),
            value,
        }
    }

    fn histogram(&mut self, attributes: Vec<KeyValue>, time: u64) -> HistogramDataPoint {
        let bounds = one(
            &mut self.rng,
            &[
                &[][..],
                &[0.005, 0.1, 1.0],
                &[-1.0, 0.0, 2.5, 1e6, 1e21],
                &[1e-7, 100.0],
            ],
        );
        let counts = match self.rng.u8(..8) {
            0 => Vec::new(),
            _ => (0..=bounds.len()).map(|_| self.rng.u64(..9)).collect(),
        };
        HistogramDataPoint {
            attributes,
            start_time_unix_nano: self.start(),
            time_unix_nano: time,
            count: counts.iter().sum(),
            sum: (self.rng.u8(..5) > 0).then(|| self.amount()),
            explicit_bounds: if counts.is_empty() {
                Vec::new()
            } else {
                bounds.to_vec()
            },
            bucket_counts: counts,
            exemplars: self.exemplars(),
            flags: self.flags(),
            min: Some(0.5),
            max: None,
        }
    }

    fn buckets(&mut self, scale: i32) -> Option<Buckets> {
        // Where buckets have to be put together the collector has them one too low behind an empty one.
        let counts = if scale > 8 {
            &[1, 7, 300][..]
        } else {
            &[0, 0, 0, 1, 7, 300]
        };
        (self.rng.u8(..5) > 0).then(|| Buckets {
            offset: one(&mut self.rng, &[0, 1, -1, -7, 30, -1000]),
            bucket_counts: (0..self.rng.u8(..12))
                .map(|_| one(&mut self.rng, counts))
                .collect(),
        })
    }

    fn exponential(
        &mut self,
        attributes: Vec<KeyValue>,
        time: u64,
    ) -> ExponentialHistogramDataPoint {
        let scale = one(&mut self.rng, &[0, 1, 5, 8, 9, 12, -1, -4, -5, 20]);
        let (positive, negative) = (self.buckets(scale), self.buckets(scale));
        let zero_count = self.rng.u64(..4);
        let counted = [&positive, &negative].into_iter().flatten();
        let count = counted
            .flat_map(|buckets| &buckets.bucket_counts)
            .sum::<u64>()
            + zero_count;
        ExponentialHistogramDataPoint {
            attributes,
            start_time_unix_nano: self.start(),
            time_unix_nano: time,
            count,
            sum: (self.rng.u8(..5) > 0).then(|| self.amount()),
            scale,
            zero_count,
            positive,
            negative,
            flags: self.flags(),
            exemplars: self.exemplars(),
            zero_threshold: one(&mut self.rng, &[0.0, 0.0, 1e-3]),
            ..ExponentialHistogramDataPoint::default()
        }
    }

    fn summary(&mut self, attributes: Vec<KeyValue>, time: u64) -> SummaryDataPoint {
        let quantiles = one(&mut self.rng, &[&[][..], &[0.5, 0.99], &[0.0, 0.1, 1.0]]);
        SummaryDataPoint {
            attributes,
            start_time_unix_nano: self.start(),
            time_unix_nano: time,
            count: self.rng.u64(..99),
            sum: self.amount(),
            quantile_values: quantiles
                .iter()
                .map(|quantile| ValueAtQuantile {
                    quantile: *quantile,
                    value: self.amount(),
                })
                .collect(),
            flags: self.flags(),
        }
    }

    fn exemplars(&mut self) -> Vec<Exemplar> {
        let count = one(&mut self.rng, &[0, 0, 1, 2]);
        let make = |number: u64| {
            let long = "x".repeat(120);
            let mut filtered = attributes(&mut self.rng, &["user", "a.b", "größe"], 2);
            if self.rng.u8(..5) == 0 {
                filtered.push(pair("long", text(&long)));
            }
            let ids = self.rng.bool();
            Exemplar {
                filtered_attributes: filtered,
                time_unix_nano: self.begin + number * 1_000_000,
                span_id: if ids { vec![7; 8] } else { Vec::new() },
                trace_id: if ids { vec![9; 16] } else { Vec::new() },
                value: Some(if self.rng.bool() {
                    exemplar::Value::AsDouble(self.rng.f64() * 3.0)
                } else {
                    exemplar::Value::AsInt(self.rng.i64(..7))
                }),
            }
        };
        (0..count).map(make).collect()
    }
}
