//! Traces cannot be exported to an endpoint that takes metrics only.
//~ this endpoint cannot receive `Traces`
//~ `RemoteWrite` does not carry `Traces`
//~ export to an endpoint whose protocol carries the signal, such as `Otlp`

use modules::{Prometheus, traces};
use provider::Scope;

fn prod(stack: &mut Scope<'_>) {
    let prometheus = stack.add(Prometheus::new("prometheus").take_remote_write());
    let _ = traces().export(&prometheus.remote_write);
}

fn main() {}
