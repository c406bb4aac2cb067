//! Does telemetry flow, and are the collectors well?

use super::{
    load,
    program::{Programs, absent},
    rule::{Alert, Group, Severity},
};
use crate::{
    collector::self_metrics,
    watch::{Count, Role},
};

/// Everything that is a collector and is measured.
pub(super) const COLLECTORS: [Role; 5] = [
    Role::Agent,
    Role::Gateway,
    Role::Sampler,
    Role::ClusterCollector,
    Role::Sidecar,
];
/// What is always there.
pub(super) const UPTIME: &str = self_metrics::UPTIME.name;
/// The three signals as the collector's own metrics name them.
const SIGNALS: [&str; 3] = ["spans", "metric_points", "log_records"];

pub(super) fn rules(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if let Some(jobs) = programs.jobs(&COLLECTORS) {
        alerts.extend(flow(&jobs));
        alerts.extend(health(programs, &jobs));
        alerts.extend(load::alerts(programs, &jobs));
        alerts.extend(sampling(programs));
    }
    Group {
        name: "collector",
        records: Vec::new(),
        alerts,
    }
}

/// One expression for all three signals: whichever has a series counts.
fn each(metric: &str, jobs: &str, by: &str) -> String {
    let rate =
        |signal: &str| format!("sum by ({by}) (rate({metric}_{signal}_total{{{jobs}}}[5m])) > 0");
    SIGNALS.map(rate).join(" or ")
}

fn flow(jobs: &str) -> Vec<Alert> {
    vec![
        Alert {
            name: "CollectorRefusesData",
            severity: Severity::Critical,
            hold: "5m",
            when: each("otelcol_receiver_refused", jobs, "job, pod, receiver"),
            says: "{{ $labels.pod }} refuses what `{{ $labels.receiver }}` is sent",
        },
        Alert {
            name: "CollectorLosesData",
            severity: Severity::Critical,
            hold: "5m",
            when: each("otelcol_exporter_send_failed", jobs, "job, pod, exporter"),
            says: "{{ $labels.pod }} gave up sending through `{{ $labels.exporter }}`",
        },
        Alert {
            name: "CollectorQueueRefuses",
            severity: Severity::Critical,
            hold: "5m",
            when: each(
                "otelcol_exporter_enqueue_failed",
                jobs,
                "job, pod, exporter",
            ),
            says: "The queue of `{{ $labels.exporter }}` of {{ $labels.pod }} takes no more",
        },
        Alert {
            name: "CollectorQueueFills",
            severity: Severity::Warning,
            hold: "10m",
            when: format!(
                "otelcol_exporter_queue_size{{{jobs}}} / (otelcol_exporter_queue_capacity{{{jobs}}} > 0) > 0.8"
            ),
            says: "The queue of `{{ $labels.exporter }}` of {{ $labels.pod }} is nearly full",
        },
        Alert {
            name: "CollectorShortOfMemory",
            severity: Severity::Critical,
            hold: "5m",
            when: each("otelcol_processor_memory_limiter_refused", jobs, "job, pod"),
            says: "{{ $labels.pod }} refuses data to stay below its memory limit",
        },
    ]
}

/// What only those have that decide about traces, and those that hand traces on to them.
fn sampling(programs: Programs<'_>) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let samplers = programs.of(&[Role::Sampler]);
    if let Some(jobs) = programs.jobs(&[Role::Sampler]) {
        alerts.push(Alert {
            name: "SamplerDecidesTooEarly",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, pod) (rate(otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total{{{jobs}}}[5m])) > 0"
            ),
            says: "{{ $labels.pod }} has no room for all traces that wait, and drops some undecided",
        });
    }
    if let (Some(gateways), [sampler]) = (programs.jobs(&[Role::Gateway]), samplers.as_slice())
        && let Count::Replicas(count) = sampler.count
    {
        alerts.push(Alert {
            name: "GatewayMissesSamplers",
            severity: Severity::Warning,
            hold: "10m",
            when: format!("min by (job, pod) (otelcol_loadbalancer_num_backends{{{gateways}}}) < {count}"),
            says: "{{ $labels.pod }} does not see all samplers: some decide about more traces than they should",
        });
        alerts.push(Alert {
            name: "GatewayCannotReachSamplers",
            severity: Severity::Critical,
            hold: "5m",
            when: format!(
                "sum by (job, pod) (rate(otelcol_loadbalancer_backend_outcome_total{{{gateways},success=\"false\"}}[5m])) > 0"
            ),
            says: "{{ $labels.pod }} cannot hand traces to the samplers that are responsible for them",
        });
    }
    alerts
}

fn health(programs: Programs<'_>, jobs: &str) -> Vec<Alert> {
    let silent = programs
        .of(&COLLECTORS)
        .into_iter()
        .map(|program| match program.count {
            // None is there where nobody asked for one; but one that answers has to show it.
            Count::Asked => {
                let job = format!("{{job=\"{}\"}}", program.job);
                format!("(up{job} == 1 unless on (job, pod) {UPTIME}{job})")
            }
            _ => absent(UPTIME, &program.job),
        });
    let silent: Vec<String> = silent.collect();
    vec![
        // Whatever else is asked about a collector rests on names that may change with its version. This one is
        // always there, so that its absence says that the others are gone too.
        Alert {
            name: "CollectorSilent",
            severity: Severity::Critical,
            hold: "10m",
            when: silent.join(" or "),
            says: "No collector of {{ $labels.job }} says anything about itself: no other alert about them can fire",
        },
        Alert {
            name: "CollectorRestarts",
            severity: Severity::Warning,
            hold: "0s",
            when: format!("resets({UPTIME}{{{jobs}}}[1h]) > 2"),
            says: "{{ $labels.pod }} has restarted more than twice within an hour",
        },
        Alert {
            name: "CollectorScrapesFail",
            severity: Severity::Warning,
            hold: "15m",
            when: format!(
                "sum by (job, pod, receiver) (rate(otelcol_scraper_errored_metric_points_total{{{jobs}}}[5m])) > 0"
            ),
            says: "`{{ $labels.receiver }}` of {{ $labels.pod }} cannot measure all that it should",
        },
    ]
}
