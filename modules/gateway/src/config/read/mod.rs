//! What do the settings of each component mean to the gateway? What it cannot do is refused by name.

mod client;
mod connection;
mod exporters;
mod extensions;
mod load_balancing;
mod otlp;
mod processors;
mod queue;
mod remote_write;
mod telemetry;

use std::time::Duration;

pub(super) use exporters::exporter;
pub(super) use extensions::{health_check, storage};
pub(super) use otlp::otlp;
pub(super) use processors::processor;
pub(super) use telemetry::{TelemetryText, telemetry};

const NO_AUTHENTICATORS: &str =
    "the gateway runs no authenticators; let TLS with `client_ca_file` do it";
const NO_MIDDLEWARES: &str = "the gateway runs no extensions that look at requests";

/// A time that stands for none where it is nothing.
fn unless_zero(duration: collector_config::Duration) -> Option<Duration> {
    Some(duration.get()).filter(|duration| !duration.is_zero())
}

/// A time that may be left out, with what is assumed then; nothing stands for none.
fn or_default(
    duration: Option<collector_config::Duration>,
    default: Option<Duration>,
) -> Option<Duration> {
    duration.map_or(default, unless_zero)
}
