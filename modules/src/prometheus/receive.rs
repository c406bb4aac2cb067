//! What may be sent to a server? Each kind of it opens a door, so none is open that nobody asked for.

use provider_core::Endpoint;

use crate::protocol::{PromQl, PrometheusOtlp, RemoteWrite};

/// Metrics are sent to it as OTLP.
#[derive(Clone, Copy, Debug)]
pub enum TakesOtlp {}
/// Metrics are sent to it as OTLP, and in Prometheus' own way.
#[derive(Clone, Copy, Debug)]
pub enum TakesBoth {}
/// It asks, and nothing is sent to it.
#[derive(Clone, Copy, Debug)]
pub enum TakesNothing {}

/// What may be sent to a server.
pub trait Takes: sealed::Sealed {
    /// Where OTLP is sent to, if it may be.
    type Otlp;
    /// Where Prometheus' own way leads, if it is open.
    type RemoteWrite;
    /// The arguments that open these doors.
    const ARGS: &'static [&'static str];

    /// The doors, at the place that everything else is reached at too.
    fn doors(at: &Endpoint<PromQl>) -> (Self::Otlp, Self::RemoteWrite);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::TakesOtlp {}
    impl Sealed for super::TakesBoth {}
    impl Sealed for super::TakesNothing {}
}

const OTLP: &str = "--web.enable-otlp-receiver";
const WRITE: &str = "--web.enable-remote-write-receiver";

impl Takes for TakesOtlp {
    type Otlp = Endpoint<PrometheusOtlp>;
    type RemoteWrite = ();
    const ARGS: &'static [&'static str] = &[OTLP];

    fn doors(at: &Endpoint<PromQl>) -> (Self::Otlp, ()) {
        (at.also(), ())
    }
}

impl Takes for TakesBoth {
    type Otlp = Endpoint<PrometheusOtlp>;
    type RemoteWrite = Endpoint<RemoteWrite>;
    const ARGS: &'static [&'static str] = &[OTLP, WRITE];

    fn doors(at: &Endpoint<PromQl>) -> (Self::Otlp, Self::RemoteWrite) {
        (at.also(), at.also())
    }
}

impl Takes for TakesNothing {
    type Otlp = ();
    type RemoteWrite = ();
    const ARGS: &'static [&'static str] = &[];

    fn doors(_: &Endpoint<PromQl>) -> ((), ()) {
        ((), ())
    }
}
