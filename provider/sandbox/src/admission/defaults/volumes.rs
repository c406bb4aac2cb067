//! What the API fills in for volumes and claims.

use serde_json::{Value, json};

use super::super::edit::{or_set, or_set_zero, text};

/// A volume without a source is an empty folder.
pub(super) fn volume(volume: &mut Value) {
    let has_source = volume.as_object().is_some_and(|map| {
        map.iter()
            .any(|(name, value)| name != "name" && !value.is_null())
    });
    if !has_source {
        or_set(volume, "emptyDir", json!({}));
    }
    if let Some(image) = volume.get_mut("image").filter(|image| image.is_object()) {
        let policy = super::pod::pull_policy(text(image, "reference"));
        or_set_zero(image, "pullPolicy", policy);
    }
}

/// A projection of a ConfigMap, a Secret, the downward API, or several of them, as files.
pub(super) fn file_modes(source: &mut Value) {
    or_set(source, "defaultMode", 0o644);
}

/// A projected token of a service account.
pub(super) fn token(source: &mut Value) {
    or_set(source, "expirationSeconds", 3600);
}

/// A folder of the node.
pub(super) fn host_path(source: &mut Value) {
    or_set(source, "type", "");
}

/// The spec of a claim.
pub(super) fn claim_spec(spec: &mut Value) {
    or_set(spec, "volumeMode", "Filesystem");
}

/// A claim.
pub(in super::super) fn claim(claim: &mut Value) {
    super::or_phase(claim, "Pending");
}

/// A volume of the cluster.
pub(super) fn persistent_volume(volume: &mut Value) {
    super::or_phase(volume, "Pending");
    let spec = super::super::edit::child(volume, "spec");
    or_set_zero(spec, "persistentVolumeReclaimPolicy", "Retain");
    or_set(spec, "volumeMode", "Filesystem");
}

/// A class of volumes.
pub(super) fn storage_class(class: &mut Value) {
    or_set(class, "reclaimPolicy", "Delete");
    or_set(class, "volumeBindingMode", "Immediate");
}

/// A driver of volumes.
pub(super) fn csi_driver(driver: &mut Value) {
    let spec = super::super::edit::child(driver, "spec");
    or_set(spec, "attachRequired", true);
    or_set(spec, "podInfoOnMount", false);
    or_set(spec, "storageCapacity", false);
    or_set(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    or_set_zero(spec, "volumeLifecycleModes", json!(["Persistent"]));
    or_set(spec, "requiresRepublish", false);
    or_set(spec, "seLinuxMount", false);
}
