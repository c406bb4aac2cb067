//! Who owns which field of a live object?

use fields::{FieldPath, FieldSet, MapType, Schema, get, same};
use serde_json::Value;

use super::{
    cause::{FieldManager, Operation},
    diff, normal,
};

/// The annotation in which `kubectl apply` (client side) keeps what it applied.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Who owns what, read off an object's `managedFields`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    /// What our own applies own.
    pub(crate) applied: FieldSet,
    /// What we own by other writes: by the POST that created the object.
    pub(crate) written: Option<Entry>,
    /// Everybody else.
    pub(crate) others: Vec<Entry>,
}

/// One owner.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) manager: FieldManager,
    pub(crate) fields: FieldSet,
}

impl Owners {
    /// Reads the owners of a live object, where `ours` is the name of our own manager.
    pub(crate) fn of(live: &Value, ours: &str, schema: &Schema) -> Self {
        let entries = live["metadata"]["managedFields"].as_array();
        let entries: Vec<_> = entries.into_iter().flatten().filter_map(read).collect();
        if entries.is_empty() {
            return Self::untracked(live, schema);
        }
        let mut owners = Self::default();
        for entry in entries {
            let FieldManager {
                name,
                operation,
                subresource,
                time: _,
            } = &entry.manager;
            match operation {
                _ if name != ours || !subresource.is_empty() => owners.others.push(entry),
                Operation::Apply => owners.applied = owners.applied.union(&entry.fields),
                Operation::Update => {
                    let fields = owners
                        .written
                        .map_or_else(FieldSet::new, |written| written.fields);
                    owners.written = Some(Entry {
                        fields: fields.union(&entry.fields),
                        ..entry
                    });
                }
            }
        }
        owners
    }

    /// The first apply to an object without owners gives everything to one that the server invents.
    fn untracked(live: &Value, schema: &Schema) -> Self {
        let manager = FieldManager {
            name: "before-first-apply".into(),
            operation: Operation::Update,
            subresource: String::new(),
            time: None,
        };
        let fields = FieldSet::of(&normal::comparable(live, schema), schema);
        Self {
            others: vec![Entry { manager, fields }],
            ..Self::default()
        }
    }

    /// Whether the API server says that a path is ours, by whatever write.
    pub(crate) fn is_ours(&self, path: &FieldPath) -> bool {
        owns(&self.applied, path)
            || self
                .written
                .as_ref()
                .is_some_and(|entry| owns(&entry.fields, path))
    }

    /// The others who own a path.
    pub(crate) fn others_of<'a>(
        &'a self,
        path: &'a FieldPath,
    ) -> impl Iterator<Item = &'a FieldManager> {
        let owners = self.others.iter().filter(|entry| owns(&entry.fields, path));
        owners.map(|entry| &entry.manager)
    }

    /// The fields that others own and a desired object wants with another value than the live one has: the server
    /// would call each a conflict. Equal values are shared instead.
    pub(crate) fn contested(
        &self,
        desired: &Value,
        live: &Value,
        schema: &Schema,
    ) -> Vec<(FieldPath, FieldManager)> {
        let mut contested = Vec::new();
        for (path, wanted) in diff::leaves(desired, schema) {
            let at = schema.at(&path).unwrap_or_else(Schema::untyped);
            match get(live, &path, schema) {
                Some(value) if !same(value, wanted, &at) && !merges(value, wanted, &at) => {}
                _ => continue,
            }
            contested.extend(
                self.others_of(&path)
                    .map(|manager| (path.clone(), manager.clone())),
            );
        }
        contested
    }

    /// Who changed a path, as far as the server remembers: of its owners the one who wrote last.
    pub(crate) fn blame(&self, path: &FieldPath) -> Option<FieldManager> {
        self.others_of(path)
            .max_by(|a, b| (&a.time, a).cmp(&(&b.time, b)))
            .cloned()
    }
}

/// Whether laying an empty value over another changes nothing, because what is in it is owned one by one.
fn merges(live: &Value, wanted: &Value, schema: &Schema) -> bool {
    match (live, wanted) {
        (Value::Object(_), Value::Object(fields)) => {
            fields.is_empty() && schema.map_type() == MapType::Granular
        }
        _ => false,
    }
}

/// Whether a set holds a path that is a leaf to us; another schema may see more below it.
pub(crate) fn owns(fields: &FieldSet, path: &FieldPath) -> bool {
    fields.contains(path) || fields.below(path).is_some_and(|below| !below.is_empty())
}

/// One entry of `managedFields`; none where it makes no sense.
pub(crate) fn read(entry: &Value) -> Option<Entry> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let operation = match entry["operation"].as_str()? {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    Some(Entry {
        manager: FieldManager {
            name: text("manager").unwrap_or_default(),
            operation,
            subresource: text("subresource").unwrap_or_default(),
            time: text("time"),
        },
        fields: FieldSet::from_fields_v1(&entry["fieldsV1"]).ok()?,
    })
}
