//! What should somebody be told about the stack, and what should they see of it?
//!
//! Rules and dashboards follow from what was announced: a program that is not there has none. Each alert has a page in
//! `docs/runbooks` that says what it means and what to do.

mod backends;
mod cluster;
mod collector;
mod dashboard;
mod program;
mod prometheus;
mod rule;

pub(crate) use self::dashboard::{Traces, dashboards};
use self::{program::Programs, rule::Group};
use crate::watch::{Rules, Watched};

/// The rules about everything that is watched.
pub(crate) fn rules(watched: &[Watched]) -> Vec<Rules> {
    let programs = Programs(watched);
    let groups: [fn(Programs<'_>) -> Group; 7] = [
        program::rules,
        collector::rules,
        prometheus::rules,
        prometheus::alertmanager,
        backends::loki,
        backends::jaeger,
        backends::elasticsearch,
    ];
    groups
        .into_iter()
        .filter_map(|rules| rules(programs).file())
        .collect()
}
