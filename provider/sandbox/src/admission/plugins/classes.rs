//! Which class a claim or an Ingress gets when it names none, and what protects volumes in use.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::super::at::At;
use super::super::edit::{child, lacks, or_set};
use super::super::validate::amount;
use super::super::{Cluster, Refusal};

/// The newest of the classes that carry the annotation, by name where they are of one age.
fn default_of(classes: Vec<Value>, annotation: &str) -> Option<String> {
    let is_default = |class: &Value| {
        At::root(class)
            .at("metadata.annotations")
            .key(annotation)
            .text()
            == "true"
    };
    let mut defaults: Vec<Value> = classes.into_iter().filter(is_default).collect();
    let text = |class: &Value, field: &str| {
        At::root(class)
            .field("metadata")
            .field(field)
            .text()
            .to_owned()
    };
    defaults.sort_by_key(|class| {
        (
            Reverse(text(class, "creationTimestamp")),
            text(class, "name"),
        )
    });
    defaults.first().map(|class| text(class, "name"))
}

/// A claim without a class gets the default one; an empty class is a choice.
pub(super) fn of_claim(claim: &mut Value, cluster: &dyn Cluster) {
    let older = At::root(claim)
        .at("metadata.annotations")
        .key("volume.beta.kubernetes.io/storage-class")
        .is_set();
    if older || !lacks(child(claim, "spec"), "storageClassName") {
        return;
    }
    let classes = cluster.list("storage.k8s.io", "StorageClass", None);
    let name = default_of(
        classes.clone(),
        "storageclass.kubernetes.io/is-default-class",
    )
    .or_else(|| default_of(classes, "storageclass.beta.kubernetes.io/is-default-class"));
    if let Some(name) = name {
        or_set(child(claim, "spec"), "storageClassName", name);
    }
}

/// An Ingress without a class gets the default one.
pub(super) fn of_ingress(ingress: &mut Value, cluster: &dyn Cluster) {
    let older = At::root(ingress)
        .at("metadata.annotations")
        .key("kubernetes.io/ingress.class")
        .is_set();
    if older || !lacks(child(ingress, "spec"), "ingressClassName") {
        return;
    }
    let classes = cluster.list("networking.k8s.io", "IngressClass", None);
    if let Some(name) = default_of(classes, "ingressclass.kubernetes.io/is-default-class") {
        or_set(child(ingress, "spec"), "ingressClassName", name);
    }
}

/// Adds a finalizer that holds a volume while it is used.
pub(super) fn protect(object: &mut Value, finalizer: &str) {
    let finalizers = child(child(object, "metadata"), "finalizers");
    if !finalizers.is_array() {
        *finalizers = json!([]);
    }
    if let Value::Array(list) = finalizers
        && !list.iter().any(|found| found == finalizer)
    {
        list.push(json!(finalizer));
    }
}

/// A claim grows only where it is bound and its class can grow volumes.
pub(super) fn judge_growth(new: &Value, old: &Value, cluster: &dyn Cluster) -> Result<(), Refusal> {
    let size =
        |claim: &Value| amount(&At::root(claim).at("spec.resources.requests").key("storage"));
    let grows = matches!((size(new), size(old)), (Some(after), Some(before)) if after > before);
    if !grows {
        return Ok(());
    }
    let (new, old) = (At::root(new), At::root(old));
    if old.at("status.phase").text() != "Bound" {
        return Err(Refusal::Forbidden(
            "only bound persistent volume claims can be expanded".to_owned(),
        ));
    }
    let class = cluster.get(
        "storage.k8s.io",
        "StorageClass",
        "",
        new.at("spec.storageClassName").text(),
    );
    if class.is_some_and(|class| class.get("allowVolumeExpansion") == Some(&Value::Bool(true))) {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    Err(Refusal::Forbidden(why.to_owned()))
}
