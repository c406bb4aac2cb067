//! Have collectors room for what they are given, are they given anything, and are those of one tier alike?

use collector_config::components::queue::SendingQueue;

use super::{
    collector::COLLECTORS,
    program::Programs,
    rule::{Alert, Severity},
};
use crate::{
    collector::self_metrics::{
        ACCEPTED_POINTS, ACCEPTED_RECORDS, ACCEPTED_SPANS, IN_FLIGHT, MEMORY,
    },
    watch::Role,
};

/// From here on memory is nearly used up, in percent of the limit. The runtime begins to fight for it at 80.
const FULL_PERCENT: u64 = 85;

pub(super) fn alerts(programs: Programs<'_>, jobs: &str) -> Vec<Alert> {
    let mut alerts = vec![
        sends_all_it_can(jobs),
        nothing(programs, jobs),
        versions(jobs),
    ];
    alerts.extend(near_limit(programs));
    alerts
}

/// Its limit is known for each.
fn near_limit(programs: Programs<'_>) -> Option<Alert> {
    let of = programs.of(&COLLECTORS).into_iter();
    let near: Vec<String> = of
        .filter_map(|program| {
            let most = program.memory? / 100 * FULL_PERCENT;
            Some(format!(
                "{}{{job=\"{}\"}} > {most}",
                MEMORY.name, program.job
            ))
        })
        .collect();
    (!near.is_empty()).then(|| Alert {
        name: "CollectorNearMemoryLimit",
        severity: Severity::Warning,
        hold: "10m",
        when: near.join(" or "),
        says: "{{ $labels.pod }} uses more than 85 % of its memory: it is killed at its limit",
    })
}

/// As many requests as may be are under way, or wait to be tried again.
fn sends_all_it_can(jobs: &str) -> Alert {
    let most = SendingQueue::default().num_consumers;
    Alert {
        name: "CollectorSendsAllItCan",
        severity: Severity::Warning,
        hold: "15m",
        when: format!("{}{{{jobs}}} >= {most}", IN_FLIGHT.name),
        says: "`{{ $labels.exporter }}` of {{ $labels.pod }} has as many requests under way as it may: what comes now waits",
    }
}

/// Whether anything was taken, of any signal.
fn accepted(selector: &str, by: &str) -> String {
    let rates = [ACCEPTED_SPANS, ACCEPTED_POINTS, ACCEPTED_RECORDS].map(|metric| {
        format!(
            "sum by ({by}) (rate({}{{{selector}}}[15m])) > 0",
            metric.name
        )
    });
    format!("({})", rates.join(" or "))
}

/// It runs, and nothing reaches it. An agent always has its own node to tell of; of the others, one may be idle.
fn nothing(programs: Programs<'_>, jobs: &str) -> Alert {
    let tier = format!(
        "count by (job) (up{{{jobs}}} == 1) unless on (job) {}",
        accepted(jobs, "job")
    );
    let agents = programs.jobs(&[Role::Agent]).map(|agents| {
        let accepted = accepted(&agents, "job, pod");
        format!("count by (job, pod) (up{{{agents}}} == 1) unless on (job, pod) {accepted}")
    });
    let when: Vec<String> = [Some(tier), agents].into_iter().flatten().collect();
    Alert {
        name: "CollectorAcceptsNothing",
        severity: Severity::Warning,
        hold: "30m",
        when: when.join(" or "),
        says: "{{ $labels.job }} {{ $labels.pod }} runs, and takes nothing",
    }
}

/// While a new version is rolled out there are two, and not for long.
fn versions(jobs: &str) -> Alert {
    Alert {
        name: "CollectorVersionsDiffer",
        severity: Severity::Warning,
        hold: "1h",
        when: format!(
            "count by (job) (count by (job, version) (target_info{{{jobs},version!=\"\"}})) > 1"
        ),
        says: "Collectors of {{ $labels.job }} are of different versions",
    }
}
