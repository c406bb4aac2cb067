//! The connector that counts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ottl_groups::checked;
use crate::component::{Class, Component};
use crate::ottl::{Context, check_condition};
use crate::{ComponentType, Signal, Stability};

settings! {
    /// Counts what flows through it, or what of it fulfils conditions. Each map is from a metric's name.
    pub struct Count {
        /// Spans.
        pub spans: BTreeMap<String, Counter>,
        /// Events of spans.
        pub spanevents: BTreeMap<String, Counter>,
        /// Metrics.
        pub metrics: BTreeMap<String, Counter>,
        /// Data points.
        pub datapoints: BTreeMap<String, Counter>,
        /// Log records.
        pub logs: BTreeMap<String, Counter>,
    }

    /// What one metric counts.
    pub struct Counter {
        /// What people read about it.
        pub description: String,
        /// One of these has to hold, in OTTL; all is counted, where nothing is said.
        pub conditions: Vec<String>,
        /// Attributes that tell series apart.
        pub attributes: Vec<CountedBy>,
    }

    /// An attribute that tells series apart.
    pub struct CountedBy {
        /// Its name.
        pub key: String,
        /// Its value where it is missing; without one, what does not have the attribute is not counted.
        pub default_value: Option<Value>,
    }
}

impl Component for Count {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Connector, "count")
        .joints(&[
            (Signal::Traces, Signal::Metrics),
            (Signal::Metrics, Signal::Metrics),
            (Signal::Logs, Signal::Metrics),
        ])
        .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let Self {
            spans,
            spanevents,
            metrics,
            datapoints,
            logs,
        } = self;
        let mut found = Vec::new();
        for (field, counters, context) in [
            ("spans", spans, Context::Span),
            ("spanevents", spanevents, Context::SpanEvent),
            ("metrics", metrics, Context::Metric),
            ("datapoints", datapoints, Context::DataPoint),
            ("logs", logs, Context::Log),
        ] {
            for (name, counter) in counters {
                found.extend(checked(&counter.conditions, &[context], check_condition));
                if name.is_empty() {
                    found.push(format!("{field}: a metric needs a name"));
                }
                if field == "metrics" && !counter.attributes.is_empty() {
                    found.push(format!("{field}.{name}: metrics have no attributes"));
                }
                if counter.attributes.iter().any(|by| by.key.is_empty()) {
                    found.push(format!("{field}.{name}: an attribute needs a `key`"));
                }
            }
        }
        found
    }
}
