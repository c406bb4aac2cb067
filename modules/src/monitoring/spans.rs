//! Is measured of spans what should be?

use std::collections::BTreeSet;

use super::{
    program::Programs,
    rule::{Alert, Group, Severity},
};
use crate::{
    collector::self_metrics::{ACCEPTED_SPANS, spans},
    made::Made,
    monitoring::collector::COLLECTORS,
};

pub(super) fn rules(programs: Programs<'_>, made: &BTreeSet<Made>) -> Group {
    let jobs = made
        .contains(&Made::Calls)
        .then(|| programs.jobs(&COLLECTORS));
    let alert = jobs.flatten().map(|jobs| Alert {
        name: "RequestsUnmeasured",
        severity: Severity::Warning,
        hold: "15m",
        when: format!(
            "absent({}) and on () sum(rate({}{{{jobs}}}[15m])) > 0",
            spans::CALLS,
            ACCEPTED_SPANS.name
        ),
        says: "Spans come in, and nothing that is measured of them arrives",
    });
    Group {
        name: "requests",
        records: Vec::new(),
        alerts: alert.into_iter().collect(),
    }
}
