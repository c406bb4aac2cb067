//! The connector that counts and times calls from spans.

use serde::{Deserialize, Serialize};

use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Duration, Signal, Stability};

settings! {
    /// Counts and times calls from spans. Belongs before anything that drops spans, or the numbers are of the rest.
    pub struct SpanMetrics {
        /// How durations are recorded.
        pub histogram: Histogram,
        /// Attributes that tell series apart, besides the service, the span's name, its kind and its status.
        pub dimensions: Vec<Dimension>,
        /// More of them, for the number of calls alone.
        pub calls_dimensions: Vec<Dimension>,
        /// Which of the built-in ones are left out.
        pub exclude_dimensions: Vec<String>,
        /// How many sets of attributes were remembered, before there was a limit.
        pub dimensions_cache_size: Option<u32>,
        /// How many services are remembered: 1000 where nothing is said.
        pub resource_metrics_cache_size: Option<u32>,
        /// The resource attributes that tell services apart; all, where nothing is said.
        pub resource_metrics_key_attributes: Vec<String>,
        /// Whether numbers count from the beginning or since the last time.
        pub aggregation_temporality: Option<Temporality>,
        /// How often metrics are sent: every minute, where nothing is said.
        pub metrics_flush_interval: Option<Duration>,
        /// After how long without spans a service is forgotten; 0 for never.
        pub metrics_expiration: Option<Duration>,
        /// After how long without spans one series is forgotten; 0 for never.
        pub series_expiration: Option<Duration>,
        /// How many times of sending are remembered, where numbers count since the last time.
        pub metric_timestamp_cache_size: Option<u32>,
        /// What the names of metrics begin with: `traces.span.metrics` where nothing is said.
        pub namespace: Option<String>,
        /// Spans that stand for a value.
        pub exemplars: Exemplars,
        /// Events of spans, counted too.
        pub events: Events,
        /// Scopes whose name and version become attributes.
        pub include_instrumentation_scope: Vec<String>,
        /// How many series one service may have; the others are counted together. 0 for no limit.
        pub aggregation_cardinality_limit: u32,
        /// Whether metrics get the attributes of resources.
        pub add_resource_attributes: bool,
        /// Whether metrics say if they are counted or extrapolated from a sample.
        pub enable_metrics_sampling_method: bool,
    }

    /// How durations are recorded.
    pub struct Histogram {
        /// Whether they are not.
        pub disable: bool,
        /// In which unit: milliseconds where nothing is said.
        pub unit: Option<Unit>,
        /// With buckets that follow the values.
        pub exponential: Option<Exponential>,
        /// With these buckets; with built-in ones, where nothing is said.
        pub explicit: Option<Explicit>,
        /// Attributes that tell series apart, for durations alone.
        pub dimensions: Vec<Dimension>,
    }

    /// Buckets that follow the values.
    #[derive(Eq)]
    pub struct Exponential {
        /// How many at most: 160 where nothing is said.
        pub max_size: Option<u32>,
    }

    /// Given buckets.
    #[derive(Eq)]
    pub struct Explicit {
        /// Their upper bounds.
        pub buckets: Vec<Duration>,
    }

    /// An attribute that tells series apart.
    #[derive(Eq)]
    pub struct Dimension {
        /// Its name.
        pub name: String,
        /// Its value where a span does not have it; without one the attribute is left out.
        pub default: Option<String>,
        /// A pattern of names, in place of one.
        pub glob: String,
    }

    /// Spans that stand for a value.
    #[derive(Eq)]
    pub struct Exemplars {
        /// Whether metrics name some.
        pub enabled: bool,
        /// How many for each value: 5 where nothing is said.
        pub max_per_data_point: Option<u32>,
    }

    /// Events of spans.
    #[derive(Eq)]
    pub struct Events {
        /// Whether they are counted.
        pub enabled: bool,
        /// Attributes that tell them apart.
        pub dimensions: Vec<Dimension>,
    }
}

/// Whether numbers count from the beginning or since the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Temporality {
    /// From the beginning, as Prometheus wants it.
    #[default]
    #[serde(rename = "AGGREGATION_TEMPORALITY_CUMULATIVE")]
    Cumulative,
    /// Since the last time.
    #[serde(rename = "AGGREGATION_TEMPORALITY_DELTA")]
    Delta,
}

/// In which unit durations are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Milliseconds.
    #[default]
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
}

impl Dimension {
    /// The attribute of that name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// Attributes that every series has.
const BUILT_IN: [&str; 5] = [
    "service.name",
    "span.name",
    "span.kind",
    "status.code",
    "collector.instance.id",
];

fn mistakes(field: &str, dimensions: &[Dimension]) -> Vec<String> {
    let mut seen: std::collections::BTreeSet<&str> = BUILT_IN.into_iter().collect();
    let wrong = |dimension: &Dimension, fresh: bool| {
        let Dimension {
            name,
            default,
            glob,
        } = dimension;
        if name.is_empty() == glob.is_empty() {
            Some("either `name` or `glob` is needed".to_owned())
        } else if default.is_some() && !glob.is_empty() {
            Some(format!("`default` does not fit `glob: {glob}`"))
        } else {
            (!name.is_empty() && !fresh).then(|| format!("`{name}` is there twice"))
        }
    };
    let found = dimensions.iter().filter_map(|dimension| {
        let fresh = seen.insert(&dimension.name);
        wrong(dimension, fresh)
    });
    found.map(|wrong| format!("{field}: {wrong}")).collect()
}

impl Component for SpanMetrics {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Connector, "span_metrics")
            .renamed_from("spanmetrics", 151)
            .within(&[
                Distribution::Kubernetes,
                Distribution::Contrib,
                Distribution::Jaeger,
            ])
            .joints(&[(Signal::Traces, Signal::Metrics)])
            .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let mut found = mistakes("dimensions", &self.dimensions);
        found.extend(mistakes("calls_dimensions", &self.calls_dimensions));
        found.extend(mistakes("histogram.dimensions", &self.histogram.dimensions));
        if self.events.enabled {
            found.extend(mistakes("events.dimensions", &self.events.dimensions));
            if self.events.dimensions.is_empty() {
                found.push("events: `dimensions` are missing".to_owned());
            }
        }
        if self.histogram.explicit.is_some() && self.histogram.exponential.is_some() {
            found.push("histogram: either `explicit` or `exponential`, not both".to_owned());
        }
        let delta = self.aggregation_temporality == Some(Temporality::Delta);
        if delta && self.metric_timestamp_cache_size == Some(0) {
            found.push("`metric_timestamp_cache_size` must be positive".to_owned());
        }
        found
    }
}
