//! Two descriptions of what would change, kubectl's and ours, in one form that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One leaf that would change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    /// `Kind/name`.
    pub(super) object: String,
    /// The path without the keys of lists, which both sides spell in their own way; nothing for a whole object.
    path: String,
    /// Before and after, as JSON.
    values: Option<(String, String)>,
}

/// What differs between an object as it is and as it would be.
pub(super) fn between(live: Option<Value>, merged: &Value) -> Vec<Difference> {
    let object = format!(
        "{}/{}",
        merged["kind"].as_str().unwrap(),
        merged["metadata"]["name"].as_str().unwrap()
    );
    let Some(live) = live.filter(|live| live["kind"].is_string()) else {
        return vec![Difference {
            object,
            path: String::new(),
            values: None,
        }];
    };
    let (before, after) = (leaves_of_object(&live), leaves_of_object(merged));
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path));
    let difference = |path: &String| Difference {
        object: object.clone(),
        path: without_keys(path),
        values: Some((
            before.get(path).cloned().unwrap_or_default(),
            after.get(path).cloned().unwrap_or_default(),
        )),
    };
    changed.map(difference).collect()
}

/// What a plan in JSON would change.
pub(super) fn planned(plan: &Value) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    for step in plan["steps"].as_array().unwrap() {
        let object = format!(
            "{}/{}",
            step["id"]["kind"].as_str().unwrap(),
            step["id"]["name"].as_str().unwrap()
        );
        match step["action"].as_str().unwrap() {
            "keep" => {}
            "create" => drop(found.insert(Difference {
                object,
                path: String::new(),
                values: None,
            })),
            "update" => {
                for change in step["changes"].as_array().unwrap() {
                    let path = change["path"].as_str().unwrap();
                    let side = |side: &str| {
                        let mut leaves = BTreeMap::new();
                        leaves_below(path, &change[side], &mut leaves);
                        leaves
                    };
                    let (before, after) = (side("before"), side("after"));
                    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
                    for path in paths {
                        let value = |leaves: &BTreeMap<String, String>| {
                            leaves.get(path).cloned().unwrap_or_default()
                        };
                        let values = Some((value(&before), value(&after)));
                        found.insert(Difference {
                            object: object.clone(),
                            path: without_keys(path),
                            values,
                        });
                    }
                }
            }
            other => panic!("{object}: nobody expected {other}"),
        }
    }
    found
}

fn leaves_of_object(object: &Value) -> BTreeMap<String, String> {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for bookkeeping in ["managedFields", "generation", "resourceVersion"] {
            metadata.remove(bookkeeping);
        }
    }
    let mut leaves = BTreeMap::new();
    leaves_below("", &object, &mut leaves);
    leaves
}

fn leaves_below(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let plain = key.chars().all(|c| c.is_ascii_alphanumeric());
                let path = match (path, plain) {
                    ("", _) => key.clone(),
                    (_, true) => format!("{path}.{key}"),
                    (_, false) => format!("{path}[\"{key}\"]"),
                };
                leaves_below(&path, value, leaves);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (index, value) in list.iter().enumerate() {
                let key = ["mountPath", "name", "port"]
                    .iter()
                    .find_map(|key| value.get(key));
                let key = key.map_or_else(|| index.to_string(), Value::to_string);
                leaves_below(&format!("{path}[{}]", key.replace('"', "")), value, leaves);
            }
        }
        Value::Null => {}
        leaf => drop(leaves.insert(path.to_owned(), leaf.to_string())),
    }
}

/// `spec.containers[web].image` is `spec.containers[].image`; a map's quoted key is a name and stays.
fn without_keys(path: &str) -> String {
    let mut parts = path.split('[');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push('[');
        match part.split_once(']') {
            Some((key, rest)) if !key.starts_with('"') => {
                plain.push(']');
                plain.push_str(rest);
            }
            _ => plain.push_str(part),
        }
    }
    plain
}
