//! Does Prometheus measure, keep, judge and tell?

use super::{
    program::Programs,
    rule::{Alert, Group, Severity},
};
use crate::watch::{Count, Role};

pub(super) fn rules(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&[Role::Prometheus]) {
        alerts.extend(works(&jobs));
        alerts.extend(keeps(&jobs));
        if programs.jobs(&[Role::Alertmanager]).is_some() {
            alerts.extend(tells(&jobs));
        }
    }
    Group {
        name: "prometheus",
        records: Vec::new(),
        alerts,
    }
}

fn works(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "PrometheusConfigurationRefused",
            severity: Severity::Critical,
            hold: "5m",
            when: format!("prometheus_config_last_reload_successful{{{jobs}}} == 0"),
            says: "{{ $labels.pod }} goes on with an older configuration, because it refuses the new one",
        },
        Alert {
            name: "PrometheusRulesFail",
            severity: Severity::Critical,
            hold: "10m",
            when: format!("increase(prometheus_rule_evaluation_failures_total{{{jobs}}}[5m]) > 0"),
            says: "{{ $labels.pod }} cannot work out rules of `{{ $labels.rule_group }}`",
        },
        Alert {
            name: "PrometheusRulesLate",
            severity: Severity::Warning,
            hold: "15m",
            when: format!(
                "increase(prometheus_rule_group_iterations_missed_total{{{jobs}}}[5m]) > 0"
            ),
            says: "{{ $labels.pod }} is too slow for the rules of `{{ $labels.rule_group }}`",
        },
        Alert {
            name: "PrometheusDropsSamples",
            severity: Severity::Warning,
            hold: "10m",
            when: format!(
                "rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{{{jobs}}}[5m]) > 0 or \
                 rate(prometheus_target_scrapes_sample_out_of_order_total{{{jobs}}}[5m]) > 0"
            ),
            says: "{{ $labels.pod }} is shown samples twice, or too late",
        },
    ]
}

fn keeps(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "PrometheusCompactionFails",
            severity: Severity::Warning,
            hold: "1h",
            when: format!("increase(prometheus_tsdb_compactions_failed_total{{{jobs}}}[3h]) > 0"),
            says: "{{ $labels.pod }} cannot merge its blocks",
        },
        Alert {
            name: "PrometheusLogDamaged",
            severity: Severity::Warning,
            hold: "0s",
            when: format!("increase(prometheus_tsdb_wal_corruptions_total{{{jobs}}}[1h]) > 0"),
            says: "{{ $labels.pod }} found its log of writes damaged",
        },
        Alert {
            name: "PrometheusForwardsLate",
            severity: Severity::Critical,
            hold: "15m",
            when: format!(
                "prometheus_remote_storage_queue_highest_timestamp_seconds{{{jobs}}} - \
                 prometheus_remote_storage_queue_highest_sent_timestamp_seconds{{{jobs}}} > 120"
            ),
            says: "{{ $labels.pod }} is behind with what it forwards to {{ $labels.url }}",
        },
    ]
}

fn tells(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "PrometheusTellsNobody",
            severity: Severity::Critical,
            hold: "10m",
            when: format!("prometheus_notifications_alertmanagers_discovered{{{jobs}}} < 1"),
            says: "{{ $labels.pod }} knows no Alertmanager: nobody hears of what it finds",
        },
        Alert {
            name: "PrometheusAlertsLost",
            severity: Severity::Critical,
            hold: "5m",
            when: format!("increase(prometheus_notifications_dropped_total{{{jobs}}}[5m]) > 0"),
            says: "{{ $labels.pod }} could not hand its alerts to any Alertmanager",
        },
    ]
}

/// Whether those who should tell people do.
pub(super) fn alertmanager(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&[Role::Alertmanager]) {
        alerts.push(Alert {
            name: "AlertmanagerNotificationsFail",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, integration) (rate(alertmanager_notifications_failed_total{{{jobs}}}[5m])) > 0.01 * \
                 sum by (job, integration) (rate(alertmanager_notifications_total{{{jobs}}}[5m]))"
            ),
            says: "Notifications by {{ $labels.integration }} do not arrive",
        });
        alerts.push(Alert {
            name: "AlertmanagerConfigurationRefused",
            severity: Severity::Critical,
            hold: "5m",
            when: format!("alertmanager_config_last_reload_successful{{{jobs}}} == 0"),
            says: "{{ $labels.pod }} goes on with an older configuration, because it refuses the new one",
        });
        for member in programs.of(&[Role::Alertmanager]) {
            alerts.extend(mesh(&member.job, member.count));
        }
    }
    Group {
        name: "alertmanager",
        records: Vec::new(),
        alerts,
    }
}

/// Replicas that do not know each other all send everything.
fn mesh(job: &str, count: Count) -> Option<Alert> {
    let Count::Replicas(count) = count else {
        return None;
    };
    (count > 1).then(|| Alert {
        name: "AlertmanagerMembersMissing",
        severity: Severity::Warning,
        hold: "15m",
        when: format!("alertmanager_cluster_members{{job=\"{job}\"}} < {count}"),
        says: "{{ $labels.pod }} does not see all of its mesh: people may be told twice, or silences not hold",
    })
}
