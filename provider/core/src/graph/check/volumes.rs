//! Does every mount have a volume?

use std::collections::BTreeSet;

use super::{Finding, Template, View, repeated};
use crate::graph::{
    rules,
    walk::{find, items, join, text},
};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let pods = view.templates.iter();
    pods.flat_map(|pods| [same_volumes(pods), mounts(pods)].concat())
        .collect()
}

fn same_volumes(pods: &Template<'_>) -> Vec<Finding> {
    let names = items(pods.spec(), "volumes")
        .iter()
        .filter_map(|volume| text(volume, "name"));
    repeated(names)
        .into_iter()
        .map(|name| {
            let message = format!("{} has two volumes named `{name}`", pods.id());
            pods.owner.finding(rules::DUPLICATE_VOLUME, message)
        })
        .collect()
}

fn mounts(pods: &Template<'_>) -> Vec<Finding> {
    // A StatefulSet's claims are volumes of its Pods.
    let claims = find(&pods.owner.object, "spec.volumeClaimTemplates[].metadata");
    let volumes: BTreeSet<&str> = items(pods.spec(), "volumes")
        .iter()
        .chain(claims.into_iter().map(|found| found.value))
        .filter_map(|volume| text(volume, "name"))
        .collect();
    let mut findings = Vec::new();
    for container in pods.containers() {
        for list in ["volumeMounts", "volumeDevices"] {
            for mount in find(container.value, &format!("{list}[]")) {
                let Some(name) = text(mount.value, "name") else {
                    continue;
                };
                if !volumes.contains(name) {
                    let path = join(&container.path, &mount.path);
                    let message = format!(
                        "`{path}` of {} mounts the volume `{name}`, which its Pods do not have",
                        pods.id()
                    );
                    findings.push(pods.owner.finding(rules::MISSING_VOLUME, message));
                }
            }
        }
        let paths = items(container.value, "volumeMounts")
            .iter()
            .filter_map(|mount| text(mount, "mountPath"));
        for path in repeated(paths) {
            let message = format!(
                "`{}` of {} mounts two volumes at `{path}`",
                container.path,
                pods.id()
            );
            findings.push(pods.owner.finding(rules::DUPLICATE_MOUNT, message));
        }
    }
    findings
}
