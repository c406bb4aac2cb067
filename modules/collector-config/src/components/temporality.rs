//! The processors that turn numbers since the last time into numbers since the beginning, and back.

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::component::{Class, Component};
use crate::{ComponentType, Duration, Signal, Stability};

settings! {
    /// Turns numbers since the last time into numbers since the beginning. All data points of a series have to reach
    /// the same collector.
    #[derive(Eq)]
    pub struct DeltaToCumulative {
        /// After how long without data points a series is forgotten: 5 min where nothing is said.
        pub max_stale: Option<Duration>,
        /// How many series are remembered: all, where nothing is said. Others are dropped.
        pub max_streams: Option<u64>,
    }

    /// Turns numbers since the beginning into numbers since the last time. All data points of a series have to reach
    /// the same collector.
    pub struct CumulativeToDelta {
        /// After how long without data points a series is forgotten; 0 for never.
        pub max_staleness: Option<Duration>,
        /// What happens to the first data point of a series.
        pub initial_value: Option<InitialValue>,
        /// Which metrics; all, where nothing is said.
        pub include: MatchMetrics,
        /// Which metrics not.
        pub exclude: MatchMetrics,
    }

    /// Metrics by name and kind.
    pub struct MatchMetrics {
        /// How names are compared: `strict` or `regexp`.
        pub match_type: String,
        /// How patterns are remembered.
        pub regexp: Settings,
        /// Names.
        pub metrics: Vec<String>,
        /// Kinds: `sum`, `histogram`, `exponentialhistogram`.
        pub metric_types: Vec<String>,
    }
}

/// What happens to the first data point of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitialValue {
    /// It is sent if the series began after the collector.
    Auto,
    /// It is sent.
    Keep,
    /// It is dropped.
    Drop,
}

impl MatchMetrics {
    fn mistakes(&self, field: &str) -> impl Iterator<Item = String> {
        let half = self.match_type.is_empty() != self.metrics.is_empty();
        let half = half.then(|| format!("{field}: `match_type` and `metrics` belong together"));
        let kind = |kind: &&String| {
            let kinds = ["sum", "histogram", "exponentialhistogram"];
            !kinds.contains(&kind.to_lowercase().as_str())
        };
        let unknown = self.metric_types.iter().find(kind);
        let unknown = unknown.map(|kind| format!("{field}: there is no metric type `{kind}`"));
        half.into_iter().chain(unknown)
    }
}

impl Component for DeltaToCumulative {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "delta_to_cumulative")
            .renamed_from("deltatocumulative", 158)
            .since(108)
            .signals(&[Signal::Metrics])
            .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let never = self.max_stale == Some(Duration::ZERO);
        let never = never.then(|| "`max_stale` must be positive".to_owned());
        never.into_iter().collect()
    }
}

impl Component for CumulativeToDelta {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "cumulative_to_delta")
            .renamed_from("cumulativetodelta", 157)
            .signals(&[Signal::Metrics])
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let include = self.include.mistakes("include");
        include.chain(self.exclude.mistakes("exclude")).collect()
    }
}
