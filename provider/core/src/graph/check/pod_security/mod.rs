//! May Pods do in their namespace what their templates ask for?
//!
//! The Pod Security Standards as data: what may not be said at all is in [`forbidden`], what must be said is in
//! [`required`]. The API server checks Pods only when a controller makes them, long after the Deployment was accepted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Finding, View};
use crate::{
    graph::{edges::namespace_id, namespaces::level, rules, template::Template},
    stack::PodSecurity,
};

mod forbidden;
mod required;

/// One value that a namespace does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    /// What is wrong with it, as in `is true`.
    says: String,
    /// What to do about it.
    mend: String,
}

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pods in &view.templates {
        let namespace = view.resources.get(&namespace_id(pods.namespace()));
        let Some(level) = namespace.and_then(level) else {
            continue;
        };
        for violation in violations(pods, level) {
            let Violation { path, says, mend } = violation;
            let message = format!(
                "`{path}` of {} {says}, which the {} namespace `{}` does not allow",
                pods.id(),
                level.as_str(),
                pods.namespace()
            );
            let finding = pods.owner.finding(rules::POD_SECURITY, message);
            findings.push(finding.hint(mend));
        }
    }
    findings
}

fn violations(pods: &Template<'_>, level: PodSecurity) -> Vec<Violation> {
    let tables = match level {
        PodSecurity::Privileged => return Vec::new(),
        PodSecurity::Baseline => &[forbidden::BASELINE][..],
        PodSecurity::Restricted => &[forbidden::BASELINE, forbidden::RESTRICTED],
    };
    let mut all: Vec<Violation> = tables
        .iter()
        .flat_map(|table| table.iter())
        .flat_map(|row| row.violations(pods))
        .collect();
    all.extend(forbidden::app_armor_annotations(pods));
    if level == PodSecurity::Restricted {
        all.extend(forbidden::volumes(pods));
        all.extend(required::violations(pods));
    }
    // The stricter tables say again what the looser ones say.
    let mut paths = BTreeSet::new();
    all.retain(|violation| paths.insert(violation.path.clone()));
    all
}

/// Whether the Pods run on Windows, where what is about Linux does not count.
fn on_windows(pods: &Template<'_>) -> bool {
    pods.spec().pointer("/os/name").and_then(Value::as_str) == Some("windows")
}

#[cfg(test)]
mod tests;
