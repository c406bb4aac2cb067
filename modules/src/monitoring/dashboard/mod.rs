//! What can people see of the stack?
//!
//! Dashboards follow from what was announced, as rules do: a program that is not there has none.

mod board;
mod collector;
mod explore;
mod kubernetes;
mod model;
mod process;
mod prometheus;
mod promql;
mod requests;
mod sampling;
mod search;
mod stores;

use std::collections::BTreeSet;

use self::board::Board;
pub(crate) use self::explore::Traces;
use super::program::Programs;
use crate::{grafana::Dashboard, made::Made, watch::Watched};

/// The dashboards of everything that is watched, and of what collectors make; they lead to traces where those are kept.
pub(crate) fn dashboards(
    watched: &[Watched],
    made: &BTreeSet<Made>,
    traces: Option<&Traces>,
) -> Vec<Dashboard> {
    let programs = Programs(watched);
    let boards: [fn(Programs<'_>) -> Option<Board>; 8] = [
        collector::data_flow,
        collector::health,
        sampling::sampling,
        prometheus::prometheus,
        prometheus::alertmanager,
        stores::loki,
        stores::jaeger,
        search::elasticsearch,
    ];
    let boards = boards.into_iter().map(|board| board(programs));
    let of_made = [
        kubernetes::kubernetes(made),
        requests::requests(made, traces),
    ];
    boards.chain(of_made).flatten().map(Board::build).collect()
}
