//! What stands in the place of values that are only known when a step is carried out?
//!
//! What a certificate's Secret holds stays as it is unless it is due; what is borrowed is what its source holds. Both
//! are filled in before a server is asked, so that its answer is about the object as it would be applied.

use std::collections::{BTreeMap, BTreeSet};

use fields::{FieldPath, Schema};
use serde_json::{Map, Value, json};

use super::{diff, observation::Held, step::Step};
use crate::{
    borrowed::{Borrowed, put},
    certificate::Certificate,
    id::ResourceId,
    resource::Resource,
};

/// The Secrets that values are borrowed from, with their data as far as it is known.
#[derive(Clone, Default)]
pub struct Sources(BTreeMap<ResourceId, Value>);

impl Sources {
    /// The Secrets that must be read before anything can be compared.
    pub fn needed<'a>(resources: impl Iterator<Item = &'a Resource>) -> BTreeSet<ResourceId> {
        let mut needed = BTreeSet::new();
        for resource in resources {
            if resource.certificate.is_some() {
                needed.insert(resource.id.clone());
            }
            needed.extend(
                resource
                    .borrowed
                    .values()
                    .map(|borrowed| borrowed.from.clone()),
            );
        }
        needed
    }

    /// What is known of them: what the definition says of their data, and what the cluster holds beside it.
    pub fn of<'a>(
        resources: impl Iterator<Item = &'a Resource>,
        held: &BTreeMap<ResourceId, Held>,
    ) -> Self {
        let mut sources: BTreeMap<_, _> = held
            .iter()
            .map(|(id, held)| (id.clone(), data_of(&held.secret)))
            .collect();
        for resource in resources.filter(|resource| resource.is("", "Secret")) {
            let said = data_of(&resource.object);
            if !said.is_empty() {
                sources.entry(resource.id.clone()).or_default().extend(said);
            }
        }
        let sources = sources.into_iter();
        Self(
            sources
                .map(|(id, data)| (id, json!({ "data": data })))
                .collect(),
        )
    }

    pub(crate) fn value(&self, borrowed: &Borrowed) -> Option<Value> {
        borrowed.of(self.0.get(&borrowed.from)?)
    }

    /// A resource as it is compared and applied. What nobody knows yet is what it is in the cluster, or empty.
    pub fn prepare(&self, resource: &Resource, live: Option<&Value>) -> Value {
        let mut object = resource.object.clone();
        if let Some(certificate) = &resource.certificate {
            fill(&mut object, certificate, live);
        }
        for (pointer, borrowed) in &resource.borrowed {
            let there = || live.and_then(|live| live.pointer(pointer)).cloned();
            let value = self.value(borrowed).or_else(there);
            put(&mut object, pointer, value.unwrap_or_else(|| "".into()));
        }
        object
    }
}

/// What a step wants of an object that was made meanwhile: what nobody could know before is what it is now.
pub fn carry(step: &Step, live: &Value) -> Value {
    let mut object = step.desired.clone().unwrap_or_default();
    if let Some(certificate) = &step.certificate {
        fill(&mut object, certificate, Some(live));
    }
    for pointer in &step.awaited {
        if let Some(value) = live.pointer(pointer) {
            put(&mut object, pointer, value.clone());
        }
    }
    object
}

/// A server asks for the first keys of a Secret of this type even where they are empty.
fn fill(object: &mut Value, certificate: &Certificate, live: Option<&Value>) {
    let held = live.map(data_of).unwrap_or_default();
    for key in certificate.keys() {
        let first = certificate.first_keys().contains(key);
        let value = held.get(*key).cloned();
        if let Some(value) = value.or_else(|| first.then(|| "".into())) {
            put(object, &format!("/data/{key}"), value);
        }
    }
}

fn data_of(secret: &Value) -> Map<String, Value> {
    let data = secret.get("data").and_then(Value::as_object);
    data.cloned().unwrap_or_default()
}

/// Where a resource has values that are only known when it is applied.
pub(crate) fn paths(resource: &Resource, schema: &Schema) -> Vec<FieldPath> {
    let certificate = resource.certificate.iter();
    let keys = certificate.flat_map(Certificate::keys);
    let made = keys.map(|key| FieldPath::of(["data", key]));
    let pointers = resource.borrowed.keys();
    let borrowed = pointers.filter_map(|pointer| path_of(&resource.object, pointer, schema));
    made.chain(borrowed).collect()
}

/// The path of the leaf that a JSON pointer leads to.
pub(crate) fn path_of(object: &Value, pointer: &str, schema: &Schema) -> Option<FieldPath> {
    const HERE: &str = "\u{0}here";
    let mut marked = object.clone();
    if !put(&mut marked, pointer, HERE.into()) {
        return None;
    }
    let leaves = diff::leaves(&marked, schema).into_iter();
    leaves
        .filter(|(_, value)| value.as_str() == Some(HERE))
        .map(|(path, _)| path)
        .next()
}
