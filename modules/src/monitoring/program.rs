//! Which programs are there, and is each of them measured?

use super::rule::{Alert, Group, Severity};
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
        let missing: Vec<String> = programs.0.iter().map(missing).collect();
        alerts.push(Alert {
            name: "TargetMissing",
            severity: Severity::Critical,
            hold: "10m",
            when: missing.join(" or "),
            says: "{{ $labels.job }} has fewer Pods to measure than it should have",
        });
    }
    Group {
        name: "programs",
        records: Vec::new(),
        alerts,
    }
}

/// Fewer Pods than the definition says, down to none.
fn missing(program: &Watched) -> String {
    let job = &program.job;
    match program.count {
        Count::Replicas(count) | Count::Between(count, _) if count > 1 => {
            format!("count by (job) (up{{job=\"{job}\"}}) < {count} or absent(up{{job=\"{job}\"}})")
        }
        _ => format!("absent(up{{job=\"{job}\"}})"),
    }
}
