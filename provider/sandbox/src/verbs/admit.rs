//! How does admission see the world, and how does it say no?

use serde_json::Value;

use super::call::Call;
use crate::admission::{self, Admitted, Part, Scope};
use crate::custom;
use crate::status::{Cause, Refusal, Subject};
use crate::world::World;

/// The world as admission asks it.
pub(super) struct View<'a>(pub(super) &'a World);

impl admission::Cluster for View<'_> {
    fn get(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let resource = self.0.registry.stored(group, kind)?;
        let name = crate::store::ObjectName::new(namespace, name);
        self.0
            .store
            .get(&resource.collection(), &name)
            .map(|object| Value::clone(object))
    }

    fn list(&self, group: &str, kind: &str, namespace: Option<&str>) -> Vec<Value> {
        let Some(resource) = self.0.registry.stored(group, kind) else {
            return Vec::new();
        };
        let objects = self.0.store.list(&resource.collection(), namespace);
        objects.map(|(_, object)| Value::clone(object)).collect()
    }
}

/// An object that is about to be stored for the first time, checked and complete.
pub(super) fn create(world: &World, call: &Call<'_>, object: Value) -> Result<Value, Refusal> {
    let name = object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let admitted = match call.resource.custom() {
        Some(_) => custom::admit_create(&call.resource, object, &View(world)),
        None => admission::admit_create(object, scope(call), &View(world)),
    };
    settle(call, &name, admitted)
}

/// A new state of an object, checked and complete.
pub(super) fn update(
    world: &World,
    call: &Call<'_>,
    object: Value,
    live: &Value,
) -> Result<Value, Refusal> {
    let part = match call.subresource() {
        Some("status") => Part::Status,
        _ => Part::Main,
    };
    let admitted = match call.resource.custom() {
        Some(_) => custom::admit_update(&call.resource, object, live, part, &View(world)),
        None => admission::admit_update(object, live, part, scope(call), &View(world)),
    };
    settle(call, call.name(), admitted)
}

fn scope(call: &Call<'_>) -> Scope {
    if call.resource.is_namespaced() {
        Scope::Namespaced
    } else {
        Scope::Cluster
    }
}

fn settle(
    call: &Call<'_>,
    name: &str,
    admitted: Result<Admitted, admission::Refusal>,
) -> Result<Value, Refusal> {
    match admitted {
        Ok(admitted) => {
            call.warn(admitted.warnings);
            Ok(admitted.object)
        }
        Err(admission::Refusal::Invalid(causes)) => {
            let about = Subject {
                group: call.resource.group(),
                kind: &call.resource.kind,
                name,
            };
            Err(Refusal::invalid(
                about,
                causes.into_iter().map(Cause::from).collect(),
            ))
        }
        Err(admission::Refusal::Forbidden(why)) => {
            Err(Refusal::forbidden(call.subject_named(name), &why))
        }
    }
}

impl From<admission::Cause> for Cause {
    fn from(cause: admission::Cause) -> Self {
        Self {
            reason: cause.reason.as_str().to_owned(),
            message: cause.message,
            field: cause.field,
        }
    }
}
