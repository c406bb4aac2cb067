//! Does the collector tell about itself what someone needs, to someone who can ask?

use super::{Found, Lint, Severity, look::Look};
use crate::telemetry::Level;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "telemetry-detailed",
        severity: Severity::Warning,
        why: "each route, address and status makes a series of its own, for each collector",
        items: &["M37"],
        find: detailed,
    },
    Lint {
        id: "telemetry-unreachable",
        severity: Severity::Warning,
        why: "its metrics are shown on port 8888 of its own loopback address, where nobody can ask for them",
        items: &["1.6"],
        find: unreachable,
    },
];

fn detailed(look: &Look<'_>) -> Vec<Found> {
    let metrics = &look.config.service.telemetry.metrics;
    if metrics.level != Some(Level::Detailed) {
        return Vec::new();
    }
    let place = "service.telemetry.metrics.level";
    let repair = "set `level: normal`";
    vec![Found::new(place, "the level is `detailed`", repair)]
}

fn unreachable(look: &Look<'_>) -> Vec<Found> {
    let metrics = &look.config.service.telemetry.metrics;
    // An address of old is said as what it is: a setting that was removed.
    let said = !metrics.readers.is_empty() || metrics.address.is_some();
    if said || metrics.level == Some(Level::None) {
        return Vec::new();
    }
    let place = "service.telemetry.metrics.readers";
    let repair =
        "add a reader: `pull.exporter.prometheus` with `host: ${env:POD_IP}` and `port: 8888`";
    vec![Found::new(
        place,
        "nobody is said to read the metrics",
        repair,
    )]
}
