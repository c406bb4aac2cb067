//! Does Prometheus measure, keep, judge and tell, and does Alertmanager pass it on?

use super::{
    board::{Board, Panel, Row, Unit},
    model::Variable,
    process,
    promql::{flow, matching, of, quantile, rate, sum},
};
use crate::{grafana::Folder, monitoring::program::Programs, watch::Role};

/// What a Prometheus takes, keeps and answers.
pub(super) fn prometheus(programs: Programs<'_>) -> Option<Board> {
    Some(Board {
        folder: Folder::Backends,
        uid: "otelier-prometheus",
        title: "Prometheus",
        about: "What Prometheus measures and is sent, what it keeps, and whether its rules are worked out and told.",
        variables: vec![Variable::jobs(&programs.names(&[Role::Prometheus])?)],
        rows: vec![taking(), keeping(), judging(), process::row()],
    })
}

fn taking() -> Row {
    Row {
        title: "Taking",
        panels: vec![
            Panel::graph("Samples", Unit::PerSecond, "Samples that were measured or sent, and kept.")
                .ask("{{pod}}", flow("pod", "prometheus_tsdb_head_samples_appended_total")),
            Panel::graph(
                "Turned down",
                Unit::PerSecond,
                "Samples that were too old, out of order or there already. Two writers of one series cause this.",
            )
            .ask("{{pod}} too old", flow("pod", "prometheus_tsdb_too_old_samples_total"))
            .ask("{{pod}} out of order", flow("pod", "prometheus_tsdb_out_of_order_samples_total"))
            .ask("{{pod}} out of bounds", flow("pod", "prometheus_tsdb_out_of_bound_samples_total"))
            .ask("{{pod}} twice", flow("pod", "prometheus_target_scrapes_sample_duplicate_timestamp_total"))
            .bad(0.001),
            Panel::graph("Targets", Unit::Count, "Pods that are measured, by job.").ask(
                "{{scrape_job}}",
                format!("max by (scrape_job) ({})", of("prometheus_target_scrape_pool_targets")),
            ),
            Panel::graph("Targets down", Unit::Count, "Pods of the whole stack that did not answer.")
                .ask("{{job}}", "count by (job) (up == 0)".to_owned())
                .bad(1.0),
        ],
    }
}

fn keeping() -> Row {
    Row {
        title: "Keeping and answering",
        panels: vec![
            Panel::graph(
                "Series",
                Unit::Count,
                "Series in memory: they are what memory is used for.",
            )
            .ask("{{pod}}", of("prometheus_tsdb_head_series")),
            Panel::graph(
                "New series",
                Unit::PerSecond,
                "Series that did not exist. Many of them say that a label never repeats.",
            )
            .ask(
                "{{pod}}",
                flow("pod", "prometheus_tsdb_head_series_created_total"),
            ),
            Panel::graph(
                "On the volume",
                Unit::Bytes,
                "Blocks, and the log that they are made of.",
            )
            .ask("{{pod}} blocks", of("prometheus_tsdb_storage_blocks_bytes"))
            .ask("{{pod}} log", of("prometheus_tsdb_wal_storage_size_bytes")),
            Panel::graph(
                "Compactions that fail",
                Unit::PerSecond,
                "The volume fills where this goes on.",
            )
            .ask(
                "{{pod}}",
                flow("pod", "prometheus_tsdb_compactions_failed_total"),
            )
            .bad(0.000_1),
            Panel::graph(
                "Duration of answers",
                Unit::Seconds,
                "How long requests take, for 99 of 100.",
            )
            .ask(
                "{{handler}}",
                quantile(
                    "0.99",
                    "handler",
                    "prometheus_http_request_duration_seconds",
                ),
            ),
            Panel::graph(
                "Failed requests",
                Unit::PerSecond,
                "Requests that were answered with an error of its own.",
            )
            .ask(
                "{{handler}} {{code}}",
                sum(
                    "handler, code",
                    &rate(&matching("prometheus_http_requests_total", "code=~\"5..\"")),
                ),
            )
            .bad(0.001),
        ],
    }
}

fn judging() -> Row {
    Row {
        title: "Rules and alerts",
        panels: vec![
            Panel::graph(
                "Alerts",
                Unit::Count,
                "Alerts of the whole stack that fire.",
            )
            .ask(
                "{{alertname}} {{severity}}",
                "count by (alertname, severity) (ALERTS{alertstate=\"firing\"})".to_owned(),
            ),
            Panel::graph(
                "Rules that fail",
                Unit::PerSecond,
                "Rules that could not be worked out, and rounds that were missed.",
            )
            .ask(
                "{{rule_group}} failed",
                flow("rule_group", "prometheus_rule_evaluation_failures_total"),
            )
            .ask(
                "{{rule_group}} missed",
                flow(
                    "rule_group",
                    "prometheus_rule_group_iterations_missed_total",
                ),
            )
            .bad(0.000_1),
            Panel::graph(
                "Told",
                Unit::PerSecond,
                "Alerts that were sent to each Alertmanager, failed to be, or were dropped.",
            )
            .ask(
                "{{pod}} {{alertmanager}} sent",
                flow("pod, alertmanager", "prometheus_notifications_sent_total"),
            )
            .ask(
                "{{pod}} {{alertmanager}} failed",
                flow("pod, alertmanager", "prometheus_notifications_errors_total"),
            )
            .ask(
                "{{pod}} dropped",
                flow("pod", "prometheus_notifications_dropped_total"),
            ),
        ],
    }
}

/// What an Alertmanager is told and tells.
pub(super) fn alertmanager(programs: Programs<'_>) -> Option<Board> {
    Some(Board {
        folder: Folder::Backends,
        uid: "otelier-alertmanager",
        title: "Alertmanager",
        about: "Whether alerts come in, reach people, and are known to all replicas.",
        variables: vec![Variable::jobs(&programs.names(&[Role::Alertmanager])?)],
        rows: vec![telling(), together(), process::row()],
    })
}

fn telling() -> Row {
    Row {
        title: "Telling",
        panels: vec![
            Panel::graph(
                "Alerts",
                Unit::Count,
                "Alerts that are known: active, silenced or not looked at yet.",
            )
            .ask(
                "{{state}}",
                format!("max by (state) ({})", of("alertmanager_alerts")),
            ),
            Panel::graph(
                "Received",
                Unit::PerSecond,
                "Alerts that Prometheus told of, and those that made no sense.",
            )
            .ask(
                "{{pod}} {{status}}",
                flow("pod, status", "alertmanager_alerts_received_total"),
            )
            .ask(
                "{{pod}} invalid",
                flow("pod", "alertmanager_alerts_invalid_total"),
            ),
            Panel::graph("Silences", Unit::Count, "How many there are.").ask(
                "{{state}}",
                format!("max by (state) ({})", of("alertmanager_silences")),
            ),
            Panel::graph("Sent", Unit::PerSecond, "Messages to people and programs.").ask(
                "{{integration}}",
                format!(
                    "{} > 0",
                    flow("integration", "alertmanager_notifications_total")
                ),
            ),
            Panel::graph(
                "Failed",
                Unit::PerSecond,
                "Messages that did not arrive: somebody was not told.",
            )
            .ask(
                "{{integration}} {{reason}}",
                format!(
                    "{} > 0",
                    flow(
                        "integration, reason",
                        "alertmanager_notifications_failed_total"
                    )
                ),
            )
            .bad(0.000_1),
            Panel::graph(
                "Duration",
                Unit::Seconds,
                "How long it takes to send a message, for 99 of 100.",
            )
            .ask(
                "{{integration}}",
                quantile(
                    "0.99",
                    "integration",
                    "alertmanager_notification_latency_seconds",
                ),
            ),
        ],
    }
}

fn together() -> Row {
    Row {
        title: "Together",
        panels: vec![
            Panel::graph(
                "Members",
                Unit::Count,
                "Replicas that each of them knows: all should say the same.",
            )
            .ask("{{pod}}", of("alertmanager_cluster_members")),
            Panel::graph(
                "Failed peers",
                Unit::Count,
                "Replicas that each cannot reach: people may be told twice.",
            )
            .ask("{{pod}}", of("alertmanager_cluster_failed_peers"))
            .bad(1.0),
            Panel::graph(
                "Configuration",
                Unit::Count,
                "1 where the last configuration was taken, 0 where it was refused.",
            )
            .ask("{{pod}}", of("alertmanager_config_last_reload_successful"))
            .bad_below(1.0),
        ],
    }
}
