//! What can people see of the stack?
//!
//! Dashboards follow from what was announced, as rules do: a program that is not there has none.

mod board;
mod collector;
mod model;
mod process;
mod prometheus;
mod promql;
mod sampling;
mod search;
mod stores;

use self::board::Board;
use super::program::Programs;
use crate::{grafana::Dashboard, watch::Watched};

/// The dashboards of everything that is watched.
pub(crate) fn dashboards(watched: &[Watched]) -> Vec<Dashboard> {
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
    boards
        .into_iter()
        .filter_map(|board| board(programs))
        .map(Board::build)
        .collect()
}
