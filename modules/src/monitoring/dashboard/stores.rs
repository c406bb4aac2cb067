//! Do the stores of logs and traces take, keep and answer?

use super::{
    board::{Board, Panel, Row, Unit},
    model::Variable,
    process,
    promql::{flow, matching, of, quantile, rate, sum},
};
use crate::{
    collector::self_metrics as seen, grafana::Folder, monitoring::program::Programs, watch::Role,
};

/// What a Loki takes, keeps and answers.
pub(super) fn loki(programs: Programs<'_>) -> Option<Board> {
    Some(Board {
        folder: Folder::Backends,
        uid: "otelier-loki",
        title: "Loki",
        about: "What Loki takes and throws away, what waits to be written, and how it answers.",
        variables: vec![Variable::jobs(&programs.names(&[Role::Loki])?)],
        rows: vec![loki_takes(), loki_keeps(), loki_answers(), process::row()],
    })
}

fn loki_takes() -> Row {
    Row {
        title: "Taking",
        panels: vec![
            Panel::graph("Lines", Unit::PerSecond, "Lines that came in, by tenant.").ask(
                "{{tenant}}",
                flow("tenant", "loki_distributor_lines_received_total"),
            ),
            Panel::graph("Bytes", Unit::BytesPerSecond, "How large they are.").ask(
                "{{tenant}}",
                flow("tenant", "loki_distributor_bytes_received_total"),
            ),
            Panel::graph(
                "Thrown away",
                Unit::PerSecond,
                "Lines that were refused for good, and why: too old, too long, over a limit.",
            )
            .ask(
                "{{tenant}} {{reason}}",
                flow("tenant, reason", "loki_discarded_samples_total"),
            )
            .bad(0.001),
        ],
    }
}

fn loki_keeps() -> Row {
    Row {
        title: "Keeping",
        panels: vec![
            Panel::graph(
                "Streams",
                Unit::Count,
                "Streams in memory. Many of them say that a label never repeats.",
            )
            .ask("{{pod}}", of("loki_ingester_memory_streams")),
            Panel::graph(
                "Chunks",
                Unit::Count,
                "Chunks in memory that are not written yet.",
            )
            .ask("{{pod}}", of("loki_ingester_memory_chunks")),
            Panel::graph(
                "Waiting to be written",
                Unit::Count,
                "Where it grows, the bucket is slow or away.",
            )
            .ask("{{pod}}", of("loki_ingester_flush_queue_length")),
            Panel::graph(
                "Writing fails",
                Unit::PerSecond,
                "Chunks that the bucket did not take, and a log that found its volume full.",
            )
            .ask(
                "{{pod}} bucket",
                flow("pod", "loki_ingester_chunks_flush_failures_total"),
            )
            .ask(
                "{{pod}} volume",
                flow("pod", "loki_ingester_wal_disk_full_failures_total"),
            )
            .bad(0.000_1),
            Panel::graph(
                "Members",
                Unit::Count,
                "Those that take lines, as each of them sees it.",
            )
            .ask(
                "{{pod}} {{state}}",
                matching("loki_ring_members", "name=\"ingester\""),
            ),
            Panel::graph(
                "Since the last cleaning",
                Unit::Seconds,
                "When what is too old was deleted the last time.",
            )
            .ask(
                "{{pod}}",
                format!(
                    "time() - ({} > 0)",
                    of("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")
                ),
            ),
        ],
    }
}

fn loki_answers() -> Row {
    let requests = "loki_request_duration_seconds";
    let count = format!("{requests}_count");
    Row {
        title: "Answering",
        panels: vec![
            Panel::graph(
                "Requests",
                Unit::PerSecond,
                "What is asked of it, and how it ends.",
            )
            .ask(
                "{{route}} {{status_code}}",
                flow("route, status_code", &count),
            ),
            Panel::graph(
                "Failures",
                Unit::PerSecond,
                "Requests that were answered with an error of its own.",
            )
            .ask(
                "{{route}}",
                sum("route", &rate(&matching(&count, "status_code=~\"5..\""))),
            )
            .bad(0.001),
            Panel::graph(
                "Duration",
                Unit::Seconds,
                "How long requests take, for 99 of 100.",
            )
            .ask("{{route}}", quantile("0.99", "route", requests)),
        ],
    }
}

/// What a Jaeger takes, writes and answers.
pub(super) fn jaeger(programs: Programs<'_>) -> Option<Board> {
    let mut rows = vec![jaeger_takes()];
    rows.extend(
        programs
            .names(&[Role::JaegerQuery])
            .map(|_| jaeger_answers()),
    );
    rows.push(jaeger_uses());
    Some(Board {
        folder: Folder::Backends,
        uid: "otelier-jaeger",
        title: "Jaeger",
        about: "Whether spans are taken and written, and how questions to the store end.",
        variables: vec![Variable::jobs(
            &programs.names(&[Role::JaegerCollector, Role::JaegerQuery])?,
        )],
        rows,
    })
}

fn jaeger_takes() -> Row {
    Row {
        title: "Taking",
        panels: vec![
            Panel::graph("Received", Unit::PerSecond, "Spans that were taken.")
                .ask("{{pod}}", flow("pod", seen::ACCEPTED_SPANS.name)),
            Panel::graph("Written", Unit::PerSecond, "Spans that the store took.")
                .ask("{{pod}}", flow("pod", seen::SENT_SPANS.name)),
            Panel::graph(
                "Refused or lost",
                Unit::PerSecond,
                "Spans that were not taken, and that the store did not take.",
            )
            .ask("{{pod}} refused", flow("pod", seen::REFUSED_SPANS.name))
            .ask("{{pod}} lost", flow("pod", seen::SEND_FAILED_SPANS.name))
            .bad(0.001),
        ],
    }
}

fn jaeger_answers() -> Row {
    Row {
        title: "Answering",
        panels: vec![
            Panel::graph(
                "Questions",
                Unit::PerSecond,
                "What the store is asked, and how it ends.",
            )
            .ask(
                "{{operation}} {{result}}",
                flow("operation, result", "jaeger_storage_requests_total"),
            ),
            Panel::graph(
                "Duration",
                Unit::Seconds,
                "How long the store takes, for 99 of 100.",
            )
            .ask(
                "{{operation}}",
                quantile("0.99", "operation", "jaeger_storage_latency_seconds"),
            ),
        ],
    }
}

fn jaeger_uses() -> Row {
    Row {
        title: "Process",
        panels: vec![
            Panel::graph("Memory", Unit::Bytes, "What the system gave each.")
                .ask("{{pod}}", of(seen::MEMORY.name)),
            Panel::graph("CPU", Unit::Cores, "How many processors each keeps busy.")
                .ask("{{pod}}", rate(&of(seen::CPU.name))),
            Panel::graph("Uptime", Unit::Seconds, "Since when each runs.")
                .ask("{{pod}}", of(seen::UPTIME.name)),
        ],
    }
}
