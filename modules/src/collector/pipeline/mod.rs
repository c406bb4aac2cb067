//! What happens to one signal on its way through a gateway?

use std::marker::PhantomData;

use collector_config::components::tail_sampling::Policy;

mod out;
mod red;
mod step;

pub use self::out::Archived;
#[cfg(test)]
pub(super) use self::red::NAMESPACE;
pub(super) use self::{
    out::{Archive, FILES_DIRECTORY, Out, explain},
    red::Red,
    step::Step,
};
use crate::{
    protocol::Export,
    signal::{Logs, Metrics, Signal, Traces},
};

/// The way of one signal: values that can be stored, shared and tested.
///
/// ```compile_fail
/// // Only whole traces can be sampled.
/// modules::metrics().sample(0.1);
/// ```
///
/// ```compile_fail
/// // A trace has no series that someone must be the only one to write.
/// modules::traces().one_writer();
/// ```
#[derive(Clone, Debug)]
pub struct Pipeline<S> {
    way: AnyPipeline,
    signal: PhantomData<fn() -> S>,
}

/// A pipeline whose signal is a value.
#[derive(Clone, Debug)]
pub(super) struct AnyPipeline {
    pub(super) signal: collector_config::Signal,
    pub(super) steps: Vec<Step>,
    pub(super) exports: Vec<Export>,
    pub(super) archives: Vec<Archive>,
    /// Whether each Pod writes it to a file too.
    pub(super) written: bool,
    pub(super) together: Together,
}

/// What needs everything of a kind to come together in one collector: all spans of a trace, all points of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Together {
    /// Which traces are kept.
    pub(super) policies: Option<Vec<Policy>>,
    /// What is measured of all traces.
    pub(super) red: Option<Box<Red>>,
    /// Whether each series has one collector that writes it.
    pub(super) series: bool,
}

/// The way of traces.
pub fn traces() -> Pipeline<Traces> {
    Pipeline::new()
}

/// The way of metrics.
pub fn metrics() -> Pipeline<Metrics> {
    Pipeline::new()
}

/// The way of logs.
pub fn logs() -> Pipeline<Logs> {
    Pipeline::new()
}

impl<S: Signal> Pipeline<S> {
    fn new() -> Self {
        Self {
            way: AnyPipeline::new(S::KIND),
            signal: PhantomData,
        }
    }

    pub(super) fn erase(self) -> AnyPipeline {
        self.way
    }
}

impl Pipeline<Traces> {
    /// Keeps this share of all traces (from 0 to 1), and in any case those in which something went wrong or that
    /// took longer than a second.
    ///
    /// It is decided for whole traces, by collectors of their own that each see all spans of theirs.
    #[must_use]
    pub fn sample(self, share: f64) -> Self {
        self.sample_by([
            Policy::errors(),
            Policy::slow(1000),
            Policy::share(share * 100.0),
        ])
    }

    /// Keeps each trace for which one of these reasons holds.
    ///
    /// ```
    /// use modules::{sampling::Policy, traces};
    ///
    /// let kept = traces().sample_by([Policy::errors(), Policy::slow(500), Policy::share(5.0)]);
    /// ```
    #[must_use]
    pub fn sample_by(mut self, policies: impl IntoIterator<Item = Policy>) -> Self {
        self.way.together.policies = Some(policies.into_iter().collect());
        self
    }

    /// Measures all traces, before any is left out: how many calls each operation gets, how many of them fail, how
    /// long they take, and who calls whom. What is measured goes the way of these metrics.
    ///
    /// ```
    /// # use modules::{metrics, protocol::{Otlp, PrometheusOtlp}, traces};
    /// # use provider_core::Endpoint;
    /// # let jaeger: Endpoint<Otlp> = Endpoint::outside("jaeger.example", 4317);
    /// # let prometheus: Endpoint<PrometheusOtlp> = Endpoint::outside("prometheus.example", 9090);
    /// let pipeline = traces()
    ///     .red(metrics().export(&prometheus))
    ///     .sample(0.1)
    ///     .export(&jaeger);
    /// ```
    ///
    /// What comes out are metrics, and where those go must take metrics:
    ///
    /// ```compile_fail
    /// # use modules::{logs, traces};
    /// traces().red(logs());
    /// ```
    #[must_use]
    pub fn red(mut self, metrics: Pipeline<Metrics>) -> Self {
        self.way.together.red = Some(Box::new(Red::into(metrics.erase())));
        self
    }

    /// Measures by this span attribute too. Each of its values is a series of its own for every operation.
    #[must_use]
    pub fn red_by(mut self, attribute: &str) -> Self {
        let red = self.way.together.red.get_or_insert_with(|| {
            let nowhere = AnyPipeline::new(collector_config::Signal::Metrics);
            Box::new(Red::into(nowhere))
        });
        red.dimensions.push(attribute.to_owned());
        self
    }
}

impl Pipeline<Metrics> {
    /// Lets each series be written by one collector alone, whichever replica its points arrive at.
    ///
    /// Several replicas otherwise write parts of one series out of step. A store that sorts what comes late, as this
    /// catalogue's Prometheus does for half an hour, copes with that; one that does not needs this.
    #[must_use]
    pub fn one_writer(mut self) -> Self {
        self.way.together.series = true;
        self
    }
}

impl Together {
    /// Whether a second layer is needed.
    pub(super) fn is_needed(&self) -> bool {
        self.policies.is_some() || self.red.is_some() || self.series
    }
}

impl AnyPipeline {
    fn new(signal: collector_config::Signal) -> Self {
        Self {
            signal,
            steps: Vec::new(),
            exports: Vec::new(),
            archives: Vec::new(),
            written: false,
            together: Together::default(),
        }
    }

    /// One signal goes there.
    pub(super) fn to(signal: collector_config::Signal, exports: Vec<Export>) -> Self {
        Self {
            exports,
            ..Self::new(signal)
        }
    }

    /// Everything goes the same way.
    pub(super) fn of_all(exports: &[Export]) -> Vec<Self> {
        let each = |signal| Self::to(signal, exports.to_vec());
        collector_config::Signal::ALL.map(each).to_vec()
    }
}
