//! What does a CRD's schema make of its objects: pruned, defaulted, checked.

mod defaults;
mod prune;
mod validate;

pub(crate) use defaults::{default, drop_nulls};
pub(crate) use prune::read;

use serde_json::Value;

use crate::admission::{self, Admitted, Cause, Cluster, Part, Refusal, Scope};
use crate::registry::Resource;

/// A custom resource that is about to be stored for the first time.
pub(crate) fn admit_create(
    resource: &Resource,
    mut object: Value,
    cluster: &dyn Cluster,
) -> Result<Admitted, Refusal> {
    if has_status(resource) {
        set_status(&mut object, None);
    }
    let broken = validate::object(resource, &object, None);
    with_causes(
        admission::admit_create(object, scope(resource), cluster),
        broken,
    )
}

/// A new state of a custom resource.
pub(crate) fn admit_update(
    resource: &Resource,
    mut object: Value,
    old: &Value,
    part: Part,
    cluster: &dyn Cluster,
) -> Result<Admitted, Refusal> {
    if part == Part::Main && has_status(resource) {
        set_status(&mut object, old.get("status"));
    }
    let broken = validate::object(resource, &object, Some(old));
    with_causes(
        admission::admit_update(object, old, part, scope(resource), cluster),
        broken,
    )
}

/// Adds what breaks the schema to what breaks the rules of all kinds.
fn with_causes(
    admitted: Result<Admitted, Refusal>,
    broken: Vec<Cause>,
) -> Result<Admitted, Refusal> {
    match admitted {
        Err(Refusal::Invalid(mut causes)) => {
            causes.extend(broken);
            Err(Refusal::Invalid(causes))
        }
        Ok(_) if !broken.is_empty() => Err(Refusal::Invalid(broken)),
        settled => settled,
    }
}

fn has_status(resource: &Resource) -> bool {
    resource.subresource("status").is_some()
}

fn scope(resource: &Resource) -> Scope {
    if resource.is_namespaced() {
        Scope::Namespaced
    } else {
        Scope::Cluster
    }
}

/// Where the status has an endpoint of its own, other writes leave it alone.
fn set_status(object: &mut Value, status: Option<&Value>) {
    match (status, object.as_object_mut()) {
        (Some(status), Some(fields)) => fields.insert("status".to_owned(), status.clone()),
        (None, Some(fields)) => fields.remove("status"),
        (_, None) => None,
    };
}
