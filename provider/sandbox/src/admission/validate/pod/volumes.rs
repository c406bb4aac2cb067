//! Whether the volumes of a Pod are legal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::super::at::At;
use super::super::super::cause::Causes;
use super::super::names::{check, dns_label, dns_subdomain};
use super::super::paths::{not_reserved, without_backsteps};
use super::super::resources::is_negative;
use super::super::storage;
use super::Of;
use super::env::{Into, field_ref, resource_ref};

/// The legal volumes of a Pod by name, with the name of their source. What is not legal cannot be mounted.
pub(super) type Volumes = BTreeMap<String, String>;

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// All volumes of a spec.
pub(super) fn volumes(at: &At<'_>, of: Of, causes: &mut Causes) -> Volumes {
    let mut legal = Volumes::new();
    for volume in at.items() {
        let before = causes.len();
        let kind = source(&volume, of, causes);
        let name = volume.field("name");
        if name.is_empty() {
            causes.required(&name, "");
        } else {
            check(&name, dns_label, causes);
        }
        if legal.contains_key(name.text()) {
            causes.duplicate(&name);
        }
        if causes.len() == before {
            legal.insert(name.text().to_owned(), kind);
        }
    }
    legal
}

fn source(volume: &At<'_>, of: Of, causes: &mut Causes) -> String {
    let named: Vec<(&str, At<'_>)> = volume
        .map()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "name" && !value.is_null())
        .map(|(name, _)| (name.as_str(), volume.field(name)))
        .collect();
    // The empty folder is looked at first, whatever else is there.
    let mut ordered: Vec<_> = named
        .iter()
        .filter(|(name, _)| *name == "emptyDir")
        .collect();
    ordered.extend(named.iter().filter(|(name, _)| *name != "emptyDir"));
    let Some(((first, at), more)) = ordered.split_first().map(|(first, more)| (*first, more))
    else {
        causes.required(volume, "must specify a volume type");
        return String::new();
    };
    for (_, extra) in more {
        causes.forbidden(extra, "may not specify more than 1 volume type");
    }
    match *first {
        "emptyDir" if is_negative(&at.field("sizeLimit")) => {
            causes.forbidden(
                &at.field("sizeLimit"),
                "SizeLimit field must be a valid resource quantity",
            );
        }
        "hostPath" => host_path(at, causes),
        "secret" => files(at, "secretName", causes),
        "configMap" => files(at, "name", causes),
        "downwardAPI" => {
            mode(&at.field("defaultMode"), causes);
            for file in at.field("items").items() {
                downward_file(&file, at.path(), causes);
            }
        }
        "projected" => projected(at, causes),
        "persistentVolumeClaim" => required(at, &["claimName"], causes),
        "ephemeral" => ephemeral(at, causes),
        "nfs" => nfs(at, causes),
        "csi" => csi(at, causes),
        "image" => {
            if of == Of::Pod {
                required(at, &["reference"], causes);
            }
            causes.one_of(
                &at.field("pullPolicy"),
                &["Always", "IfNotPresent", "Never"],
            );
        }
        "awsElasticBlockStore" | "cinder" => required(at, &["volumeID"], causes),
        "gcePersistentDisk" => required(at, &["pdName"], causes),
        "glusterfs" => required(at, &["endpoints", "path"], causes),
        "cephfs" => required(at, &["monitors"], causes),
        "rbd" => required(at, &["monitors", "image"], causes),
        "iscsi" => required(at, &["targetPortal", "iqn"], causes),
        "azureFile" => required(at, &["secretName", "shareName"], causes),
        "vsphereVolume" => required(at, &["volumePath"], causes),
        _ => {}
    }
    (*first).to_owned()
}

fn required(at: &At<'_>, fields: &[&str], causes: &mut Causes) {
    for field in fields {
        if at.field(field).is_empty() {
            causes.required(&at.field(field), "");
        }
    }
}

pub(in super::super) fn host_path(at: &At<'_>, causes: &mut Causes) {
    if at.field("path").is_empty() {
        return causes.required(&at.field("path"), "");
    }
    check(&at.field("path"), without_backsteps, causes);
    let kinds = [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    causes.one_of(&at.field("type"), &kinds);
}

fn nfs(at: &At<'_>, causes: &mut Causes) {
    required(at, &["server", "path"], causes);
    if !at.field("path").text().starts_with('/') {
        causes.invalid(&at.field("path"), "must be an absolute path");
    }
}

fn csi(at: &At<'_>, causes: &mut Causes) {
    storage::driver_name(&at.field("driver"), causes);
    let secret = at.at("nodePublishSecretRef.name");
    if at.field("nodePublishSecretRef").is_set() {
        if secret.is_empty() {
            causes.required(&secret, "");
        } else {
            check(
                &secret.renamed(format!("{}.name", at.path())),
                dns_subdomain,
                causes,
            );
        }
    }
}

fn ephemeral(at: &At<'_>, causes: &mut Causes) {
    let claim = at.field("volumeClaimTemplate");
    if claim.is_absent() {
        causes.required(&claim, "");
    } else {
        storage::claim_template(&claim, causes);
    }
}

fn mode(at: &At<'_>, causes: &mut Causes) {
    if at.int().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        causes.invalid(at, MODE);
    }
}

/// A `ConfigMap` or Secret as files.
fn files(at: &At<'_>, name: &str, causes: &mut Causes) {
    required(at, &[name], causes);
    mode(&at.field("defaultMode"), causes);
    for item in at.field("items").items() {
        key_to_path(&item, causes);
    }
}

fn key_to_path(at: &At<'_>, causes: &mut Causes) {
    required(at, &["key", "path"], causes);
    check(&at.field("path"), not_reserved, causes);
    mode(&at.field("mode"), causes);
}

/// The API calls these files by the path of their list's owner.
fn downward_file(file: &At<'_>, owner: &str, causes: &mut Causes) {
    let at = file.renamed(owner);
    required(&at, &["path"], causes);
    check(&at.field("path"), not_reserved, causes);
    let (field, resource) = (at.field("fieldRef"), at.field("resourceFieldRef"));
    if field.is_set() {
        field_ref(&field, Into::File, causes);
        if resource.is_set() {
            causes.invalid_as(
                &at,
                &json!("resource"),
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            );
        }
    } else if resource.is_set() {
        resource_ref(&resource, Into::File, causes);
    } else {
        causes.required(&at, "one of fieldRef and resourceFieldRef is required");
    }
    mode(&at.field("mode"), causes);
}

fn projected(at: &At<'_>, causes: &mut Causes) {
    mode(&at.field("defaultMode"), causes);
    let mut taken = BTreeSet::new();
    for source in at.field("sources").items() {
        let set: Vec<_> = source
            .map()
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name.as_str())
            .collect();
        for kind in &set {
            projection(kind, &source.field(kind), at, &mut taken, causes);
        }
        if set.len() > 1 {
            causes.forbidden(
                &source,
                "may not specify more than 1 volume type per source",
            );
        }
    }
}

fn projection(
    kind: &str,
    source: &At<'_>,
    volume: &At<'_>,
    taken: &mut BTreeSet<String>,
    causes: &mut Causes,
) {
    let mut paths = Vec::new();
    match kind {
        "secret" | "configMap" => {
            required(source, &["name"], causes);
            for item in source.field("items").items() {
                key_to_path(&item, causes);
                paths.push(item.field("path").text());
            }
        }
        "downwardAPI" => {
            for file in source.field("items").items() {
                downward_file(&file, source.path(), causes);
                paths.push(file.field("path").text());
            }
        }
        "serviceAccountToken" => token(source, volume, causes),
        "clusterTrustBundle" => {
            required(source, &["path"], causes);
            check(&source.field("path"), not_reserved, causes);
            paths.push(source.field("path").text());
        }
        _ => {}
    }
    for path in paths.into_iter().filter(|path| !path.is_empty()) {
        if !taken.insert(path.to_owned()) {
            causes.invalid_as(volume, &json!(path), "conflicting duplicate paths");
        }
    }
}

/// A token's path is called by the volume's path.
fn token(source: &At<'_>, volume: &At<'_>, causes: &mut Causes) {
    let lifetime = source.field("expirationSeconds");
    if lifetime.int_or_zero() < 600 {
        causes.invalid(&lifetime, "may not specify a duration less than 10 minutes");
    } else if lifetime.int_or_zero() > 1 << 32 {
        causes.invalid(
            &lifetime,
            "may not specify a duration larger than 2^32 seconds",
        );
    }
    let path = source
        .field("path")
        .renamed(format!("{}.path", volume.path()));
    if path.is_empty() {
        causes.required(&path, "");
    } else {
        check(&path, not_reserved, causes);
    }
}
