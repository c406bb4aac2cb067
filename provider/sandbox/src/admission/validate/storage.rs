//! Whether claims, volumes and their classes are legal, and what of them may change.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{check, dns_label, dns_subdomain, qualified_name};
use super::pod::node_selector;
use super::resources::{amount, quantity};
use super::selector::label_selector;

const MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

/// A claim within another object.
pub(super) fn claim_template(at: &At<'_>, causes: &mut Causes) {
    claim_spec(&at.field("spec"), causes);
}

/// A claim.
pub(super) fn claim(object: &At<'_>, causes: &mut Causes) {
    claim_spec(&object.field("spec"), causes);
}

/// What a claim may not change: all but its size, once it is bound.
pub(super) fn claim_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    claim(new, causes);
    let bound = new.at("status.phase").text() == "Bound";
    let comparable = |object: &At<'_>, fill: &At<'_>| -> Value {
        let mut spec = object.field("spec").value().clone();
        let Some(map) = spec.as_object_mut() else {
            return spec;
        };
        if old.at("spec.volumeName").is_empty() {
            map.remove("volumeName");
        }
        // A claim without a class may get one while it waits.
        if old.at("spec.storageClassName").is_absent()
            && !fill.at("spec.storageClassName").is_empty()
            && !bound
        {
            map.remove("storageClassName");
        }
        if bound {
            map.remove("volumeAttributesClassName");
            if let Some(requests) = map
                .get_mut("resources")
                .and_then(|resources| resources.get_mut("requests"))
                .and_then(Value::as_object_mut)
            {
                requests.remove("storage");
            }
        }
        spec
    };
    if comparable(new, new) != comparable(old, new) {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        causes.forbidden(&new.field("spec"), detail);
    }
    let size = |object: &At<'_>, path: &str| amount(&object.at(path).key("storage"));
    let requested = new.at("spec.resources.requests").field("storage");
    if let (Some(after), Some(before)) = (
        size(new, "spec.resources.requests"),
        size(old, "spec.resources.requests"),
    ) && after < before
        && size(old, "status.capacity").is_some_and(|capacity| after <= capacity)
    {
        causes.forbidden(&requested, "field can not be less than status.capacity");
    }
    causes.immutable(
        &new.at("spec.volumeMode").renamed("volumeMode"),
        &old.at("spec.volumeMode"),
    );
}

fn claim_spec(at: &At<'_>, causes: &mut Causes) {
    let modes = at.field("accessModes");
    if modes.is_empty() {
        causes.required(&modes, "at least 1 access mode is required");
    }
    label_selector(&at.field("selector"), causes);
    access_modes(&modes, causes);
    let storage = at
        .at("resources.requests")
        .key("storage")
        .renamed(format!("{}.resources[storage]", at.path()));
    match amount(&storage) {
        None => causes.required(&storage, ""),
        Some(size) if size.is_zero() || size.is_negative() => {
            causes.invalid(&storage, "must be greater than zero");
        }
        Some(_) => quantity("storage", &storage, causes),
    }
    for field in ["storageClassName", "volumeAttributesClassName"] {
        if !at.field(field).is_empty() {
            check(&at.field(field), dns_subdomain, causes);
        }
    }
    if at.field("volumeMode").is_set() {
        causes.one_of(&at.field("volumeMode"), &["Block", "Filesystem"]);
    }
    for field in ["dataSource", "dataSourceRef"] {
        if at.field(field).is_set() {
            data_source(&at.field(field), causes);
        }
    }
}

fn access_modes(at: &At<'_>, causes: &mut Causes) {
    for mode in at.items() {
        causes.one_of(&mode.renamed(at.path()), &MODES);
    }
    let modes = at.texts();
    let single = modes.contains(&"ReadWriteOncePod");
    if single
        && modes
            .iter()
            .any(|mode| *mode != "ReadWriteOncePod" && MODES.contains(mode))
    {
        causes.forbidden(at, "may not use ReadWriteOncePod with other access modes");
    }
}

fn data_source(at: &At<'_>, causes: &mut Causes) {
    for field in ["name", "kind"] {
        if at.field(field).is_empty() {
            causes.required(&at.field(field), "");
        }
    }
    let group = at.field("apiGroup");
    if group.is_empty() {
        if at.field("kind").text() != "PersistentVolumeClaim" {
            causes.invalid_as(
                at,
                at.field("kind").value(),
                "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            );
        }
    } else {
        check(&group, dns_subdomain, causes);
    }
    if !at.field("namespace").is_empty() {
        check(&at.field("namespace"), dns_label, causes);
    }
}

/// A volume of the cluster.
pub(super) fn volume(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    if spec.field("accessModes").is_empty() {
        causes.required(&spec.field("accessModes"), "");
    }
    access_modes(&spec.field("accessModes"), causes);
    let capacity = spec.field("capacity");
    if capacity.is_empty() {
        causes.required(&capacity, "");
    }
    if amount(&capacity.key("storage")).is_none() || capacity.len() > 1 {
        causes.unsupported(&capacity, &["storage"]);
    }
    for (name, size) in capacity.entries() {
        if amount(&size).is_some_and(|size| size.is_zero() || size.is_negative()) {
            causes.invalid(&size, "must be greater than zero");
        }
        quantity(name, &size, causes);
    }
    causes.one_of(
        &spec.field("persistentVolumeReclaimPolicy"),
        &["Delete", "Recycle", "Retain"],
    );
    let affinity = spec.at("nodeAffinity.required");
    if spec.field("nodeAffinity").is_set() {
        if affinity.is_absent() {
            causes.required(&affinity, "must specify required node constraints");
        } else {
            node_selector(&affinity, causes);
        }
    }
    let other = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeMode",
        "volumeAttributesClassName",
    ];
    if !spec
        .map()
        .is_some_and(|map| map.keys().any(|name| !other.contains(&name.as_str())))
    {
        causes.required(&spec, "must specify a volume type");
    }
    if !spec.field("storageClassName").is_empty() {
        check(&spec.field("storageClassName"), dns_subdomain, causes);
    }
    if spec.field("volumeMode").is_set() {
        causes.one_of(&spec.field("volumeMode"), &["Block", "Filesystem"]);
    }
    volume_source(&spec, &other, causes);
}

/// One source, of which a folder of the node is looked at first.
fn volume_source(spec: &At<'_>, other: &[&str], causes: &mut Causes) {
    let named = spec
        .map()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    let mut sources: Vec<&str> = named.filter(|name| !other.contains(name)).collect();
    sources.sort_by_key(|name| *name != "hostPath");
    for more in sources.iter().skip(1) {
        causes.forbidden(&spec.field(more), "may not specify more than 1 volume type");
    }
    if sources.first() == Some(&"hostPath") {
        super::pod::host_path(&spec.field("hostPath"), causes);
    }
}

/// What a volume may not change: its source.
pub(super) fn volume_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    volume(new, causes);
    let free = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeMode",
        "volumeAttributesClassName",
    ];
    let source = |at: &At<'_>| -> Vec<(String, Value)> {
        let spec = at.field("spec");
        spec.map()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !free.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    if source(new) != source(old) {
        causes.forbidden(
            &new.field("spec").field("persistentvolumesource"),
            "spec.persistentvolumesource is immutable after creation",
        );
    }
    causes.immutable(
        &new.at("spec.volumeMode").renamed("volumeMode"),
        &old.at("spec.volumeMode"),
    );
}

/// A class of volumes.
pub(super) fn storage_class(object: &At<'_>, causes: &mut Causes) {
    let provisioner = object.field("provisioner");
    if provisioner.is_empty() {
        causes.required(&provisioner, "");
    } else {
        for message in qualified_name(&provisioner.text().to_lowercase()) {
            causes.invalid(&provisioner, &message);
        }
    }
    for (key, value) in object.field("parameters").entries() {
        if key.is_empty() {
            causes.invalid_as(
                &object.field("parameters"),
                value.value(),
                "field must not be empty",
            );
        }
    }
    causes.one_of(&object.field("reclaimPolicy"), &["Delete", "Retain"]);
    let binding = object.field("volumeBindingMode");
    if binding.is_absent() {
        causes.required(&binding, "");
    } else {
        causes.one_of(&binding, &["Immediate", "WaitForFirstConsumer"]);
    }
    topologies(&object.field("allowedTopologies"), causes);
}

/// What a class may not change.
pub(super) fn storage_class_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    for field in [
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ] {
        if new.field(field).value() != old.field(field).value() {
            // Of the parameters the API says that they are forbidden, of the others that they are invalid.
            causes.invalid(&new.field(field), "field is immutable");
        }
    }
}

fn topologies(at: &At<'_>, causes: &mut Causes) {
    for term in at.items() {
        let mut keys = BTreeSet::new();
        for requirement in term.field("matchLabelExpressions").items() {
            let (key, values) = (requirement.field("key"), requirement.field("values"));
            check(&key, qualified_name, causes);
            if !keys.insert(key.text()) {
                causes.duplicate(&key);
            }
            if values.is_empty() {
                causes.required(&values, "");
            }
            let mut seen = BTreeSet::new();
            for value in values.items() {
                if !seen.insert(value.text()) {
                    causes.duplicate(&value);
                }
            }
        }
    }
}

/// The name of a driver of volumes.
pub(super) fn driver_name(at: &At<'_>, causes: &mut Causes) {
    if at.is_empty() {
        return causes.required(at, "");
    }
    if at.text().len() > 63 {
        causes.too_long(at, 63);
    }
    for message in dns_subdomain(&at.text().to_lowercase()) {
        causes.invalid(at, &message);
    }
}
