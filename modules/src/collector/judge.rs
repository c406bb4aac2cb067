//! What will go wrong with a collector, if it starts at all?

use std::collections::BTreeSet;

use collector_config::{
    Release,
    lint::{Network, Probes, Setting, Severity},
};
use provider_core::{Finding, Scope};

use super::{mistaken, program::Task};
use crate::pod::Pod;

/// Says what the program would refuse, and what will go wrong although it accepts the configuration: by what only the
/// Pod knows. Nothing is said twice.
pub(super) fn judge(scope: &mut Scope<'_>, task: Task<'_>, release: Release, pod: &Pod) {
    let container = &pod.container;
    let variables = container.env.iter().flatten().map(|env| env.name.clone());
    let mounts = container.volume_mounts.iter().flatten();
    let mut mounts: BTreeSet<String> = mounts.map(|mount| mount.mount_path.clone()).collect();
    mounts.extend(task.mounts.iter().map(|path| (*path).to_owned()));
    let setting = Setting {
        replicas: task.replicas,
        memory: Some(task.memory),
        variables: Some(variables.collect()),
        mounts: Some(mounts),
        // No module gives a Pod that of its node.
        network: Some(Network::Own),
        probes: Probes::Port(task.ports.health()),
        ..Setting::of(task.tier, release)
    };
    let report = task.config.lint(&setting);
    for mistake in task.config.check(release) {
        let place = mistake.path.replace("::", ".");
        let problem = mistake.problem.to_string();
        let told = report
            .iter()
            .any(|found| found.place() == place && problem.starts_with(found.cause()));
        if !told {
            scope.finding(mistaken(task.name, &mistake));
        }
    }
    for found in report.iter() {
        let message = format!(
            "the configuration of `{}`: {}: {}; {}",
            task.name,
            found.place(),
            found.cause(),
            found.lint.why
        );
        let finding = Finding::new(found.lint.id, message).hint(found.repair());
        match found.lint.severity {
            Severity::Error => scope.finding(finding),
            Severity::Warning => scope.note(finding),
            Severity::Hint => {}
        }
    }
}
