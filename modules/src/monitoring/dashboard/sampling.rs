//! Which traces are kept, and is each decided about by one that has seen all of it?

use super::{
    board::{Board, Panel, Row, Unit},
    model::Variable,
    promql::{flow, matching, of, quantile, rate, sum},
};
use crate::{
    collector::self_metrics as seen, grafana::Folder, monitoring::program::Programs, watch::Role,
};

/// What samplers decide, and what reaches them.
pub(super) fn sampling(programs: Programs<'_>) -> Option<Board> {
    let mut jobs = programs.names(&[Role::Sampler])?;
    let mut rows = vec![deciding(), room()];
    if let Some(gateways) = programs.names(&[Role::Gateway]) {
        jobs.extend(gateways);
        rows.push(handing_on());
    }
    Some(Board {
        folder: Folder::Telemetry,
        uid: "otelier-sampling",
        title: "Sampling of traces",
        about: "How many traces are kept and why, whether there is room to wait for all of each, and whether each \
                reaches the sampler that is responsible for it.",
        variables: vec![Variable::jobs(&jobs)],
        rows,
    })
}

fn deciding() -> Row {
    let kept = sum(
        "",
        &rate(&matching(seen::DECIDED_TRACES.name, "sampled=\"true\"")),
    );
    let share = format!("{kept} / {}", flow("", seen::DECIDED_TRACES.name));
    Row {
        title: "Decisions",
        panels: vec![
            Panel::number("Kept", Unit::Share, "Which part of all traces is kept.").ask("", share),
            Panel::number(
                "Traces",
                Unit::PerSecond,
                "Traces of which the first span came.",
            )
            .ask("", flow("", seen::NEW_TRACES.name)),
            Panel::graph(
                "Decisions",
                Unit::PerSecond,
                "Traces that are kept and that are not.",
            )
            .ask(
                "kept: {{sampled}}",
                flow("sampled", seen::DECIDED_TRACES.name),
            ),
            Panel::graph(
                "Kept by policy",
                Unit::PerSecond,
                "Traces that each policy wants to keep.",
            )
            .ask(
                "{{policy}}",
                sum(
                    "policy",
                    &rate(&matching(seen::DECIDED_BY_POLICY.name, "sampled=\"true\"")),
                ),
            ),
        ],
    }
}

fn room() -> Row {
    Row {
        title: "Room",
        panels: vec![
            Panel::graph(
                "Waiting",
                Unit::Count,
                "Traces in memory that wait for their decision.",
            )
            .ask("{{pod}}", of(seen::WAITING_TRACES.name)),
            Panel::graph(
                "Dropped too early",
                Unit::PerSecond,
                "Traces that had to go undecided: there were more of them than the memory holds.",
            )
            .ask("{{pod}}", flow("pod", seen::DROPPED_TOO_EARLY.name))
            .bad(0.001),
            Panel::graph(
                "Policies fail",
                Unit::PerSecond,
                "Policies that could not be worked out.",
            )
            .ask("{{pod}}", flow("pod", seen::POLICY_ERRORS.name))
            .bad(0.001),
        ],
    }
}

fn handing_on() -> Row {
    Row {
        title: "Handing on by trace",
        panels: vec![
            Panel::graph(
                "Samplers seen",
                Unit::Count,
                "Collectors that each gateway chooses from: all should see the same.",
            )
            .ask(
                "{{pod}}",
                format!("min by (pod) ({})", of(seen::BACKENDS.name)),
            )
            .bad_below(1.0),
            Panel::graph(
                "Changes",
                Unit::PerSecond,
                "How often they changed. Each change moves traces to another sampler.",
            )
            .ask("{{pod}}", flow("pod", seen::BACKEND_UPDATES.name)),
            Panel::graph(
                "Outcome",
                Unit::PerSecond,
                "Whether what was handed to one of them arrived.",
            )
            .ask(
                "{{endpoint}} arrived: {{success}}",
                flow("endpoint, success", seen::BACKEND_OUTCOME.name),
            ),
            Panel::graph(
                "Duration",
                Unit::Milliseconds,
                "How long handing on takes, for 99 of 100.",
            )
            .ask(
                "{{endpoint}}",
                quantile("0.99", "endpoint", seen::BACKEND_LATENCY.name),
            ),
        ],
    }
}
