//! Which fields cannot change, and may the object be made anew for their sake?

use fields::{FieldPath, PathElement};

use super::{
    observation::{Refusal, RefusalCause},
    step::{Action, Blocker, Step},
};
use crate::{id::ResourceId, lifecycle::Lifecycle};

/// The fields of a kind that the API server never lets change.
struct Fixed {
    group: &'static str,
    kind: &'static str,
    /// These, and what is below them.
    paths: &'static [&'static str],
    /// But not these.
    except: &'static [&'static str],
}

/// What the server only says about `spec` as a whole, field by field. Recorded in the transcripts `immutable/*`;
/// the table alone never replaces anything, it only tells which of our changes a refusal is about.
const FIXED: &[Fixed] = &[
    fixed("apps", "Deployment", &["spec.selector"], &[]),
    fixed("apps", "DaemonSet", &["spec.selector"], &[]),
    fixed("apps", "ReplicaSet", &["spec.selector"], &[]),
    fixed(
        "apps",
        "StatefulSet",
        &["spec"],
        &[
            "spec.minReadySeconds",
            "spec.ordinals",
            "spec.persistentVolumeClaimRetentionPolicy",
            "spec.replicas",
            "spec.revisionHistoryLimit",
            "spec.template",
            "spec.updateStrategy",
        ],
    ),
    fixed(
        "batch",
        "Job",
        &[
            "spec.completionMode",
            "spec.completions",
            "spec.podFailurePolicy",
            "spec.selector",
            "spec.template",
        ],
        &[],
    ),
    fixed(
        "",
        "PersistentVolumeClaim",
        &["spec"],
        &["spec.resources", "spec.volumeAttributesClassName"],
    ),
    fixed(
        "",
        "PersistentVolume",
        &["spec"],
        &[
            "spec.capacity",
            "spec.persistentVolumeReclaimPolicy",
            "spec.claimRef",
        ],
    ),
    fixed(
        "",
        "Pod",
        &["spec"],
        &["spec.activeDeadlineSeconds", "spec.tolerations"],
    ),
    fixed("", "Service", &["spec.clusterIP", "spec.clusterIPs"], &[]),
    fixed("", "ConfigMap", &["binaryData", "data", "immutable"], &[]),
    fixed(
        "",
        "Secret",
        &["data", "immutable", "stringData", "type"],
        &[],
    ),
    fixed(
        "rbac.authorization.k8s.io",
        "RoleBinding",
        &["roleRef"],
        &[],
    ),
    fixed(
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        &["roleRef"],
        &[],
    ),
    fixed(
        "storage.k8s.io",
        "StorageClass",
        &[
            "parameters",
            "provisioner",
            "reclaimPolicy",
            "volumeBindingMode",
        ],
        &[],
    ),
    fixed(
        "scheduling.k8s.io",
        "PriorityClass",
        &["preemptionPolicy", "value"],
        &[],
    ),
];

const fn fixed(
    group: &'static str,
    kind: &'static str,
    paths: &'static [&'static str],
    except: &'static [&'static str],
) -> Fixed {
    Fixed {
        group,
        kind,
        paths,
        except,
    }
}

/// Kinds that lose nothing when they are deleted and created again: what uses them keeps running, and finds the
/// new one. All other kinds are replaced only where the user named them: a Deployment or a Service is gone for a
/// while, a claim, a volume, a namespace, a definition or a StatefulSet takes data along.
const HARMLESS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Secret"),
    ("batch", "Job"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
];

/// What the server says of a field that cannot change. Codes alone are never believed: a 422 is any mistake.
const WORDS: &[&str] = &[
    "immutable",
    "may not be changed",
    "may not change once set",
    "cannot change",
    "updates to statefulset spec for fields other than",
    "pod updates may not change fields other than",
];

/// Decides about a step whose dry run was refused: replace the object where every cause is a field that cannot
/// change and that the step changes, else stop.
pub(crate) fn decide(step: &mut Step, refusal: &Refusal, allowed: bool, remembered: bool) {
    step.action = Action::Update;
    let about = |cause: &RefusalCause| -> Vec<FieldPath> {
        let changed = step.changes.iter().map(|change| &change.path);
        changed
            .filter(|path| is_about(&step.id, cause, path))
            .cloned()
            .collect()
    };
    let fixed: Vec<_> = refusal.causes.iter().map(about).collect();
    if fixed.is_empty() || fixed.iter().any(Vec::is_empty) {
        step.blocker = Some(Blocker::refused(refusal));
        return;
    }
    step.action = Action::Replace;
    // What exists only once is made from nothing again, so nothing of the old one is migrated.
    step.migration = None;
    for change in &mut step.changes {
        change.immutable = fixed.iter().flatten().any(|path| *path == change.path);
    }
    let harmless = remembered && HARMLESS.iter().any(|(group, kind)| step.id.is(group, kind));
    step.blocker = match step.lifecycle {
        Lifecycle::Protected => Some(Blocker::Protected),
        _ if allowed || harmless => None,
        Lifecycle::Managed | Lifecycle::CreatedOnce => Some(Blocker::ReplaceNotAllowed),
    };
}

/// Whether a cause of a refusal says that this path cannot change.
fn is_about(id: &ResourceId, cause: &RefusalCause, path: &FieldPath) -> bool {
    let reasons = ["FieldValueInvalid", "FieldValueForbidden"];
    let Ok(field) = cause.field.parse::<FieldPath>() else {
        return false;
    };
    let meets = leads_to(&field, path) || leads_to(path, &field);
    let table = FIXED.iter().find(|fixed| id.is(fixed.group, fixed.kind));
    let listed = table.is_some_and(|table| table.holds(path));
    // A cause that names a field beside the table speaks for itself; one about all of `spec` needs the table.
    let precise = field.elements().len() > 1 || field != FieldPath::of(["spec"]);
    let says = WORDS.iter().any(|words| cause.message.contains(words));
    reasons.contains(&cause.reason.as_str())
        && meets
        && if precise { says || listed } else { listed }
}

impl Fixed {
    fn holds(&self, path: &FieldPath) -> bool {
        let any = |texts: &[&str]| {
            texts
                .iter()
                .any(|text| leads_to(&FieldPath::of(text.split('.')), path))
        };
        any(self.paths) && !any(self.except)
    }
}

/// Whether one path leads to another, where the server counts list elements and we name them.
fn leads_to(prefix: &FieldPath, path: &FieldPath) -> bool {
    let (prefix, path) = (prefix.elements(), path.elements());
    prefix.len() <= path.len()
        && prefix
            .iter()
            .zip(path)
            .all(|(one, other)| match (one, other) {
                (PathElement::Index(_), PathElement::Key(_) | PathElement::Value(_))
                | (PathElement::Key(_) | PathElement::Value(_), PathElement::Index(_)) => true,
                _ => one == other,
            })
}
