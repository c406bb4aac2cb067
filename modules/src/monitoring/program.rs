//! Which programs are there, and is each of them measured?

use super::{
    collector,
    rule::{Alert, Group, Severity},
};
use crate::watch::{Count, Role, Watched};

/// What is watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Programs<'a>(pub(super) &'a [Watched]);

impl<'a> Programs<'a> {
    /// Those of some roles.
    pub(super) fn of(self, roles: &[Role]) -> Vec<&'a Watched> {
        let of_role = |one: &&Watched| roles.contains(&one.role);
        self.0.iter().filter(of_role).collect()
    }

    /// The names of the jobs of some roles; none without any.
    pub(super) fn names(self, roles: &[Role]) -> Option<Vec<&'a str>> {
        let mut jobs: Vec<&str> = self.of(roles).iter().map(|one| one.job.as_str()).collect();
        jobs.sort_unstable();
        jobs.dedup();
        (!jobs.is_empty()).then_some(jobs)
    }

    /// The part of a selector that means the programs of some roles, such as `job=~"node|otlp"`; none without any.
    pub(super) fn jobs(self, roles: &[Role]) -> Option<String> {
        let jobs: Vec<&str> = self.of(roles).iter().map(|one| one.job.as_str()).collect();
        (!jobs.is_empty()).then(|| format!("job=~\"{}\"", jobs.join("|")))
    }
}

/// What holds for programs of every kind.
pub(super) fn rules(programs: Programs<'_>) -> Group {
    let mut alerts = Vec::new();
    if !programs.0.is_empty() {
        let jobs: Vec<&str> = programs.0.iter().map(|one| one.job.as_str()).collect();
        let jobs = jobs.join("|");
        alerts.push(Alert {
            name: "TargetDown",
            severity: Severity::Critical,
            hold: "10m",
            when: format!("up{{job=~\"{jobs}\"}} == 0"),
            says: "{{ $labels.pod }} ({{ $labels.job }}) cannot be measured",
        });
        // A job without any target has no series at all, so that nothing else about it can fire.
        let missing: Vec<String> = programs.0.iter().filter_map(missing).collect();
        alerts.push(Alert {
            name: "TargetMissing",
            severity: Severity::Critical,
            hold: "10m",
            when: missing.join(" or "),
            says: "{{ $labels.job }} has fewer Pods to measure than it should have",
        });
    }
    alerts.extend(silent(programs));
    Group {
        name: "programs",
        records: Vec::new(),
        alerts,
    }
}

/// What a program always shows of which others are judged by what it shows: alerts rest on names, which may change
/// with a version.
fn sign(role: Role) -> Option<&'static str> {
    match role {
        Role::Prometheus => Some("prometheus_build_info"),
        Role::Alertmanager => Some("alertmanager_build_info"),
        Role::VictoriaMetrics
        | Role::VictoriaInsert
        | Role::VictoriaSelect
        | Role::VictoriaStorage
        | Role::Vmagent
        | Role::Vmalert => Some("vm_app_version"),
        Role::JaegerCollector | Role::JaegerQuery => Some(collector::UPTIME),
        Role::Tempo => Some("tempo_build_info"),
        Role::Loki => Some("loki_build_info"),
        Role::Injector => Some("otelier_injector_reviews_total"),
        // Collectors and Elasticsearch have alerts of their own for that; about the others there are none that could
        // be silent.
        Role::Agent
        | Role::Gateway
        | Role::Sampler
        | Role::ClusterCollector
        | Role::Sidecar
        | Role::Elasticsearch
        | Role::Grafana
        | Role::Postgres
        | Role::Own => None,
    }
}

/// Not one series of that.
pub(super) fn absent(metric: &str, job: &str) -> String {
    format!("absent({metric}{{job=\"{job}\"}})")
}

/// It answers, and shows nothing that is known.
fn silent(programs: Programs<'_>) -> Option<Alert> {
    let silent = programs.0.iter().filter_map(|program| {
        let sign = sign(program.role)?;
        Some(absent(sign, &program.job))
    });
    let silent: Vec<String> = silent.collect();
    (!silent.is_empty()).then(|| Alert {
        name: "ProgramSilent",
        severity: Severity::Critical,
        hold: "10m",
        when: silent.join(" or "),
        says: "{{ $labels.job }} shows nothing that is known of it: no other alert about it can fire",
    })
}

/// Fewer Pods than the definition says, down to none.
fn missing(program: &Watched) -> Option<String> {
    let job = &program.job;
    let missing = match program.count {
        // Where nobody asked there is none.
        Count::Asked => return None,
        Count::Replicas(count) | Count::Between(count, _) if count > 1 => {
            format!("count by (job) (up{{job=\"{job}\"}}) < {count} or absent(up{{job=\"{job}\"}})")
        }
        _ => format!("absent(up{{job=\"{job}\"}})"),
    };
    Some(missing)
}
