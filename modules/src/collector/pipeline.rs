//! What happens to one signal on its way through a gateway?

use std::marker::PhantomData;

use provider_core::Endpoint;

use crate::{
    protocol::Export,
    signal::{Carries, Logs, Metrics, Signal, Traces},
};

/// The way of one signal: values that can be stored, shared and tested.
///
/// ```compile_fail
/// // Only whole traces can be sampled.
/// modules::metrics().sample(0.1);
/// ```
#[derive(Clone, Debug)]
pub struct Pipeline<S> {
    share: Option<f64>,
    exports: Vec<Export>,
    signal: PhantomData<fn() -> S>,
}

/// A pipeline whose signal is a value.
#[derive(Clone, Debug)]
pub(super) struct AnyPipeline {
    pub(super) signal: collector_config::Signal,
    pub(super) share: Option<f64>,
    pub(super) exports: Vec<Export>,
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
            share: None,
            exports: Vec::new(),
            signal: PhantomData,
        }
    }

    /// Sends everything to an endpoint whose protocol carries the signal. Said several times, each gets everything.
    #[must_use]
    pub fn export<P: Carries<S>>(mut self, endpoint: &Endpoint<P>) -> Self {
        self.exports.extend(Export::all_to::<S, P>(endpoint));
        self
    }

    pub(super) fn erase(self) -> AnyPipeline {
        AnyPipeline {
            signal: S::KIND,
            share: self.share,
            exports: self.exports,
        }
    }
}

impl Pipeline<Traces> {
    /// Keeps this share of all traces (from 0 to 1), and in any case those in which something went wrong or that
    /// took longer than a second.
    ///
    /// It is decided for whole traces, by collectors of their own that each see all spans of theirs.
    #[must_use]
    pub fn sample(mut self, share: f64) -> Self {
        self.share = Some(share);
        self
    }
}
