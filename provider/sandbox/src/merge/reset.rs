//! What an endpoint does not write: the status of an object, and all but the status at `/status`.

use fields::{FieldPath, FieldSet};

/// What nobody can come to own at an endpoint. `group` is the API group, empty for the core.
///
/// Kinds that are not built in are custom resources; theirs is the status only where it is a subresource.
pub(crate) fn reset_fields(group: &str, kind: &str, subresource: Option<&str>) -> FieldSet {
    let is_custom = !is_built_in(group);
    let paths: &[&[&str]] = match (subresource, group, kind) {
        (None, "certificates.k8s.io", _) => &[&["spec"], &["status"]],
        (Some("approval"), "certificates.k8s.io", _) => &[&["spec"], &["status", "certificate"]],
        (Some("status"), "certificates.k8s.io", _) => &[&["spec"], &["status", "conditions"]],
        (None, _, _) | (Some("finalize"), "", "Namespace") => &[&["status"]],
        (Some("status"), "apps", "Deployment") => &[&["spec"], &["metadata", "labels"]],
        (Some("status"), "", "Pod") => &[
            &["spec"],
            &["metadata", "deletionTimestamp"],
            &["metadata", "ownerReferences"],
        ],
        (
            Some("status"),
            _,
            "ServiceCIDR"
            | "ResourceClaim"
            | "VolumeAttachment"
            | "FlowSchema"
            | "PriorityLevelConfiguration"
            | "ValidatingAdmissionPolicy"
            | "APIService",
        ) => &[&["metadata"], &["spec"]],
        (Some("status"), _, _) if is_custom => &[&["metadata"], &["spec"]],
        (Some("status"), _, _) => &[&["spec"]],
        _ => &[],
    };
    paths
        .iter()
        .map(|path| FieldPath::of(path.iter().copied()))
        .collect()
}

fn is_built_in(group: &str) -> bool {
    fields::Facts::builtin().kinds().any(|id| id.group == group)
}
