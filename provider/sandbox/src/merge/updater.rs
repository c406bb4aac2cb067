//! Who gains and who loses fields when an object changes.

use std::collections::BTreeMap;

use fields::{FieldPath, FieldSet, ListType, MapType, PathElement, Schema, Shape};
use serde_json::Value;

use super::Target;
use super::compare::Comparison;
use super::conflict::{Conflict, Conflicts};
use super::managers::{Manager, Managers, Owned};

/// Whether fields of others may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    /// They are.
    Yes,
    /// They are conflicts.
    No,
}

/// Takes from everybody but `writer` what the change sets or removes.
///
/// Entries in versions that are no longer served fall away.
pub(super) fn transfer(
    before: &Value,
    after: &Value,
    managers: Managers,
    writer: Option<&Manager>,
    force: Force,
    target: &Target<'_>,
) -> Result<Managers, Conflicts> {
    let mut kept = Managers::default();
    let mut conflicts = Vec::new();
    let mut comparisons = BTreeMap::new();
    for (manager, owned) in managers.0 {
        if Some(&manager) == writer {
            kept.0.insert(manager, owned);
            continue;
        }
        let comparison = comparisons
            .entry(owned.api_version.clone())
            .or_insert_with_key(|api_version| compare_in(before, after, api_version, target));
        let Some(comparison) = comparison else {
            continue;
        };
        let lost = owned.fields.intersection(&comparison.set());
        conflicts.extend(lost.iter().map(|path| Conflict {
            manager: manager.clone(),
            path,
        }));
        let fields = owned
            .fields
            .difference(&lost)
            .difference(&comparison.removed);
        kept.0.insert(manager, Owned { fields, ..owned });
    }
    if force == Force::No && !conflicts.is_empty() {
        return Err(Conflicts(conflicts));
    }
    kept.0.retain(|_, owned| !owned.fields.is_empty());
    Ok(kept)
}

/// How the object changes in one of its versions; none where that is not served.
pub(super) fn compare_in(
    before: &Value,
    after: &Value,
    api_version: &str,
    target: &Target<'_>,
) -> Option<Comparison> {
    let schema = target.versions.schema(api_version)?;
    if api_version == target.api_version {
        return Some(Comparison::of(before, after, &schema).without(target.reset));
    }
    let (before, after) = (
        target.versions.convert(before, api_version),
        target.versions.convert(after, api_version),
    );
    Some(Comparison::of(&before, &after, &schema).without(target.reset))
}

/// The entries as they would be under the schemas of today: what has become atomic is owned as a whole.
pub(super) fn reconcile(managers: Managers, target: &Target<'_>) -> Managers {
    let entries = managers.0.into_iter().filter_map(|(manager, owned)| {
        let schema = target.versions.schema(&owned.api_version)?;
        let fields = reconcile_fields(&owned.fields, &schema);
        Some((manager, Owned { fields, ..owned }))
    });
    Managers(entries.collect())
}

fn reconcile_fields(fields: &FieldSet, schema: &Schema) -> FieldSet {
    fields
        .iter()
        .map(|path| up_to_atomic(path, schema))
        .collect()
}

/// The path, cut at the first atomic place above its end.
fn up_to_atomic(path: FieldPath, schema: &Schema) -> FieldPath {
    let mut place = schema.clone();
    let mut prefix = FieldPath::root();
    for element in path.elements() {
        if is_atomic(&place, element) && !prefix.is_root() {
            return prefix;
        }
        prefix.push(element.clone());
        match place.step(element) {
            Some(next) => place = next,
            None => return path,
        }
    }
    path
}

fn is_atomic(place: &Schema, next: &PathElement) -> bool {
    match place.shape() {
        Shape::List(list) => {
            list.list_type == ListType::Atomic && !matches!(next, PathElement::Field(_))
        }
        Shape::Map(_) | Shape::Opaque => place.map_type() == MapType::Atomic,
        Shape::Scalar(_) | Shape::Untyped => false,
    }
}
