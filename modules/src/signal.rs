//! What flows, as types: a pipeline of metrics has no step that only traces have.

use collector_config::Signal as Kind;

/// What flows through a pipeline.
pub trait Signal: sealed::Sealed + 'static {
    /// The same as a value.
    const KIND: Kind;
}

/// Spans.
#[derive(Clone, Copy, Debug)]
pub enum Traces {}
/// Data points.
#[derive(Clone, Copy, Debug)]
pub enum Metrics {}
/// Log records.
#[derive(Clone, Copy, Debug)]
pub enum Logs {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Traces {}
    impl Sealed for super::Metrics {}
    impl Sealed for super::Logs {}
}

impl Signal for Traces {
    const KIND: Kind = Kind::Traces;
}
impl Signal for Metrics {
    const KIND: Kind = Kind::Metrics;
}
impl Signal for Logs {
    const KIND: Kind = Kind::Logs;
}

/// Says that a protocol can carry a signal.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not carry `{S}`",
    label = "this endpoint cannot receive `{S}`",
    note = "export to an endpoint whose protocol carries the signal, such as `Otlp`"
)]
pub trait Carries<S: Signal>: crate::protocol::Exports {}
