//! What should somebody be told about the stack, and what should they see of it?
//!
//! Rules and dashboards follow from what was announced: a program that is not there has none. Each alert has a page in
//! `docs/runbooks` that says what it means and what to do.

mod backends;
mod cluster;
mod collector;
mod dashboard;
mod injector;
mod load;
mod program;
mod prometheus;
mod rule;
mod spans;
mod tempo;
mod victoria;

pub(crate) use self::dashboard::{Traces, dashboards};
use self::{program::Programs, rule::Group};
use std::collections::BTreeSet;

use crate::{
    made::Made,
    watch::{Rules, Watched},
};

/// The rules about everything that is watched, and about what collectors make that arrives where they are worked out.
pub(crate) fn rules(watched: &[Watched], made: &BTreeSet<Made>) -> Vec<Rules> {
    let programs = Programs(watched);
    let groups: [fn(Programs<'_>) -> Group; 10] = [
        program::rules,
        collector::rules,
        prometheus::rules,
        prometheus::alertmanager,
        backends::loki,
        backends::jaeger,
        backends::elasticsearch,
        tempo::rules,
        victoria::rules,
        injector::rules,
    ];
    let groups = groups.into_iter().map(|rules| rules(programs));
    groups
        .chain([cluster::rules(made), spans::rules(programs, made)])
        .filter_map(Group::file)
        .collect()
}
