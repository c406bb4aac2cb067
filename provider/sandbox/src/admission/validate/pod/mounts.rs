//! Whether a container's mounts and devices are legal and lead to volumes of the Pod.

use std::collections::BTreeSet;

use super::super::super::at::At;
use super::super::super::cause::Causes;
use super::super::names::check;
use super::super::paths::{descending, without_backsteps};
use super::volumes::Volumes;

/// The mounts of a container. The API leaves the index out of some of their paths.
pub(super) fn mounts(container: &At<'_>, volumes: &Volumes, causes: &mut Causes) {
    let list = container.field("volumeMounts");
    let devices = container.field("volumeDevices").items();
    let mut points = BTreeSet::new();
    for mount in list.items() {
        let (name, path) = (mount.field("name"), mount.field("mountPath"));
        if name.is_empty() {
            causes.required(&name, "");
        }
        if !volumes.contains_key(name.text()) {
            causes.not_found(&name);
        }
        if path.is_empty() {
            causes.required(&path, "");
        }
        if !points.insert(path.text()) {
            causes.invalid(&path, "must be unique");
        }
        if devices
            .iter()
            .any(|device| device.field("name").text() == name.text())
        {
            causes.invalid(&name, "must not already exist in volumeDevices");
        }
        if devices
            .iter()
            .any(|device| device.field("devicePath").text() == path.text())
        {
            causes.invalid(&path, "must not already exist as a path in volumeDevices");
        }
        sub_paths(&mount, list.path(), causes);
        propagation(&mount, container, list.path(), causes);
    }
}

fn sub_paths(mount: &At<'_>, list: &str, causes: &mut Causes) {
    let (path, expression) = (mount.field("subPath"), mount.field("subPathExpr"));
    if !path.is_empty() {
        check(&path.renamed(format!("{list}.subPath")), descending, causes);
    }
    if !expression.is_empty() {
        if !path.is_empty() {
            causes.invalid(
                &expression,
                "subPathExpr and subPath are mutually exclusive",
            );
        }
        check(
            &expression.renamed(format!("{list}.subPathExpr")),
            descending,
            causes,
        );
    }
}

fn propagation(mount: &At<'_>, container: &At<'_>, list: &str, causes: &mut Causes) {
    let mode = mount
        .field("mountPropagation")
        .renamed(format!("{list}.mountPropagation"));
    if mode.is_set() {
        causes.one_of(&mode, &["Bidirectional", "HostToContainer", "None"]);
        if mode.text() == "Bidirectional" && !container.at("securityContext.privileged").is_true() {
            causes.forbidden(
                &mode,
                "Bidirectional mount propagation is available only to privileged containers",
            );
        }
    }
    let recursive = mount
        .field("recursiveReadOnly")
        .renamed(format!("{list}.recursiveReadOnly"));
    match recursive.text() {
        _ if recursive.is_absent() => {}
        "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !mount.field("readOnly").is_true() {
                causes.forbidden(&recursive, "may only be specified when readOnly is true");
            }
            if !matches!(mode.text(), "" | "None") {
                causes.forbidden(
                    &recursive,
                    "may only be specified when mountPropagation is None or not specified",
                );
            }
        }
        _ => causes.unsupported(&recursive, &["Disabled", "Enabled", "IfPossible"]),
    }
}

/// The raw devices of a container.
pub(super) fn devices(container: &At<'_>, volumes: &Volumes, causes: &mut Causes) {
    let mounts = container.field("volumeMounts").items();
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for device in container.field("volumeDevices").items() {
        let (name, path) = (device.field("name"), device.field("devicePath"));
        if name.is_empty() {
            causes.required(&name, "");
        } else if !names.insert(name.text()) {
            causes.invalid(&name, "must be unique");
        }
        match volumes.get(name.text()) {
            None => causes.not_found(&name),
            Some(source) if !matches!(source.as_str(), "persistentVolumeClaim" | "ephemeral") => {
                causes.invalid(&name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
            }
            Some(_) => {}
        }
        if path.is_empty() {
            causes.required(&path, "");
        } else if !without_backsteps(path.text()).is_empty() {
            causes.invalid(&path, "can not contain backsteps ('..')");
        }
        if !paths.insert(path.text()) {
            causes.invalid(&path, "must be unique");
        }
        if mounts
            .iter()
            .any(|mount| mount.field("name").text() == name.text())
        {
            causes.invalid(&name, "must not already exist in volumeMounts");
        }
        if mounts
            .iter()
            .any(|mount| mount.field("mountPath").text() == path.text())
        {
            causes.invalid(&path, "must not already exist as a path in volumeMounts");
        }
    }
}
