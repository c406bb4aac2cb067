//! Does telemetry flow through the collectors, and are they well?

use super::{
    board::{Board, Panel, Row, Unit},
    model::Variable,
    promql::{flow, of, rate, sum},
};
use crate::{
    collector::self_metrics::{self as seen, SelfMetric},
    grafana::Folder,
    monitoring::{collector::COLLECTORS, program::Programs},
};

/// What a collector counts of one signal.
struct Counted {
    title: &'static str,
    /// What the label `data_type` of a queue says.
    kind: &'static str,
    accepted: SelfMetric,
    refused: SelfMetric,
    lost: SelfMetric,
    short: SelfMetric,
    sent: SelfMetric,
    given_up: SelfMetric,
    not_queued: SelfMetric,
}

const COUNTED: [Counted; 3] = [
    Counted {
        title: "Traces",
        kind: "traces",
        accepted: seen::ACCEPTED_SPANS,
        refused: seen::REFUSED_SPANS,
        lost: seen::FAILED_SPANS,
        short: seen::LIMITER_REFUSED_SPANS,
        sent: seen::SENT_SPANS,
        given_up: seen::SEND_FAILED_SPANS,
        not_queued: seen::ENQUEUE_FAILED_SPANS,
    },
    Counted {
        title: "Metrics",
        kind: "metrics",
        accepted: seen::ACCEPTED_POINTS,
        refused: seen::REFUSED_POINTS,
        lost: seen::FAILED_POINTS,
        short: seen::LIMITER_REFUSED_POINTS,
        sent: seen::SENT_POINTS,
        given_up: seen::SEND_FAILED_POINTS,
        not_queued: seen::ENQUEUE_FAILED_POINTS,
    },
    Counted {
        title: "Logs",
        kind: "logs",
        accepted: seen::ACCEPTED_RECORDS,
        refused: seen::REFUSED_RECORDS,
        lost: seen::FAILED_RECORDS,
        short: seen::LIMITER_REFUSED_RECORDS,
        sent: seen::SENT_RECORDS,
        given_up: seen::SEND_FAILED_RECORDS,
        not_queued: seen::ENQUEUE_FAILED_RECORDS,
    },
];

/// What comes in, waits, goes out and is lost.
pub(super) fn data_flow(programs: Programs<'_>) -> Option<Board> {
    Some(Board {
        folder: Folder::Telemetry,
        uid: "otelier-collector-flow",
        title: "Collectors: data flow",
        about: "What collectors receive, refuse, queue, send and lose, for each signal.",
        variables: vec![Variable::jobs(&programs.names(&COLLECTORS)?)],
        rows: COUNTED.iter().map(Counted::row).collect(),
    })
}

/// Whether they run, and with how much room.
pub(super) fn health(programs: Programs<'_>) -> Option<Board> {
    Some(Board {
        folder: Folder::Telemetry,
        uid: "otelier-collector-health",
        title: "Collectors: health",
        about: "Whether collectors run, what they use, and how full their queues are.",
        variables: vec![Variable::jobs(&programs.names(&COLLECTORS)?)],
        rows: vec![running(), using(), waiting()],
    })
}

impl Counted {
    fn row(&self) -> Row {
        let waiting = format!(
            "sum by (job, exporter) ({}{{job=~\"$job\",data_type=\"{}\"}})",
            seen::QUEUE_SIZE.name,
            self.kind
        );
        Row {
            title: self.title,
            panels: vec![
                Panel::graph(
                    "Received",
                    Unit::PerSecond,
                    "What receivers took, or asked for themselves.",
                )
                .ask("{{job}} {{receiver}}", flow("job, receiver", self.accepted.name)),
                Panel::graph(
                    "Refused",
                    Unit::PerSecond,
                    "What receivers refused or lost because something behind them did: who sent it is told to try again.",
                )
                .ask("{{job}} {{receiver}} refused", flow("job, receiver", self.refused.name))
                .ask("{{job}} {{receiver}} lost", flow("job, receiver", self.lost.name))
                .ask("{{job}} short of memory", flow("job", self.short.name))
                .bad(0.001),
                Panel::graph(
                    "Queued",
                    Unit::Bytes,
                    "What waits before an exporter. A queue that grows has a slow or a dead destination.",
                )
                .ask("{{job}} {{exporter}}", waiting),
                Panel::graph("Sent", Unit::PerSecond, "What arrived where it was sent.")
                    .ask("{{job}} {{exporter}}", flow("job, exporter", self.sent.name)),
                Panel::graph(
                    "Failed",
                    Unit::PerSecond,
                    "What was given up after all attempts, or found the queue full: it is lost, unless who sent it tries again.",
                )
                .ask("{{job}} {{exporter}} given up", flow("job, exporter", self.given_up.name))
                .ask("{{job}} {{exporter}} not queued", flow("job, exporter", self.not_queued.name))
                .bad(0.001),
            ],
        }
    }
}

fn running() -> Row {
    let restarts = format!("resets({}[1h])", of(seen::UPTIME.name));
    Row {
        title: "Running",
        panels: vec![
            Panel::number("Up", Unit::Count, "Collectors that answer.")
                .ask("", sum("", &of("up")))
                .bad_below(1.0),
            Panel::number(
                "Down",
                Unit::Count,
                "Collectors that should answer and do not.",
            )
            .ask("", format!("count({} == 0) or vector(0)", of("up")))
            .bad(1.0),
            Panel::number(
                "Youngest",
                Unit::Seconds,
                "How long the collector runs that was started last.",
            )
            .ask("", format!("min({})", of(seen::UPTIME.name))),
            Panel::number(
                "Restarts",
                Unit::Count,
                "How often collectors restarted within an hour.",
            )
            .ask("", sum("", &restarts))
            .worrying(1.0)
            .bad(3.0),
            Panel::graph("Uptime", Unit::Seconds, "Since when each collector runs.")
                .ask("{{pod}}", of(seen::UPTIME.name)),
            Panel::graph(
                "Restarts by Pod",
                Unit::Count,
                "How often each restarted within an hour. What runs out of memory restarts.",
            )
            .ask("{{pod}}", restarts)
            .bad(3.0),
        ],
    }
}

fn using() -> Row {
    Row {
        title: "Using",
        panels: vec![
            Panel::graph(
                "Memory",
                Unit::Bytes,
                "What the system gave each collector.",
            )
            .ask("{{pod}}", of(seen::MEMORY.name)),
            Panel::graph(
                "Heap",
                Unit::Bytes,
                "What is in use of it: the limiter acts on this.",
            )
            .ask("{{pod}}", of(seen::HEAP.name)),
            Panel::graph("CPU", Unit::Cores, "How many processors each keeps busy.")
                .ask("{{pod}}", rate(&of(seen::CPU.name))),
        ],
    }
}

fn waiting() -> Row {
    let fill = format!(
        "{} / ({} > 0)",
        of(seen::QUEUE_SIZE.name),
        of(seen::QUEUE_CAPACITY.name)
    );
    Row {
        title: "Waiting",
        panels: vec![
            Panel::graph(
                "Queue fill",
                Unit::Share,
                "How much of each queue is taken. A full one refuses.",
            )
            .ask("{{pod}} {{exporter}} {{data_type}}", fill)
            .worrying(0.6)
            .bad(0.8),
            Panel::graph(
                "Under way",
                Unit::Count,
                "Requests that wait for an answer.",
            )
            .ask(
                "{{pod}} {{exporter}}",
                sum("pod, exporter", &of(seen::IN_FLIGHT.name)),
            ),
            Panel::graph(
                "Measuring fails",
                Unit::PerSecond,
                "Data points that a receiver asked for and did not get.",
            )
            .ask(
                "{{pod}} {{receiver}}",
                flow("pod, receiver", seen::ERRORED_POINTS.name),
            )
            .bad(0.001),
        ],
    }
}
