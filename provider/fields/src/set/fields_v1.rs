//! How a field set is written in `managedFields`.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::{Map, Value};

use super::FieldSet;
use crate::path::PathElement;

/// Why a `fieldsV1` is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFieldsError {
    /// Something other than an object where there must be one.
    #[error("`{0}` is no object")]
    NotAnObject(String),
    /// A key without its `f:`, `k:`, `v:` or `i:`.
    #[error("`{0}` is no path element")]
    NotAnElement(String),
}

impl FieldSet {
    /// Reads `fieldsV1`. Path elements of a kind that is not known are left out, as the API server does.
    pub fn from_fields_v1(fields: &Value) -> Result<Self, ParseFieldsError> {
        let (set, _) = read(fields)?;
        Ok(set)
    }

    /// Writes `fieldsV1`.
    pub fn to_fields_v1(&self) -> Value {
        Value::Object(self.write())
    }

    /// Writes `fieldsV1` byte by byte as the API server stores it.
    pub fn to_fields_v1_text(&self) -> String {
        let mut out = String::new();
        self.write_text(false, &mut out);
        out
    }

    fn write(&self) -> Map<String, Value> {
        let mut out = Map::new();
        for element in self.steps() {
            let mut below = self
                .children
                .get(element)
                .map(Self::write)
                .unwrap_or_default();
            if self.members.contains(element) && !below.is_empty() {
                below.insert(".".to_owned(), Value::Object(Map::new()));
            }
            out.insert(write_element(element), Value::Object(below));
        }
        out
    }

    fn write_text(&self, is_member: bool, out: &mut String) {
        out.push('{');
        let mut separator = "";
        if is_member && !self.is_empty() {
            out.push_str("\".\":{}");
            separator = ",";
        }
        for element in self.steps() {
            // Writing to a string cannot fail.
            let _ = write!(out, "{separator}{}:", Value::from(write_element(element)));
            separator = ",";
            match self.children.get(element) {
                Some(child) => child.write_text(self.members.contains(element), out),
                None => out.push_str("{}"),
            }
        }
        out.push('}');
    }
}

fn write_element(element: &PathElement) -> String {
    match element {
        PathElement::Field(name) => format!("f:{name}"),
        PathElement::Key(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| {
                    format!("{}:{}", Value::from(name.as_str()), write_value(value))
                })
                .collect();
            format!("k:{{{}}}", fields.join(","))
        }
        PathElement::Value(value) => format!("v:{}", write_value(value)),
        PathElement::Index(index) => format!("i:{index}"),
    }
}

/// JSON as Go writes it: what HTML would take for markup is escaped.
fn write_value(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", character as u32);
            }
            other => out.push(other),
        }
    }
    out
}

/// The set below, and whether the value itself is a member of its parent.
fn read(fields: &Value) -> Result<(FieldSet, bool), ParseFieldsError> {
    let fields = match fields {
        Value::Object(fields) => fields,
        Value::Null => return Ok((FieldSet::new(), true)),
        other => return Err(ParseFieldsError::NotAnObject(other.to_string())),
    };
    let mut set = FieldSet::new();
    let mut is_member = false;
    for (key, below) in fields {
        if key == "." {
            is_member = true;
            continue;
        }
        let Some(element) = read_element(key)? else {
            continue;
        };
        let (child, child_is_member) = read(below)?;
        if child_is_member {
            set.members.insert(element.clone());
        }
        if !child.is_empty() {
            set.children.insert(element, child);
        }
    }
    is_member |= set.is_empty();
    Ok((set, is_member))
}

fn read_element(key: &str) -> Result<Option<PathElement>, ParseFieldsError> {
    let wrong = || ParseFieldsError::NotAnElement(key.to_owned());
    let (Some(kind), Some(":"), Some(content)) = (key.get(..1), key.get(1..2), key.get(2..)) else {
        return Err(wrong());
    };
    let element = match kind {
        "f" => PathElement::field(content),
        "k" => {
            let fields: Map<String, Value> = serde_json::from_str(content).map_err(|_| wrong())?;
            PathElement::key(fields)
        }
        "v" => PathElement::Value(serde_json::from_str(content).map_err(|_| wrong())?),
        "i" => PathElement::Index(content.parse().map_err(|_| wrong())?),
        _ => return Ok(None),
    };
    Ok(Some(element))
}

impl Serialize for FieldSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.write();
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (key, value) in &fields {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for FieldSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Value::deserialize(deserializer)?;
        Self::from_fields_v1(&fields).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::path::FieldPath;

    #[test]
    fn a_set_is_written_in_the_order_of_its_values_not_of_its_text() {
        let port = |number: u16| {
            FieldPath::of(["spec", "ports"]).join(PathElement::key([
                ("protocol", json!("TCP")),
                ("port", json!(number)),
            ]))
        };
        let set: FieldSet = [port(8080), port(80), port(443).field("name"), port(443)]
            .into_iter()
            .collect();
        assert_eq!(
            set.to_fields_v1_text(),
            r#"{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{},"#.to_owned()
                + r#""k:{\"port\":443,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"#
                + r#""k:{\"port\":8080,\"protocol\":\"TCP\"}":{}}}}"#
        );
    }

    #[test]
    fn what_is_no_set_is_refused_and_what_is_unknown_is_left_out() {
        let cases = [
            (json!({"f:a": {"x:b": {}}}), Ok(vec![".a"])),
            (json!({"f:a": null, "v:1": {}}), Ok(vec![".a", "[=1]"])),
            (json!([]), Err(())),
            (json!({"f:a": 1}), Err(())),
            (json!({"a": {}}), Err(())),
            (json!({"k:{": {}}), Err(())),
            (json!({"i:x": {}}), Err(())),
        ];
        for (fields, expected) in cases {
            let read = FieldSet::from_fields_v1(&fields);
            let paths = read.map(|set| set.iter().map(|path| path.to_string()).collect::<Vec<_>>());
            assert_eq!(
                paths.map_err(|_| ()),
                expected.map(|paths| paths.into_iter().map(str::to_owned).collect()),
                "{fields}"
            );
        }
    }
}
