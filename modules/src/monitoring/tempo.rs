//! Does Tempo take, keep and answer?

use super::{
    program::Programs,
    rule::{Alert, Group, Severity},
};
use crate::watch::Role;

pub(super) fn rules(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&[Role::Tempo]) {
        alerts.extend(flow(&jobs));
        alerts.extend(store(&jobs));
    }
    Group {
        name: "tempo",
        records: Vec::new(),
        alerts,
    }
}

fn flow(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "TempoDiscardsSpans",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, reason) (rate(tempo_discarded_spans_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.job }} throws spans away: {{ $labels.reason }}",
        },
        Alert {
            name: "TempoRequestsFail",
            severity: Severity::Critical,
            hold: "10m",
            when: format!(
                "sum by (job, route) (rate(tempo_request_duration_seconds_count{{{jobs},status_code=~\"5..\"}}[5m])) > \
                 0.05 * sum by (job, route) (rate(tempo_request_duration_seconds_count{{{jobs}}}[5m]))"
            ),
            says: "{{ $labels.job }} fails more than one in twenty requests to {{ $labels.route }}",
        },
    ]
}

fn store(jobs: &str) -> Vec<Alert> {
    let more = |metric: &str, range: &str| {
        format!("sum by (job, pod) (increase({metric}{{{jobs}}}[{range}])) > 0")
    };
    vec![
        Alert {
            name: "TempoCannotFlush",
            severity: Severity::Critical,
            hold: "15m",
            when: [
                more("tempo_live_store_failed_completions_total", "10m"),
                more("tempo_live_store_local_failed_flushes_total", "10m"),
            ]
            .join(" or "),
            says: "{{ $labels.pod }} cannot write blocks to its store, and keeps spans on its volume",
        },
        Alert {
            name: "TempoStoreUnreadable",
            severity: Severity::Critical,
            hold: "15m",
            when: more("tempodb_blocklist_poll_errors_total", "15m"),
            says: "{{ $labels.pod }} cannot list the blocks of its store: what is old is not found",
        },
        Alert {
            name: "TempoUpkeepFails",
            severity: Severity::Warning,
            hold: "1h",
            when: more("tempo_backend_scheduler_jobs_failed_total", "1h"),
            says: "{{ $labels.pod }} cannot merge blocks, or delete those whose time has come",
        },
    ]
}
