//! The connectors that lead from pipelines to pipelines of the same signal.

use serde::{Deserialize, Serialize};

use super::ottl_groups::{ErrorMode, checked};
use crate::component::{Class, Component};
use crate::ottl::{About, Anything, Context, check_condition};
use crate::{ComponentType, Distribution, PipelineId, Signal, Stability};

settings! {
    /// Leads data to pipelines by conditions; what fulfils none goes to the pipelines for the rest.
    pub struct Routing {
        /// What happens when a condition cannot be told. Where nothing is said, that depends on the version: 0.152
        /// refuses the data; in 0.157 the condition counts as false, and it is logged.
        pub error_mode: Option<ErrorMode>,
        /// The pipelines for the rest.
        pub default_pipelines: Vec<PipelineId>,
        /// The conditions, in their order.
        pub table: Vec<Route>,
    }

    /// One condition, and where to.
    #[derive(Eq)]
    pub struct Route {
        /// What the condition is about: whole resources, where nothing is said.
        pub context: Option<RouteContext>,
        /// The condition, in OTTL; for requests, `request["header"] == "value"`.
        pub condition: String,
        /// The older way to say it: `route() where …`.
        pub statement: String,
        /// Whether what goes there is looked at further.
        pub action: Option<RouteAction>,
        /// Where to.
        pub pipelines: Vec<PipelineId>,
    }

    /// Joins pipelines of one signal, or splits one.
    #[derive(Eq)]
    pub struct Forward {}
}

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteContext {
    /// The request that brought the data.
    Request,
    /// Whole resources.
    Resource,
    /// Spans.
    Span,
    /// Metrics.
    Metric,
    /// Data points.
    DataPoint,
    /// Log records.
    Log,
}

/// Whether what goes somewhere is looked at further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteAction {
    /// It is gone.
    Move,
    /// It may go elsewhere too.
    Copy,
}

const SAME_SIGNAL: &[(Signal, Signal)] = &[
    (Signal::Traces, Signal::Traces),
    (Signal::Metrics, Signal::Metrics),
    (Signal::Logs, Signal::Logs),
];

impl Route {
    fn mistake(&self) -> Option<&'static str> {
        let requests = self.context == Some(RouteContext::Request);
        if self.condition.is_empty() && self.statement.is_empty() {
            Some("table: a route needs a `condition`")
        } else if !self.condition.is_empty() && !self.statement.is_empty() {
            Some("table: a route has either a `condition` or a `statement`")
        } else if requests && self.condition.is_empty() {
            Some("table: a route by requests needs a `condition`")
        } else if self.pipelines.is_empty() {
            Some("table: a route needs `pipelines`")
        } else {
            None
        }
    }
}

impl Route {
    /// What is wrong with the condition; those about requests have a language of their own.
    fn texts(&self) -> Vec<String> {
        let contexts: &[Context] = match self.context {
            // Paths say what they are about; those that do not are about resources.
            None => return self.texts_of_any(),
            Some(RouteContext::Request) => &[],
            Some(RouteContext::Resource) => &[Context::Resource],
            Some(RouteContext::Span) => &[Context::Span],
            Some(RouteContext::Metric) => &[Context::Metric],
            Some(RouteContext::DataPoint) => &[Context::DataPoint],
            Some(RouteContext::Log) => &[Context::Log],
        };
        self.text_about(contexts)
    }

    fn text_about(&self, contexts: &[Context]) -> Vec<String> {
        let there = !self.condition.is_empty();
        let condition = there.then(|| self.condition.clone());
        checked(condition.as_slice(), contexts, check_condition)
    }

    fn texts_of_any(&self) -> Vec<String> {
        if self.text_about(&[Context::Resource]).is_empty() {
            return Vec::new();
        }
        self.text_about(Anything::CONTEXTS)
    }
}

impl Component for Routing {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Connector, "routing")
        .since(86)
        .joints(SAME_SIGNAL)
        .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let wrong = self.table.iter().filter_map(Route::mistake);
        let empty = self.table.is_empty().then_some("`table` is missing");
        let texts = self.table.iter().flat_map(Route::texts);
        let wrong = wrong.chain(empty).map(ToOwned::to_owned);
        wrong.chain(texts).collect()
    }
}

impl Component for Forward {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Connector, "forward")
        .within(Distribution::GENERAL)
        .joints(SAME_SIGNAL)
        .ripe(Stability::Beta);
}
