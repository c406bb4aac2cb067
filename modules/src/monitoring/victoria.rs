//! Does VictoriaMetrics take, keep and answer, and do the programs beside it measure and judge?

use super::{
    program::Programs,
    rule::{Alert, Group, Severity},
};
use crate::watch::Role;

/// What takes samples or answers.
const DOORS: [Role; 4] = [
    Role::VictoriaMetrics,
    Role::VictoriaInsert,
    Role::VictoriaSelect,
    Role::VictoriaStorage,
];
/// What keeps samples.
const KEEPERS: [Role; 2] = [Role::VictoriaMetrics, Role::VictoriaStorage];

pub(super) fn rules(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    alerts.extend(programs.jobs(&DOORS).map(|jobs| answers(&jobs)));
    if let Some(jobs) = programs.jobs(&KEEPERS) {
        alerts.extend(keeps(&jobs));
    }
    if let Some(jobs) = programs.jobs(&[Role::VictoriaInsert]) {
        alerts.push(Alert {
            name: "VictoriaStorageAway",
            severity: Severity::Warning,
            hold: "10m",
            when: format!("vm_rpc_vmstorage_is_reachable{{{jobs}}} == 0"),
            says: "{{ $labels.pod }} does not reach {{ $labels.addr }}: what that one should keep goes to others",
        });
    }
    alerts.extend(programs.jobs(&[Role::Vmagent]).map(|jobs| measures(&jobs)));
    if let Some(jobs) = programs.jobs(&[Role::Vmalert]) {
        alerts.extend(judges(&jobs));
    }
    Group {
        name: "victoria",
        records: Vec::new(),
        alerts,
    }
}

fn answers(jobs: &str) -> Alert {
    Alert {
        name: "VictoriaRequestsFail",
        severity: Severity::Critical,
        hold: "10m",
        when: format!(
            "sum by (job, path) (rate(vm_http_request_errors_total{{{jobs}}}[5m])) > 0.05 * \
             sum by (job, path) (rate(vm_http_requests_total{{{jobs}}}[5m]))"
        ),
        says: "{{ $labels.job }} fails more than one in twenty requests to {{ $labels.path }}",
    }
}

fn keeps(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "VictoriaReadOnly",
            severity: Severity::Critical,
            hold: "0s",
            when: format!("vm_storage_is_read_only{{{jobs}}} == 1"),
            says: "The disk of {{ $labels.pod }} is full: it takes nothing any more",
        },
        Alert {
            name: "VictoriaDiskFills",
            severity: Severity::Critical,
            hold: "10m",
            when: format!(
                "sum by (job, pod) (vm_free_disk_space_bytes{{{jobs}}}) / (sum by (job, pod) (vm_free_disk_space_bytes{{{jobs}}}) + \
                 sum by (job, pod) (vm_data_size_bytes{{{jobs}}})) < 0.15"
            ),
            says: "Less than 15 % of the disk of {{ $labels.pod }} is free: merging needs room beside what is merged",
        },
        Alert {
            name: "VictoriaDropsSamples",
            severity: Severity::Warning,
            hold: "10m",
            when: format!(
                "sum by (job, pod, reason) (rate(vm_rows_ignored_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.pod }} throws samples away: {{ $labels.reason }}",
        },
    ]
}

fn measures(jobs: &str) -> Alert {
    Alert {
        name: "VmagentLosesSamples",
        severity: Severity::Critical,
        hold: "5m",
        when: format!(
            "sum by (job, pod) (rate(vmagent_remotewrite_packets_dropped_total{{{jobs}}}[5m])) > 0 or \
             sum by (job, pod) (rate(vm_persistentqueue_bytes_dropped_total{{{jobs}}}[5m])) > 0"
        ),
        says: "{{ $labels.pod }} gives up samples that the store did not take",
    }
}

fn judges(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "VmalertRulesFail",
            severity: Severity::Critical,
            hold: "10m",
            when: format!(
                "sum by (job, group) (increase(vmalert_alerting_rules_errors_total{{{jobs}}}[5m])) > 0 or \
                 sum by (job, group) (increase(vmalert_recording_rules_errors_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.job }} cannot work out rules of `{{ $labels.group }}`",
        },
        Alert {
            name: "VmalertConfigurationRefused",
            severity: Severity::Critical,
            hold: "5m",
            when: format!("vmalert_config_last_reload_successful{{{jobs}}} == 0"),
            says: "{{ $labels.pod }} goes on with older rules, because it refuses the new ones",
        },
        Alert {
            name: "VmalertAlertsLost",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, pod, addr) (increase(vmalert_alerts_send_errors_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.pod }} could not hand its alerts to {{ $labels.addr }}",
        },
    ]
}
