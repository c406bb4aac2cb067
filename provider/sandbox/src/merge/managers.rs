//! Who owns which fields: `managedFields`, read and written.

use std::collections::BTreeMap;

use fields::{FieldPath, FieldSet};
use serde_json::{Map, Value, json};

/// The owners of an object's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Managers(pub(super) BTreeMap<Manager, Owned>);

/// Whoever writes, told apart as the API server does: appliers have one entry for all versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Manager {
    operation: Operation,
    name: String,
    subresource: String,
    /// The version that an updater wrote in.
    version: Option<String>,
}

/// How a manager writes. The API server lists appliers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// What a manager owns, in the version that it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) api_version: String,
    pub(super) fields: FieldSet,
    /// When it last changed something; none where it only ever came to share what others had set.
    pub(super) time: Option<String>,
}

/// Why a `managedFields` cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ManagersError {
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    #[error("apiVersion must not be empty")]
    ApiVersion,
    #[error("invalid fieldsType {found:?} in managed fields entry {entry}")]
    FieldsType { found: String, entry: usize },
    #[error("error decoding set in managed fields entry {entry}")]
    Fields {
        entry: usize,
        source: fields::ParseFieldsError,
    },
}

impl Manager {
    pub(super) fn applier(name: &str, subresource: Option<&str>) -> Self {
        let subresource = subresource.unwrap_or_default().to_owned();
        Self {
            operation: Operation::Apply,
            name: named(name),
            subresource,
            version: None,
        }
    }

    pub(super) fn updater(name: &str, subresource: Option<&str>, api_version: &str) -> Self {
        let subresource = subresource.unwrap_or_default().to_owned();
        let version = Some(api_version.to_owned());
        Self {
            operation: Operation::Update,
            name: named(name),
            subresource,
            version,
        }
    }

    pub(super) fn operation(&self) -> Operation {
        self.operation
    }
}

fn named(name: &str) -> String {
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name.to_owned()
    }
}

/// As conflicts name it: `"editor" with subresource "scale" using apps/v1`.
impl std::fmt::Display for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.name)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        match &self.version {
            Some(version) => write!(f, " using {version}"),
            None => Ok(()),
        }
    }
}

impl Managers {
    /// Reads the `managedFields` of an object.
    pub(super) fn of(object: &Value) -> Result<Self, ManagersError> {
        let entries = object
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        let entries = entries.map(Vec::as_slice).unwrap_or_default();
        let read = entries
            .iter()
            .enumerate()
            .map(|(position, entry)| read(position, entry));
        read.collect::<Result<_, _>>().map(Self)
    }

    /// Writes them into an object, or leaves the field out where there are none.
    pub(super) fn write(&self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        metadata.remove("managedFields");
        if !self.0.is_empty() {
            metadata.insert("managedFields".to_owned(), self.entries());
        }
    }

    fn entries(&self) -> Value {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|(manager, owned)| {
            (
                manager.operation,
                &owned.time,
                &manager.name,
                &owned.api_version,
                &manager.subresource,
            )
        });
        sorted
            .into_iter()
            .map(|(manager, owned)| entry(manager, owned))
            .collect()
    }
}

fn entry(manager: &Manager, owned: &Owned) -> Value {
    let mut entry = Map::new();
    entry.insert("manager".to_owned(), json!(manager.name));
    let operation = match manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    entry.insert("operation".to_owned(), json!(operation));
    entry.insert("apiVersion".to_owned(), json!(owned.api_version));
    if let Some(time) = &owned.time {
        entry.insert("time".to_owned(), json!(time));
    }
    entry.insert("fieldsType".to_owned(), json!("FieldsV1"));
    entry.insert("fieldsV1".to_owned(), owned.fields.to_fields_v1());
    if !manager.subresource.is_empty() {
        entry.insert("subresource".to_owned(), json!(manager.subresource));
    }
    Value::Object(entry)
}

fn read(position: usize, entry: &Value) -> Result<(Manager, Owned), ManagersError> {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let api_version = text("apiVersion");
    let operation = match text("operation").as_str() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Err(ManagersError::Operation),
    };
    if api_version.is_empty() {
        return Err(ManagersError::ApiVersion);
    }
    if text("fieldsType") != "FieldsV1" {
        return Err(ManagersError::FieldsType {
            found: text("fieldsType"),
            entry: position,
        });
    }
    let fields = entry.get("fieldsV1").unwrap_or(&Value::Null);
    let fields = FieldSet::from_fields_v1(fields).map_err(|source| ManagersError::Fields {
        entry: position,
        source,
    })?;
    let version = (operation == Operation::Update).then(|| api_version.clone());
    let manager = Manager {
        operation,
        name: text("manager"),
        subresource: text("subresource"),
        version,
    };
    let time = entry.get("time").and_then(Value::as_str).map(str::to_owned);
    Ok((
        manager,
        Owned {
            api_version,
            fields,
            time,
        },
    ))
}

/// What an object's identity is: nobody owns it.
pub(super) fn without_identity(fields: &FieldSet) -> FieldSet {
    const IDENTITY: [&[&str]; 12] = [
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ];
    fields.difference(
        &IDENTITY
            .iter()
            .map(|path| FieldPath::of(path.iter().copied()))
            .collect(),
    )
}
