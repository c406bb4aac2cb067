//! What does a finished object refer to?
//!
//! References are read off the object by one [`table`], so a raw object gets the same order and the same checks as
//! one that a module made.

use serde_json::Value;

use super::{
    builtin::is_cluster_kind,
    template::Template,
    walk::{Found, find, items, join, text},
};
use crate::{id::ResourceId, resource::Resource};

mod table;

use table::{NAMED, On, Part, ROWS, Row, Target};

/// One object's mention of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Where the name stands.
    pub(crate) path: String,
    /// The object that is meant.
    pub(crate) to: ResourceId,
    /// Whether it works without.
    pub(crate) need: Need,
    /// The keys of a ConfigMap or Secret that are used by name.
    pub(crate) keys: Vec<String>,
}

/// Whether an object works without what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It does not.
    Required,
    /// It does: `optional: true`, and reservations.
    Optional,
}

/// All references in one object.
pub(crate) fn references(resource: &Resource) -> Vec<Reference> {
    read(ROWS.iter(), resource)
}

/// The same, with what nobody has to declare.
pub(crate) fn all_references(resource: &Resource) -> Vec<Reference> {
    read(ROWS.iter().chain(NAMED), resource)
}

fn read<'r>(rows: impl Iterator<Item = &'r Row>, resource: &Resource) -> Vec<Reference> {
    let template = Template::of(resource);
    rows.flat_map(|row| {
        let holders = match (row.on, &template) {
            (On::PodSpec, Some(template)) => template.find(row.holder),
            (On::Kind(group, kind), _) if resource.is(group, kind) => {
                find(&resource.object, row.holder)
            }
            (On::Any, _) => find(&resource.object, row.holder),
            _ => Vec::new(),
        };
        holders
            .into_iter()
            .filter_map(|holder| row.read(&holder, resource))
            .collect::<Vec<_>>()
    })
    .collect()
}

impl Row {
    fn read(&self, holder: &Found<'_>, from: &Resource) -> Option<Reference> {
        let optional = holder.value.get("optional") == Some(&Value::Bool(true));
        let need = if optional { Need::Optional } else { self.need };
        let (to, field) = self.target.read(holder.value, from)?;
        Some(Reference {
            path: join(&holder.path, field),
            to,
            need,
            keys: self.part.keys(holder.value),
        })
    }
}

impl Target {
    fn read(self, holder: &Value, from: &Resource) -> Option<(ResourceId, &'static str)> {
        let named = |group: &str, kind: &str, field: &str, namespace: Option<&str>| {
            let name = text(holder, field)?.to_owned();
            let namespace = namespace
                .map(str::to_owned)
                .or_else(|| from.id.namespace.clone());
            Some(ResourceId {
                group: group.to_owned(),
                kind: kind.to_owned(),
                namespace: namespace.filter(|_| !is_cluster_kind(group, kind)),
                name,
            })
        };
        match self {
            Target::Named(group, kind, field) => Some((named(group, kind, field, None)?, field)),
            Target::Elsewhere(group, kind, field) => {
                let namespace = text(holder, "namespace");
                Some((named(group, kind, field, namespace)?, field))
            }
            Target::ApiVersion => {
                let group = match text(holder, "apiVersion")?.split_once('/') {
                    Some((group, _)) => group,
                    None => "",
                };
                Some((named(group, text(holder, "kind")?, "name", None)?, "name"))
            }
            Target::Group { field, group, kind } => {
                // `group: ""` is said on purpose and means the core group.
                let group = holder.get(field).and_then(Value::as_str).unwrap_or(group);
                let kind = match text(holder, "kind") {
                    // Users and groups are no objects.
                    Some("User" | "Group") => return None,
                    Some(kind) => kind,
                    None if kind.is_empty() => return None,
                    None => kind,
                };
                let namespace = text(holder, "namespace");
                Some((named(group, kind, "name", namespace)?, "name"))
            }
        }
    }
}

impl Part {
    fn keys(self, holder: &Value) -> Vec<String> {
        let key = |value| text(value, "key").map(str::to_owned);
        match self {
            Part::Whole => Vec::new(),
            Part::Key => key(holder).into_iter().collect(),
            Part::Items => items(holder, "items").iter().filter_map(key).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
