//! What will go wrong with a collector, although it would start?

use std::collections::BTreeSet;

use collector_config::{
    Release,
    lint::{Probes, Setting, Severity},
};
use provider_core::{Finding, Scope};

use super::program::Task;
use crate::pod::Pod;

/// Says what will go wrong, although the program accepts the configuration: by what only the Pod knows.
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
        probes: Probes::Port(task.ports.health()),
        ..Setting::of(task.tier, release)
    };
    for found in task.config.lint(&setting).iter() {
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
