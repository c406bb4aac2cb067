//! What is measured of spans: rate, errors and duration of each operation, and who calls whom.

use collector_config::{
    ComponentId, Config, Duration, Pipeline as Parts, Signal as Kind,
    components::{
        service_graph::{ServiceGraph, Store},
        span_metrics::{Dimension, Exemplars, Explicit, Histogram, SpanMetrics},
    },
};
use provider_core::Scope;

use super::{AnyPipeline, Step};
use crate::{
    collector::{Memory, names::Outlets, parts},
    made::{self, Made},
    units::KIB,
};

/// What the names of these metrics begin with, in Prometheus `traces_span_metrics_`.
pub(in crate::collector) const NAMESPACE: &str = "traces.span.metrics";
/// How many series of one service are told apart; what comes after is counted together.
const SERIES_PER_SERVICE: u32 = 2000;
/// How many services a stack is planned for.
const SERVICES: u64 = 50;
/// What one series takes: its labels, and a counter and a histogram with their buckets and examples.
const PER_SERIES: u64 = 2 * KIB;
/// How many spans stand for one number each time that numbers are sent.
const EXAMPLES: u32 = 2;
/// How many calls wait for the span of their other side.
const CALLS: u64 = 10_000;
/// What one of them takes.
const PER_CALL: u64 = KIB;
/// Of the series that are possible, one in so many is there at once.
const USED: u64 = 10;
/// The upper bounds of the buckets of durations.
const BUCKETS: [Duration; 14] = [
    Duration::millis(2),
    Duration::millis(5),
    Duration::millis(10),
    Duration::millis(25),
    Duration::millis(50),
    Duration::millis(100),
    Duration::millis(250),
    Duration::millis(500),
    Duration::seconds(1),
    Duration::millis(2500),
    Duration::seconds(5),
    Duration::seconds(10),
    Duration::seconds(30),
    Duration::seconds(60),
];

/// Metrics made of spans.
#[derive(Clone, Debug)]
pub(in crate::collector) struct Red {
    /// Where they go.
    pub(in crate::collector) to: AnyPipeline,
    /// The span attributes that they are told apart by, beside service, operation, kind and status.
    pub(in crate::collector) dimensions: Vec<String>,
}

impl Red {
    pub(super) fn into(mut to: AnyPipeline) -> Self {
        // Each of these series says which collector made it, so each has one writer: there is no layer behind to ask for.
        to.together.series = false;
        Self {
            to,
            dimensions: Vec::new(),
        }
    }

    /// What is remembered between two times that metrics are sent.
    pub(in crate::collector) fn remember(plan: Memory) -> Memory {
        let series = SERVICES * u64::from(SERIES_PER_SERVICE) / USED;
        let why = format!("{series} series of spans");
        let plan = plan.beside("span metrics", series * PER_SERIES, why);
        let why = format!("{CALLS} calls that wait for their other side");
        plan.beside("service graph", CALLS * PER_CALL, why)
    }

    /// Defines the pipelines from spans to metrics, beside and before what is done with the spans themselves.
    pub(in crate::collector) fn define(
        &self,
        scope: &mut Scope<'_>,
        config: &mut Config,
        receivers: &[ComponentId],
        limiter: &ComponentId,
        outlets: &Outlets,
    ) {
        let joints = vec![
            config.add(&self.span_metrics()),
            config.add(&service_graph()),
        ];
        let measured = Parts {
            receivers: receivers.to_vec(),
            processors: vec![limiter.clone()],
            exporters: joints.clone(),
        };
        parts::add_named(scope, config, Kind::Traces, "red", measured);
        let mut processors = vec![limiter.clone()];
        let mut steps = vec![Step::Transform(vec![WRITER.to_owned()])];
        steps.extend(self.to.steps.iter().cloned());
        let steps = Step::define_all(&steps, config, Kind::Metrics, "red");
        processors.extend(parts::legal(scope, steps));
        let out = self.to.first();
        made::makes(scope, Made::Calls, out.sends());
        let sent = Parts {
            receivers: joints,
            processors,
            exporters: out.define(scope, config, outlets),
        };
        parts::add_named(scope, config, Kind::Metrics, "red", sent);
    }

    fn span_metrics(&self) -> SpanMetrics {
        let buckets = BUCKETS.to_vec();
        SpanMetrics {
            histogram: Histogram {
                explicit: Some(Explicit { buckets }),
                ..Histogram::default()
            },
            dimensions: self
                .dimensions
                .iter()
                .map(|name| Dimension::named(name))
                .collect(),
            namespace: Some(NAMESPACE.to_owned()),
            metrics_flush_interval: Some(Duration::seconds(15)),
            // A service that is gone would be counted for ever.
            metrics_expiration: Some(Duration::minutes(5)),
            // Of each number, spans that stand for it.
            exemplars: Exemplars {
                enabled: true,
                max_per_data_point: Some(EXAMPLES),
            },
            // One span with ids in its name must not make a series of every call.
            aggregation_cardinality_limit: SERIES_PER_SERVICE,
            ..SpanMetrics::default()
        }
    }
}

fn service_graph() -> ServiceGraph {
    ServiceGraph {
        latency_histogram_buckets: BUCKETS.to_vec(),
        store: Store {
            max_items: Some(CALLS),
            ttl: Some(Duration::seconds(10)),
        },
        metrics_flush_interval: Some(Duration::seconds(15)),
        ..ServiceGraph::default()
    }
}

/// Each collector counts its own traces, so each writes series of its own, under a name that a restart does not
/// change: the program would make up another each time.
const WRITER: &str = r#"set(datapoint.attributes["collector.instance.id"], "${env:POD_NAME}")"#;
