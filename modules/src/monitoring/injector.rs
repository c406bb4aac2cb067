//! Do Pods that ask get their collector?

use super::{
    program::Programs,
    rule::{Alert, Group, Severity},
};
use crate::watch::Role;

/// Two weeks, in seconds.
const SOON: u32 = 14 * 24 * 3600;

pub(super) fn rules(programs: Programs<'_>) -> Group {
    let jobs = programs.jobs(&[Role::Injector]);
    Group {
        name: "injector",
        records: Vec::new(),
        alerts: jobs.map(|jobs| alerts(&jobs)).unwrap_or_default(),
    }
}

fn alerts(jobs: &str) -> Vec<Alert> {
    let reloaded = |result: &str| {
        format!(
            "sum by (job, pod) (increase(otelier_injector_certificate_reloads_total{{{jobs},result=\"{result}\"}}[6h])) > 0"
        )
    };
    vec![
        Alert {
            name: "InjectorRefusesPods",
            severity: Severity::Warning,
            hold: "5m",
            when: format!(
                "sum by (job) (rate(otelier_injector_reviews_total{{{jobs},outcome=\"refused\"}}[10m])) > 0"
            ),
            says: "{{ $labels.job }} refuses Pods: they asked for a collector, and may not have one, or cannot",
        },
        Alert {
            name: "InjectorAnswersErrors",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, code) (rate(otelier_injector_errors_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.job }} answers requests with {{ $labels.code }}: Pods that ask do not start",
        },
        Alert {
            name: "InjectorNotTrusted",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job) (rate(otelier_injector_handshakes_failed_total{{{jobs}}}[5m])) > 0"
            ),
            says: "Connections to {{ $labels.job }} end before anything is asked: its certificate may not be trusted",
        },
        Alert {
            name: "InjectorCertificateRefused",
            severity: Severity::Critical,
            hold: "0s",
            // The two files of a pair may be exchanged one after the other: then the second time succeeds.
            when: format!("{} unless {}", reloaded("error"), reloaded("ok")),
            says: "{{ $labels.pod }} cannot use its new certificate, and shows the old one until that expires",
        },
        Alert {
            name: "InjectorCertificateExpires",
            severity: Severity::Critical,
            hold: "1h",
            // Whoever renews it does so much earlier.
            when: format!(
                "min by (job) (otelier_injector_certificate_expiry_timestamp_seconds{{{jobs}}}) - time() < {SOON}"
            ),
            says: "The certificate of {{ $labels.job }} expires within two weeks, and nobody has renewed it",
        },
        Alert {
            name: "InjectorSlow",
            severity: Severity::Warning,
            hold: "10m",
            // The last bucket with a bound ends at a tenth of a second.
            when: format!(
                "sum by (job) (rate(otelier_injector_review_duration_seconds_bucket{{{jobs},le=\"0.1\"}}[5m])) < \
                 0.95 * sum by (job) (rate(otelier_injector_review_duration_seconds_count{{{jobs}}}[5m]))"
            ),
            says: "{{ $labels.job }} takes more than a tenth of a second for more than one in twenty Pods",
        },
    ]
}
