//! What an applier once set and no longer mentions, taken out of an object.

use std::collections::BTreeMap;

use fields::{FieldPath, FieldSet, ListType, MapType, PathElement, Schema, Typed, element_key};
use serde_json::{Map, Value};

use super::managers::{Managers, Owned};
use super::{Target, Versions};

/// An object in one of its versions.
#[derive(Clone)]
struct Versioned {
    object: Value,
    api_version: String,
    schema: Schema,
}

impl Versioned {
    /// The object in another version; none where that is not served.
    fn to(&self, api_version: &str, versions: &dyn Versions) -> Option<Self> {
        if self.api_version == api_version {
            return Some(self.clone());
        }
        let schema = versions.schema(api_version)?;
        let object = versions.convert(&self.object, api_version);
        Some(Self {
            object,
            api_version: api_version.to_owned(),
            schema,
        })
    }

    fn fields(&self) -> FieldSet {
        with_structs(&FieldSet::of(&self.object, &self.schema), &self.schema)
    }

    fn without(&self, fields: &FieldSet) -> Self {
        let object = without(&self.object, fields, &self.schema).unwrap_or(Value::Null);
        Self {
            object,
            ..self.clone()
        }
    }
}

/// Takes out what `last` holds and nobody owns any more. `managers` has the applier's new fields.
pub(super) fn prune(
    merged: Value,
    schema: &Schema,
    managers: &Managers,
    last: Option<&Owned>,
    target: &Target<'_>,
) -> Value {
    let versions = target.versions;
    let merged = Versioned {
        object: merged,
        api_version: target.api_version.to_owned(),
        schema: schema.clone(),
    };
    let Some(last) = last.filter(|last| !last.fields.is_empty()) else {
        return merged.object;
    };
    let Some(then) = merged.to(&last.api_version, versions) else {
        return merged.object;
    };
    let dropped = with_structs(&last.fields, &then.schema);
    let pruned = restore_owned(&then, then.without(&dropped), managers, versions);
    let Some(pruned) = pruned.to(&last.api_version, versions) else {
        return merged.object;
    };
    // What went although the applier never owned it comes back.
    let gone = then
        .fields()
        .difference(&pruned.fields())
        .intersection(&dropped);
    let pruned = then.without(&gone);
    pruned
        .to(target.api_version, versions)
        .map_or(merged.object, |pruned| pruned.object)
}

/// Brings back what other managers, or the applier's new configuration, own.
fn restore_owned(
    merged: &Versioned,
    pruned: Versioned,
    managers: &Managers,
    versions: &dyn Versions,
) -> Versioned {
    let mut owned: BTreeMap<&str, FieldSet> = BTreeMap::new();
    for Owned {
        api_version,
        fields,
        time: _,
    } in managers.0.values()
    {
        let all = owned.entry(api_version).or_default();
        *all = all.union(fields);
    }
    // First in the version that was pruned: a conversion may need what was taken out.
    let first = owned.remove_entry(merged.api_version.as_str());
    first
        .into_iter()
        .chain(owned)
        .fold(pruned, |pruned, (api_version, owned)| {
            let (Some(merged), Some(now)) = (
                merged.to(api_version, versions),
                pruned.to(api_version, versions),
            ) else {
                return pruned;
            };
            let kept = now.fields().union(&with_structs(&owned, &merged.schema));
            merged.without(&merged.fields().difference(&kept))
        })
}

/// The set with the declared fields on the way to its members: who owns a field of a struct holds the struct.
fn with_structs(fields: &FieldSet, schema: &Schema) -> FieldSet {
    let mut all = fields.clone();
    for path in fields {
        let mut place = Some(schema.clone());
        let mut prefix = FieldPath::root();
        for element in path.elements() {
            let declared = match (&place, element) {
                (Some(place), PathElement::Field(name)) => place.declared(name).is_some(),
                _ => false,
            };
            prefix.push(element.clone());
            if declared && prefix != path {
                all.insert(&prefix);
            }
            place = place.and_then(|place| place.step(element));
        }
    }
    all
}

/// The value without some fields; none where nothing is left of it.
fn without(value: &Value, fields: &FieldSet, schema: &Schema) -> Option<Value> {
    match (schema.typed(value), value) {
        (Typed::Scalar(_), _) => Some(value.clone()),
        (Typed::List(list), Value::Array(elements)) if list.list_type != ListType::Atomic => {
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            let kept = elements
                .iter()
                .filter_map(|element| match element_key(element, list) {
                    Ok(key) => without_at(element, &key, fields, &schema),
                    Err(_) => Some(element.clone()),
                });
            Some(kept.collect::<Vec<_>>())
                .filter(|kept| !kept.is_empty())
                .map(Value::Array)
        }
        (Typed::Map(_), Value::Object(entries)) if schema.map_type() == MapType::Granular => {
            let kept = entries.iter().filter_map(|(name, entry)| {
                let schema = schema.field(name).unwrap_or_else(Schema::untyped);
                Some((
                    name.clone(),
                    without_at(entry, &PathElement::field(name), fields, &schema)?,
                ))
            });
            Some(kept.collect::<Map<_, _>>())
                .filter(|kept| !kept.is_empty())
                .map(Value::Object)
        }
        // Reached only where something inside was to go: what is atomic goes whole.
        (Typed::List(_) | Typed::Map(_), _) => None,
    }
}

/// None where the place itself is to go. Of a place that loses all it had, null remains.
fn without_at(
    value: &Value,
    element: &PathElement,
    fields: &FieldSet,
    schema: &Schema,
) -> Option<Value> {
    if fields.has(element) {
        return None;
    }
    match fields.child(element) {
        Some(below) => Some(without(value, below, schema).unwrap_or(Value::Null)),
        None => Some(value.clone()),
    }
}
